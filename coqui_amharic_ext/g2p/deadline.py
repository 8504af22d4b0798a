"""Calls that may hang: run them aside and stop waiting after a time."""

from __future__ import annotations

import atexit
import threading
import time
import weakref
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")
_END_SECONDS: Final = 2.0
_left: weakref.WeakSet[threading.Thread] = weakref.WeakSet()


class NoAnswer(TimeoutError):
    """A call did not come back in time."""


class Stopped(RuntimeError):
    """A call tried to end the program, as a library does that calls ``sys.exit``."""


def call(function: Callable[[], T], seconds: float, name: str) -> T:
    """Return ``function()``, or stop waiting for it after ``seconds``.

    A Python thread cannot be ended from outside: one that hangs stays behind as a daemon, which
    does not keep the process from ending. Whoever calls must not call the same thing again. Code
    in C that keeps Python's global lock stops every thread, this one included, and no waiting
    thread can help against that.

    Raises
    ------
    NoAnswer
        There was no answer in time.
    Stopped
        ``function`` raised ``SystemExit``, ``KeyboardInterrupt`` or the like. Ctrl-C reaches the
        main thread alone, so that here it is never the user who wants the program to end.
    Exception
        Whatever else ``function`` raises.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(function())
        except BaseException as error:  # handed on to the waiting thread below
            errors.append(error)

    thread = threading.Thread(target=run, name=f"coqui-amharic {name}", daemon=True)
    thread.start()
    # What is longer than the system can wait means: for ever.
    thread.join(min(seconds, threading.TIMEOUT_MAX))
    if errors:
        if isinstance(errors[0], Exception):
            raise errors[0]
        raise Stopped(f"it raised {type(errors[0]).__name__} {errors[0]}".rstrip()) from errors[0]
    if not results:
        if not _left:
            atexit.register(_end_left)
        _left.add(thread)
        raise NoAnswer(f"no answer within {seconds:g} s")
    return results[0]


def left_running() -> bool:
    """Whether a call that nobody waits for any more still runs; see ``_end_left``."""
    return bool(_running())


def _running() -> list[threading.Thread]:
    return [thread for thread in list(_left) if thread.is_alive()]


def _end_left() -> None:
    """Ask calls that were left behind to end, before Python does.

    Until Python 3.13 a thread that comes back from C++ while Python is being shut down ends the
    process by a signal, though its work was done. What is asked here is heard where a thread runs
    Python code, as between two short calls; one that never comes back does no harm either. It is
    not asked earlier, since it may be in the middle of importing what others need.
    """
    import ctypes

    until = time.monotonic() + _END_SECONDS
    while (running := _running()) and time.monotonic() < until:
        for thread in running:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(thread.ident or 0), ctypes.py_object(SystemExit)
            )
        running[0].join(0.05)
