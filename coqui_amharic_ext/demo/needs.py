"""Requirements of the demonstration, checked before anything heavy is loaded."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from coqui_amharic_ext.errors import CoquiAmharicError

DISK: Final = 1_500_000_000
"""Bytes: two checkpoints with their optimizers, and the XTTS trainer's tiny files."""
MEMORY: Final = 3_000_000_000
"""Bytes: the largest of the processes took 2.7 GB, upstream's libraries included."""
MODULES: Final = {
    "torch": "torch",
    "torchaudio": "torchaudio",
    "torchcodec": "torchcodec",
    "TTS": "coqui-tts",
    "trainer": "coqui-tts-trainer",
    "transformers": "transformers",
    "soundfile": "soundfile",
    "six": "six",
}
"""Imported modules and their distributions."""
SWITCHES: Final = ("COQUI_AMHARIC_AUTOLOAD", "TORCH_DEVICE_BACKEND_AUTOLOAD")
_CGROUPS: Final = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
    ),
)


class NotReadyError(CoquiAmharicError, RuntimeError):
    """A requirement of the demonstration is missing; the message lists each with its fix."""


def require(output: Path) -> None:
    """Check the requirements to run below ``output``.

    Raises
    ------
    NotReadyError
        Requirements are missing; the message lists all with their fixes.
    """
    found = [*_libraries(), *_activation(), *_folder(output), *_memory()]
    if found:
        raise NotReadyError(
            "\n".join(["the demo cannot run here:", *(f"  {one}" for one in found)])
        )


def _libraries() -> Iterator[str]:
    missing = [name for module, name in MODULES.items() if find_spec(module) is None]
    if missing:
        yield f"{', '.join(missing)} not installed: coqui-amharic doctor --fix"
    elif find_spec("soundfile") is not None:
        try:
            import soundfile  # noqa: F401 - whether libsndfile can be loaded
        except OSError as error:
            yield (
                f"soundfile cannot load libsndfile ({error}): pip install --force-reinstall "
                "soundfile"
            )


def _activation() -> Iterator[str]:
    if not entry_points(group="torch.backends", name="coqui_amharic_ext"):
        yield "the package is not installed, so that recipes run without it: pip install ."
    for name in SWITCHES:
        if os.environ.get(name) == "0":
            yield f"{name}=0 keeps the extension out of the recipes that are run: unset {name}"


def _folder(output: Path) -> Iterator[str]:
    there = output
    while not there.exists() and there != there.parent:
        there = there.parent
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        yield f"{there} cannot be written ({error.strerror}): --output FOLDER names another folder"
        return
    free = shutil.disk_usage(there).free
    if free < DISK:
        yield (
            f"{_shown(free)} are free in {there}, {_shown(DISK)} are needed: make room, or "
            "--output FOLDER on another disk"
        )


def _memory() -> Iterator[str]:
    free = available_memory()
    if free is not None and free < MEMORY:
        yield (
            f"{_shown(free)} of memory are available, {_shown(MEMORY)} are needed: end other "
            "programs, or give this container more"
        )


def available_memory() -> int | None:
    """Return the bytes that a process can still allocate, None if unknown."""
    sizes = []
    try:
        import psutil  # the trainer needs it

        sizes.append(int(psutil.virtual_memory().available))
    except ImportError:
        pass
    for limit, usage in _CGROUPS:
        try:
            most = Path(limit).read_text(encoding="ascii").strip()
            used = Path(usage).read_text(encoding="ascii").strip()
            stat = Path(limit).with_name("memory.stat").read_text(encoding="ascii")
        except OSError:
            continue
        if most.isdigit() and used.isdigit():
            sizes.append(int(most) - int(used) + _cached(stat))
    return min(sizes, default=None)


def _cached(stat: str) -> int:
    """Return the bytes of the page cache, which count as used and are freed when needed."""
    lines = (line.partition(" ") for line in stat.splitlines())
    return next((int(size) for name, _, size in lines if name == "inactive_file"), 0)


def _shown(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
