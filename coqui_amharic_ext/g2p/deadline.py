"""Calls that may hang: they run in another thread, and the caller stops waiting after a time."""

from __future__ import annotations

import atexit
import threading
import time
import weakref
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")
_END_SECONDS: Final = 2.0
_abandoned: Final[weakref.WeakSet[threading.Thread]] = weakref.WeakSet()


class NoAnswer(TimeoutError):
    """A call did not return in time."""


class Stopped(RuntimeError):
    """A call tried to end the program, as a library does that calls ``sys.exit``."""


def call(function: Callable[[], T], seconds: float, name: str) -> T:
    """Return ``function()``, or stop waiting for it after ``seconds``.

    A Python thread cannot be ended from outside: one that hangs stays behind as a daemon, which
    does not keep the process from ending. The caller must not call the same thing again. Code in C
    that keeps Python's global lock stops every thread, this one included; no other thread can help
    against that.

    Raises
    ------
    NoAnswer
        There was no answer in time.
    Stopped
        ``function`` raised ``SystemExit``, ``KeyboardInterrupt`` or the like. Ctrl-C reaches the
        main thread alone, so it is never the user who wants the program to end.
    Exception
        Whatever else ``function`` raises.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(function())
        except BaseException as error:  # raised again below, in the thread that waits
            errors.append(error)

    thread = threading.Thread(target=run, name=f"coqui-amharic {name}", daemon=True)
    thread.start()
    # A timeout longer than the system can wait means: for ever.
    thread.join(min(seconds, threading.TIMEOUT_MAX))
    if errors:
        if isinstance(errors[0], Exception):
            raise errors[0]
        raise Stopped(f"it raised {type(errors[0]).__name__} {errors[0]}".rstrip()) from errors[0]
    if not results:
        if not _abandoned:
            atexit.register(_end_abandoned)
        _abandoned.add(thread)
        raise NoAnswer(f"no answer within {seconds:g} s")
    return results[0]


def left_running() -> bool:
    """Return whether a call that nobody waits for any more still runs."""
    return bool(_running())


def _running() -> list[threading.Thread]:
    return [thread for thread in list(_abandoned) if thread.is_alive()]


def _end_abandoned() -> None:
    """Raise ``SystemExit`` in the abandoned threads before Python shuts down.

    Until Python 3.13 a thread that returns from C++ while Python shuts down aborts the process. A
    thread that runs Python code, be it between two short calls, gets the exception. It is raised no
    earlier, since the thread may be importing what others need.
    """
    import ctypes  # takes 10 ms, and hardly any process needs it

    until = time.monotonic() + _END_SECONDS
    while (running := _running()) and time.monotonic() < until:
        for thread in running:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(thread.ident or 0), ctypes.py_object(SystemExit)
            )
        running[0].join(0.05)
