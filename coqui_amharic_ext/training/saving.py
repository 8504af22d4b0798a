"""Checkpoints appear under their name only when they are complete.

The trainer writes directly to ``checkpoint_N.pth`` and copies directly to ``best_model.pth``. A
kill or a full disk meanwhile leaves a truncated file, which a resumed run picks as the newest, or
no ``best_model.pth``. Ctrl-C while torch writes becomes a file error, which ends training without
the checkpoint that the trainer saves at Ctrl-C.
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
    """Return the local path of an fsspec path, None where it is not on this machine."""
    from fsspec.core import url_to_fs
    from fsspec.implementations.local import LocalFileSystem

    filesystem, stripped = url_to_fs(str(path))
    return Path(stripped) if isinstance(filesystem, LocalFileSystem) else None


@contextmanager
def _naming_a_full_disk(path: Path) -> Iterator[None]:
    """Name the file and the cause where PyTorch's writer only says that writing failed."""
    try:
        yield
    except RuntimeError as error:
        if "PytorchStreamWriter" in str(error) or "inline_container" in str(error):
            fault = OSError(errno.ENOSPC, "the disk is full or failing")
            raise explained(fault, path) from error
        raise


_holding = threading.local()


@contextmanager
def _delaying_signals() -> Iterator[None]:
    """Handle Ctrl-C, SIGTERM and SIGHUP after the block; a second Ctrl-C is handled at once."""
    numbers = [signal.SIGINT, *ENDINGS]
    handlers: dict[int, Any] = {number: signal.getsignal(number) for number in numbers}
    main = threading.current_thread() is threading.main_thread()
    if not main or getattr(_holding, "on", False):
        yield
        return
    received: list[tuple[int, Any]] = []

    def once(number: int, frame: Any) -> None:
        again = number == signal.SIGINT and any(before == number for before, _ in received)
        received.append((number, frame))
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
    if received:
        call(*received[0])


def saving_whole(original: Callable[..., None]) -> Callable[..., None]:
    """Wrap ``save_fsspec``: a local checkpoint appears under its name when it is complete."""

    def save_fsspec(state: Any, path: Any, **kwargs: Any) -> None:
        local = local_path(path)
        if local is None:
            original(state, path, **kwargs)
            return
        sweep(local.parent, now=True)
        with _delaying_signals(), _naming_a_full_disk(local), replacing(local) as partial:
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
        # fsspec caches this instance, with which the trainer removes and copies.
        filesystem = fsspec.get_mapper(str(out_path)).fs
        remove = filesystem.rm

        def remove_others(path: str, **kwargs: Any) -> None:
            # The shortcut names the previous best model until it names the new one.
            if Path(path).name != SHORTCUT:
                remove(path, **kwargs)

        filesystem.rm = remove_others
        filesystem.copy = lambda source, target: _link(Path(target), Path(source))
        try:
            # No interrupt between a model and its shortcut.
            with _delaying_signals():
                return original(*args, **kwargs)
        finally:
            del filesystem.copy, filesystem.rm

    return save_best_model


def _link(shortcut: Path, model: Path) -> None:
    """Give a model a second name, or copy it where the file system has no hard links."""
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
        # Where both already name one file, replacing does nothing.
        linked.unlink(missing_ok=True)
