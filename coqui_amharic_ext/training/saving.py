"""Checkpoints appear under their name only when they are whole.

The trainer writes straight to ``checkpoint_N.pth`` and copies straight to ``best_model.pth``: a
kill or a full disk in between leaves a broken file that resuming then picks as the newest, and one
between a best model and the copy leaves no ``best_model.pth``. Ctrl-C in the middle of torch's
writing becomes an error of the file, which ends training without the checkpoint that the trainer
saves at Ctrl-C.
"""

from __future__ import annotations

import errno
import functools
import os
import secrets
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from coqui_amharic_ext.io.ending import ENDINGS
from coqui_amharic_ext.io.files import explained, replacing, sweep
from coqui_amharic_ext.io.locks import beside

SHORTCUT: Final = "best_model.pth"


def local_path(path: Any) -> Path | None:
    """Return where a path of fsspec's is on this machine, None where it is elsewhere."""
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


_holding = threading.local()


@contextmanager
def _interrupted_afterwards() -> Iterator[None]:
    """Hold Ctrl-C, SIGTERM and SIGHUP back until what is inside is done.

    A second Ctrl-C is not held back.
    """
    numbers = [signal.SIGINT, *ENDINGS]
    handlers: dict[int, Any] = {number: signal.getsignal(number) for number in numbers}
    main = threading.current_thread() is threading.main_thread()
    if not main or getattr(_holding, "on", False):
        yield
        return
    came: list[tuple[int, Any]] = []

    def once(number: int, frame: Any) -> None:
        again = number == signal.SIGINT and any(before == number for before, _ in came)
        came.append((number, frame))
        if again:
            call(number, frame)

    def call(number: int, frame: Any) -> None:
        handlers[number](number, frame)

    held = [number for number in numbers if callable(handlers[number])]
    _holding.on = True
    for number in held:
        signal.signal(number, once)
    try:
        yield
    finally:
        for number in held:
            signal.signal(number, handlers[number])
        _holding.on = False
    if came:
        call(*came[0])


def saving_whole(original: Callable[..., None]) -> Callable[..., None]:
    """Wrap ``save_fsspec``: a local checkpoint appears under its name when it is complete."""

    def save_fsspec(state: Any, path: Any, **kwargs: Any) -> None:
        local = local_path(path)
        if local is None:
            original(state, path, **kwargs)
            return
        sweep(local.parent, now=True)
        with _interrupted_afterwards(), _full_disk_told(local), replacing(local) as partial:
            original(state, partial, **kwargs)

    return save_fsspec


def keeping_best_model_whole(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``save_best_model``: ``best_model.pth`` always exists and is complete."""

    @functools.wraps(original)
    def save_best_model(*args: Any, **kwargs: Any) -> Any:
        import fsspec

        out_path = kwargs["out_path"] if "out_path" in kwargs else args[4]
        if local_path(out_path) is None:
            return original(*args, **kwargs)
        # fsspec hands the same instance to the trainer, which removes and copies with it.
        filesystem = fsspec.get_mapper(str(out_path)).fs
        remove = filesystem.rm

        def remove_others(path: str, **kwargs: Any) -> None:
            # The shortcut leads to the best model before until it leads to the new one.
            if Path(path).name != SHORTCUT:
                remove(path, **kwargs)

        filesystem.rm = remove_others
        filesystem.copy = lambda source, target: _lead(Path(target), Path(source))
        try:
            # Not between a model and the shortcut to it.
            with _interrupted_afterwards():
                return original(*args, **kwargs)
        finally:
            del filesystem.copy, filesystem.rm

    return save_best_model


def _lead(shortcut: Path, model: Path) -> None:
    """Give a model a second name; a copy where the file system has no hard links."""
    linked = beside(shortcut, f".partial-{secrets.token_hex(8)}")
    try:
        os.link(model, linked)
    except OSError:
        with replacing(shortcut) as partial:
            shutil.copyfile(model, partial)
        return
    try:
        os.replace(linked, shortcut)
    finally:
        # Where both are names of one file already, replacing does nothing.
        linked.unlink(missing_ok=True)
