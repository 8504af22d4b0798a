"""Commands that install and remove packages here."""

from __future__ import annotations

from typing import Final

from coqui_amharic_ext.doctor.facts import Facts
from coqui_amharic_ext.doctor.problems import Command
from coqui_amharic_ext.doctor.versions import requirement
from coqui_amharic_ext.io import ffmpeg

INDEX: Final = "https://download.pytorch.org/whl/"
"""PyTorch's own index; the builds for one CUDA version are in a folder such as ``cu130``."""

_DEPEND_ON_TORCH: Final = frozenset(
    {
        "coqui-tts",
        "coqui-tts-trainer",
        "coqui-amharic-ext",
        "torchaudio",
        "torchcodec",
        "transphone",
        "flash-attn",
        "flash-attn-4",
        "xformers",
        "einops",
        "monotonic-alignment-search",
        "librosa",
    }
)


def install(facts: Facts, *packages: str, options: tuple[str, ...] = ()) -> Command:
    """Return the command that installs packages.

    Where one of them depends on torch, the installed torch is named with its version, so that
    nothing puts another one in its place unasked.
    """
    pins: tuple[str, ...] = ()
    torch = facts.version("torch")
    wanted = {_name(package) for package in packages}
    if torch and "--no-deps" not in options and wanted & _DEPEND_ON_TORCH and "torch" not in wanted:
        pins = (f"torch=={torch}",)
    return (*_pip(facts, "install"), *options, *packages, *pins)


def install_torch(facts: Facts, index: str = "") -> Command:
    """Return the command that installs the torch and torchaudio that we ask for."""
    options = ("--index-url", INDEX + index) if index else ()
    return (
        *_pip(facts, "install"),
        *options,
        "torch" + facts.wanted("torch"),
        "torchaudio" + facts.wanted("torchaudio"),
    )


def reinstall(facts: Facts, *packages: str, options: tuple[str, ...] = ()) -> Command:
    """Return the command that lays packages' own files anew, and only those."""
    return install(facts, *packages, options=("--force-reinstall", "--no-deps", *options))


def uninstall(facts: Facts, *packages: str) -> Command:
    """Return the command that removes packages."""
    yes = () if _is_uv(facts) else ("-y",)
    return (*_pip(facts, "uninstall"), *yes, *packages)


def install_ffmpeg(facts: Facts) -> tuple[Command, ...]:
    """Return the commands that install FFmpeg with its libraries, none where none are known."""
    machine = facts.machine
    return ffmpeg.install(machine.system, machine.family, machine.root)


def _pip(facts: Facts, verb: str) -> Command:
    if _is_uv(facts):
        return (*facts.pip, verb, "--python", facts.machine.executable)
    return (*(facts.pip or (facts.machine.executable, "-m", "pip")), verb)


def _is_uv(facts: Facts) -> bool:
    return len(facts.pip) == 2


def _name(package: str) -> str:
    return requirement(package).name
