"""Libraries that open their own files in the locale's encoding, where that is not UTF-8.

panphon, on which epitran rests, and phonepiece, on which transphone rests, do so; the files are
UTF-8. Python reads the locale's encoding in C, so what can be changed is the functions that open.
"""

from __future__ import annotations

import builtins
import functools
import io
import pathlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from coqui_amharic_ext.io.utf8_mode import is_default

_UNNAMED: Final = (None, "locale")
_loading = threading.local()
_lock = threading.Lock()
_replaced: list[tuple[Any, Any, Any]] = []
_users = 0


@contextmanager
def utf8_by_default() -> Iterator[None]:
    """Open text files without a named encoding as UTF-8, in this thread, until the block ends.

    Nothing is changed where that is the default anyway.
    """
    if is_default():
        yield
        return
    _enter()
    depth = getattr(_loading, "depth", 0)
    _loading.depth = depth + 1
    try:
        yield
    finally:
        _loading.depth = depth
        _leave()


def _enter() -> None:
    global _users
    with _lock:
        _users += 1
        if _users == 1:
            owners: tuple[Any, ...] = (builtins, io, pathlib.Path)
            for owner in owners:
                original = vars(owner)["open"]
                wrapped = _opening(original)
                _replaced.append((owner, original, wrapped))
                owner.open = wrapped


def _leave() -> None:
    global _users
    with _lock:
        _users -= 1
        while not _users and _replaced:
            owner, original, wrapped = _replaced.pop()
            if vars(owner)["open"] is wrapped:
                owner.open = original


def _opening(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap an ``open(file, mode, buffering, encoding, …)``."""

    @functools.wraps(original)
    def open_as_utf8(file: Any, mode: str = "r", *rest: Any, **named: Any) -> Any:
        if getattr(_loading, "depth", 0) and "b" not in mode:
            if len(rest) < 2:
                if named.get("encoding") in _UNNAMED:
                    named["encoding"] = "utf-8"
            elif rest[1] in _UNNAMED:
                rest = (rest[0], "utf-8", *rest[2:])
        return original(file, mode, *rest, **named)

    return open_as_utf8
