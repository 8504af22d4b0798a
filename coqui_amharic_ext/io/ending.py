"""SIGTERM and SIGHUP end a process as Ctrl-C does: what is under way is put in order first."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Final

ENDINGS: Final = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)
)
AGAIN: Final = 10.0
"""Seconds after which a request to end is not a copy of the one before."""


class Ended(KeyboardInterrupt):
    """Somebody asked this process to end."""


@dataclass
class Ending:
    """Which signal asked for the end, if one has, when, and whether it got through."""

    number: int | None = None
    at: float = 0.0
    heeded: bool = False

    def code(self, code: int) -> int:
        """Return the exit code for one that says "interrupted" (130), by the signal that came."""
        return 128 + self.number if code == 130 and self.number is not None else code


@contextmanager
def like_ctrl_c(first: Callable[[Ending], None] = lambda ending: None) -> Iterator[Ending]:
    """Let SIGTERM and SIGHUP raise ``Ended`` in the main thread, the first of them alone.

    Whoever ends a job signals its processes one by one and passes signals on, so that one request
    often comes twice; it must not break into what the first one began. One that Python has dropped,
    as it does where an object is just being deleted, counts again after ``AGAIN`` seconds. A signal
    that is ignored, as under ``nohup``, or that has a handler, is left as it is.

    Parameters
    ----------
    first : callable
        Called in the handler, before anything is raised.
    """
    ending = Ending()

    def handle(number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if ending.number is None:
            ending.number = number
            first(ending)
        elif ending.heeded or now - ending.at < AGAIN:
            return
        ending.at = now
        raise Ended(f"ended by signal {number}")

    if threading.current_thread() is not threading.main_thread():
        yield ending
        return
    ours = [number for number in ENDINGS if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, handle)
    try:
        yield ending
    except KeyboardInterrupt:
        ending.heeded = True
        raise
    finally:
        if ending.number is None:  # else the process ends, and what it still does is not disturbed
            for number in ours:
                signal.signal(number, signal.SIG_DFL)
