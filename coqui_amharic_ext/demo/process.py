"""Child processes whose output goes to a log, with a progress line on the screen."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from coqui_amharic_ext.errors import CoquiAmharicError
from coqui_amharic_ext.io.ending import Ended
from coqui_amharic_ext.io.watched import watched


class StepFailedError(CoquiAmharicError, RuntimeError):
    """A child process ended with an error; the message shows the end of its log."""


def run_logged(
    command: Sequence[str],
    log: Path,
    *,
    tell: Callable[[str], None] = lambda line: None,
    environment: Mapping[str, str] | None = None,
) -> float:
    """Run a Python program, write its output to ``log``, and report its latest line.

    Returns
    -------
    float
        Wall-clock seconds.

    Raises
    ------
    StepFailedError
        The command ended with an error.
    """
    started = time.perf_counter()
    with log.open("wb") as sink:
        child = subprocess.Popen(  # noqa: S603 - our own recipes and upstream's commands
            watched(command),
            stdout=sink,
            stderr=subprocess.STDOUT,
            stdin=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
        )
        with child, _stopped_with_us(child):
            while child.poll() is None:
                time.sleep(0.25)
                tell(_last_line(log))
    if child.returncode != 0:
        end = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-25:])
        raise StepFailedError(
            f"`{' '.join(map(str, command))}` ended with exit code {child.returncode}; "
            f"the whole log is {log}, its end:\n{end}"
        )
    return time.perf_counter() - started


@contextlib.contextmanager
def _stopped_with_us(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """On Ctrl-C the terminal also interrupts the child: wait until it has saved and ended."""
    try:
        yield
    except BaseException as error:
        if isinstance(error, Ended):  # a signal that only this process received
            child.terminate()
        try:
            child.wait(timeout=20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        raise


def _last_line(log: Path) -> str:
    with log.open("rb") as stream:
        stream.seek(max(0, log.stat().st_size - 2000))
        lines = stream.read().decode("utf-8", errors="replace").splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def python(*arguments: str) -> list[str]:
    """Return a command that runs this interpreter."""
    return [sys.executable, *arguments]
