"""Run a child process that gets each Ctrl-C once and ends with its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, Final

from coqui_amharic_ext.cli.output import note
from coqui_amharic_ext.cli.streams import output_is_closed
from coqui_amharic_ext.io.watched import watched

_FORWARDED: Final = ("SIGINT", "SIGTERM", "SIGHUP")


def run_child(
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    output_to_stderr: bool = False,
    when_killed: str = "",
) -> int:
    """Run a Python program to its end and return its exit code, 128 + N where signal N ended it.

    The child has its own process group, so the terminal does not send Ctrl-C to it and to its
    children. It is forwarded to the child alone, once, so that it can save while its children are
    still alive. A second Ctrl-C kills them all. SIGTERM and SIGHUP are forwarded, too. If the
    parent is killed, the child ends as on SIGTERM.

    Parameters
    ----------
    command : sequence of str
        The interpreter, its flags, the program and its arguments.
    environment : mapping, optional
        Additional environment variables.
    output_to_stderr : bool
        Whether its standard output goes to the parent's standard error.
    when_killed : str
        The message if something else kills it, as the system does when memory runs out.
    """
    sys.stdout.flush()
    nowhere = subprocess.DEVNULL if output_is_closed() else None
    options: dict[str, Any] = {}
    if sys.platform != "win32":
        if sys.version_info >= (3, 11):
            options["process_group"] = 0
        else:
            options["preexec_fn"] = os.setpgrp
    child = subprocess.Popen(  # noqa: S603 - the recipes and scripts that come with the package
        watched(command),
        stdin=subprocess.PIPE,
        stdout=sys.stderr if output_to_stderr else nowhere,
        env={**os.environ, **(environment or {})},
        **options,
    )
    with _forwarding(child) as kills:
        code = child.wait()
    if child.stdin is not None:
        child.stdin.close()
    if code != 0:
        _kill_group(child)
    if code == -getattr(signal, "SIGKILL", 0) and not kills and when_killed:
        note(when_killed)
    return code if code >= 0 else 128 - code


@contextmanager
def _forwarding(child: subprocess.Popen[bytes]) -> Iterator[list[int]]:
    """Forward signals; yield a list with an item for each time that the child was killed."""
    interrupts = 0
    kills: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal interrupts
        interrupts += number == signal.SIGINT
        if interrupts > 1 and number == signal.SIGINT:
            kills.append(number)
            child.kill()
            _kill_group(child)
        elif sys.platform != "win32":  # there the console has sent it already
            child.send_signal(number)
        elif number != signal.SIGINT:
            child.terminate()

    numbers = [getattr(signal, name) for name in _FORWARDED if hasattr(signal, name)]
    # Signals that are ignored, as under nohup, the child ignores, too.
    numbers = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield kills
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _kill_group(child: subprocess.Popen[bytes]) -> None:
    """Kill processes that the child started and did not end."""
    if sys.platform != "win32":
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
