"""What was the matter with a run, found in the end of its log."""

from __future__ import annotations

import re
import signal
from typing import Final

MOST_LINES: Final = 8

_TRACEBACK: Final = "Traceback (most recent call last):"
_RAISED: Final = re.compile(r"(?P<name>[A-Za-z_][\w.]*)(: (?P<words>.*))?\Z")
_NAMED: Final = re.compile(r"(?P<name>[\w.]*(Error|Exception|Interrupt))(: (?P<words>.*))?\Z")
_REFUSED: Final = re.compile(r"[\w.-]+: error: (?P<words>.*)\Z")


def why(log: str, code: int) -> str:
    """Return why a process ended with an error: its last error, and what that says to do.

    Parameters
    ----------
    log : str
        The end of what it wrote.
    code : int
        Its exit code; negative where a signal ended it.
    """
    if code < 0:
        return _signalled(-code)
    if code > 128:
        return _signalled(code - 128)
    written = log.splitlines()
    for number in range(len(written) - 1, -1, -1):
        if found := _REFUSED.match(written[number]):
            return _message(found["words"], written[number + 1 :])
        if written[number] == _TRACEBACK:
            rest = written[number + 1 :]
            at = next((n for n, line in enumerate(rest) if line and not line[0].isspace()), None)
            if at is not None and (found := _RAISED.match(rest[at])):
                return _raised(found, rest[at + 1 :])
        elif found := _NAMED.match(written[number]):
            return _raised(found, written[number + 1 :])
    said = [line.strip() for line in written if line.strip()]
    return said[-1] if said else f"it wrote nothing and ended with exit code {code}"


def _raised(found: re.Match[str], rest: list[str]) -> str:
    name, words = found["name"].rpartition(".")[2], found["words"]
    if not words:
        return name
    # What is not an error of ours or Python's is not understood without its name.
    first = words if name.endswith("Error") and name != "KeyError" else f"{name}: {words}"
    return _message(first, rest)


def _message(first: str, rest: list[str]) -> str:
    """Return a message to its end; a blank line, or the trainer's own lines, are not of it."""
    kept = [first.strip()]
    for line in rest[: MOST_LINES - 1]:
        if not line.strip() or line.lstrip().startswith((">", "|", "-->")):
            break
        kept.append(line.strip())
    return "\n".join(kept)


def _signalled(number: int) -> str:
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    if name == "SIGKILL":
        return (
            "the system ended it (SIGKILL), most often because memory ran out; a smaller "
            "batch_size or eval_batch_size, batch tokens or gradient checkpointing take less"
        )
    return f"it was ended by {name}"
