"""SIGTERM and SIGHUP end a process as Ctrl-C does: what is under way is put in order first."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Final

ENDINGS: Final = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)
)


class Ended(KeyboardInterrupt):
    """Somebody asked this process to end."""


@dataclass
class Ending:
    """Which signal asked for the end, if one has."""

    number: int | None = None

    def code(self, code: int) -> int:
        """Return the exit code for one that says "interrupted" (130), by the signal that came."""
        return 128 + self.number if code == 130 and self.number is not None else code


@contextmanager
def like_ctrl_c(first: Callable[[Ending], None] = lambda ending: None) -> Iterator[Ending]:
    """Let SIGTERM and SIGHUP raise ``Ended`` in the main thread, the first of them alone.

    Whoever ends a job signals its processes one by one and passes signals on, so that one request
    often comes twice; it must not break into what the first one began. A signal that is ignored,
    as under ``nohup``, or that has a handler, is left as it is.

    Parameters
    ----------
    first : callable
        Called in the handler, before anything is raised.
    """
    ending = Ending()

    def handle(number: int, frame: FrameType | None) -> None:
        if ending.number is None:
            ending.number = number
            first(ending)
            raise Ended(f"ended by signal {number}")

    if threading.current_thread() is not threading.main_thread():
        yield ending
        return
    ours = [number for number in ENDINGS if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, handle)
    try:
        yield ending
    finally:
        if ending.number is None:  # else the process ends, and what it still does is not disturbed
            for number in ours:
                signal.signal(number, signal.SIG_DFL)
