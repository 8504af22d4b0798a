"""Checkpoints appear under their name only when they are whole.

The trainer writes straight to ``checkpoint_N.pth`` and copies straight to ``best_model.pth``: a
kill or a full disk in between leaves a broken file that resuming then picks as the newest. Ctrl-C
in the middle of torch's writing becomes an error of the file, which ends training without the
checkpoint that the trainer saves at Ctrl-C.
"""

from __future__ import annotations

import errno
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from coqui_amharic_ext.files import explained, replacing
from coqui_amharic_ext.patching import Known, Patch, calls


def _local(path: Any) -> Path | None:
    from fsspec.core import url_to_fs
    from fsspec.implementations.local import LocalFileSystem

    filesystem, stripped = url_to_fs(str(path))
    return Path(stripped) if isinstance(filesystem, LocalFileSystem) else None


@contextmanager
def _full_disk_told(path: Path) -> Iterator[None]:
    """Name the file where PyTorch's writer only says that writing failed."""
    try:
        yield
    except RuntimeError as error:
        if "PytorchStreamWriter" in str(error) or "inline_container" in str(error):
            fault = OSError(errno.ENOSPC, "the disk is full or failing")
            raise explained(fault, path) from error
        raise


@contextmanager
def _interrupted_afterwards() -> Iterator[None]:
    """Hold Ctrl-C back until what is inside is done; a second one is not held back."""
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield
        return
    pressed: list[tuple[int, Any]] = []

    def once(number: int, frame: Any) -> None:
        if pressed:
            handler(number, frame)
        pressed.append((number, frame))

    signal.signal(signal.SIGINT, once)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
    if pressed:
        handler(*pressed[0])


def _save_whole(original: Callable[..., None]) -> Callable[..., None]:
    def save_fsspec(state: Any, path: Any, **kwargs: Any) -> None:
        local = _local(path)
        if local is None:
            original(state, path, **kwargs)
            return
        with _interrupted_afterwards(), _full_disk_told(local), replacing(local) as partial:
            original(state, partial, **kwargs)

    return save_fsspec


def _probe_save(original: Callable[..., None]) -> None:
    import tempfile

    import torch

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "probe.pth"
        original({"one": torch.ones(1)}, path)
        if torch.load(path, weights_only=True)["one"].item() != 1:
            raise RuntimeError("save_fsspec(state, path) does not save the state")


def _shortcut_whole(original: Callable[..., Any]) -> Callable[..., Any]:
    def save_best_model(*args: Any, **kwargs: Any) -> Any:
        import fsspec

        out_path = kwargs["out_path"] if "out_path" in kwargs else args[4]
        if _local(out_path) is None:
            return original(*args, **kwargs)
        # fsspec hands the same instance to the trainer, which copies with it.
        filesystem = fsspec.get_mapper(str(out_path)).fs

        def copy(source: str, target: str) -> None:
            with replacing(Path(target)) as partial:
                shutil.copyfile(source, partial)

        filesystem.copy = copy
        try:
            return original(*args, **kwargs)
        finally:
            del filesystem.copy

    return save_best_model


PATCHES = (
    Patch(
        name="whole-checkpoints",
        module="trainer.io",
        qualname="save_fsspec",
        summary="a checkpoint appears under its name only when it is whole",
        distribution="coqui-tts-trainer",
        known=(Known("coqui-tts-trainer 0.4.0", "184484993ed8c13b", "(state, path, **kwargs)"),),
        probe=_probe_save,
        upstream_has=calls("_appearing_whole"),
        replace=_save_whole,
    ),
    Patch(
        name="whole-best-model",
        module="trainer.trainer",
        qualname="save_best_model",
        summary="best_model.pth appears only when it is a whole copy",
        distribution="coqui-tts-trainer",
        known=(
            Known(
                "coqui-tts-trainer 0.4.0",
                "c7565c9a94666a3c",
                "(current_loss, best_loss, config, model, out_path, current_step, epoch, "
                "optimizer, scheduler, scaler, keep_all_best, keep_after, **kwargs)",
            ),
        ),
        upstream_has=calls("_appearing_whole"),
        replace=_shortcut_whole,
    ),
)
