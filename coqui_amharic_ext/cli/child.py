"""A child process that a person's Ctrl-C reaches once, and whose end is ours."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

_FORWARDED: Final = ("SIGINT", "SIGTERM", "SIGHUP")


def run_child(
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    output_to_stderr: bool = False,
) -> int:
    """Run a command to its end and return its exit code, 128 + N where signal N ended it.

    The child has a process group of its own: a Ctrl-C, which the terminal sends to every process
    of ours, is passed on to the child alone, once, so that it can save and end while its own
    helpers still live. A second Ctrl-C terminates it, a third kills it.

    Parameters
    ----------
    command : sequence of str
        Program and arguments.
    environment : mapping, optional
        Variables beside the ones we have.
    output_to_stderr : bool
        Whether its standard output goes to our standard error.
    """
    sys.stdout.flush()
    options: dict[str, Any] = {}
    if sys.platform != "win32":
        if sys.version_info >= (3, 11):
            options["process_group"] = 0
        else:
            options["preexec_fn"] = os.setpgrp
    child = subprocess.Popen(  # noqa: S603 - the recipes and scripts that come with the package
        list(command),
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr if output_to_stderr else None,
        env={**os.environ, **(environment or {})},
        **options,
    )
    with _passing_on(child):
        code = child.wait()
    return code if code >= 0 else 128 - code


@contextmanager
def _passing_on(child: subprocess.Popen[bytes]) -> Iterator[None]:
    interrupts = 0

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal interrupts
        if number != signal.SIGINT:
            child.send_signal(number)
            return
        interrupts += 1
        if interrupts == 1:
            if sys.platform != "win32":  # there the console has told the child already
                child.send_signal(number)
        elif interrupts == 2:
            child.terminate()
        else:
            child.kill()

    numbers = [getattr(signal, name) for name in _FORWARDED if hasattr(signal, name)]
    before = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
