"""What ends the page: Ctrl-C, its terminal that is closed, whoever asks it to."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

import psutil

from coqui_amharic_ext.io.ending import ENDINGS

END_SECONDS = 5.0


@contextlib.contextmanager
def like_ctrl_c() -> Iterator[None]:
    """Let SIGTERM and SIGHUP be Ctrl-C, for as long as the context lasts.

    Other than the command line's, which raises them at once, it leaves them to the server while
    that handles Ctrl-C, so that what it has begun ends in order.
    """
    # Ctrl-C, too: it is ignored by what a script starts in the background, and by its children.
    before = {signal.SIGINT: signal.signal(signal.SIGINT, signal.default_int_handler)}
    for number in ENDINGS:
        # nohup asks to outlive the terminal.
        if signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ignore_endings() -> None:
    """Ignore SIGTERM and SIGHUP: a terminal that is closed sends more than one."""
    for number in ENDINGS:
        signal.signal(number, signal.SIG_IGN)


def end_children(keep: set[int]) -> None:
    """End this process's children and theirs, but for those of ``keep`` and theirs."""
    children = [child for child in psutil.Process().children() if child.pid not in keep]
    for child in list(children):
        with contextlib.suppress(psutil.NoSuchProcess):
            children += child.children(recursive=True)
    for child in children:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.terminate()
    for child in psutil.wait_procs(children, timeout=END_SECONDS)[1]:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()


def _interrupt(number: int, frame: FrameType | None) -> None:
    # To whoever handles Ctrl-C now: the server, while it serves.
    signal.raise_signal(signal.SIGINT)
