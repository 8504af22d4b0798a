"""Why a run failed, found at the end of its log."""

from __future__ import annotations

import re
import signal
from typing import Final

MOST_LINES: Final = 8

_TRACEBACK: Final = "Traceback (most recent call last):"
_RAISED: Final = re.compile(r"(?P<name>[A-Za-z_][\w.]*)(: (?P<words>.*))?\Z")
_NAMED: Final = re.compile(r"(?P<name>[\w.]*(Error|Exception|Interrupt))(: (?P<words>.*))?\Z")
_REFUSED: Final = re.compile(r"[\w.-]+: error: (?P<words>.*)\Z")


def reason_of(log: str, code: int) -> str:
    """Return the last error of a process, with the advice that follows it.

    Parameters
    ----------
    log : str
        The end of its output.
    code : int
        Its exit code; negative where a signal ended it.
    """
    if code < 0 or code > 128:
        return _signalled(-code if code < 0 else code - 128)
    written = log.splitlines()
    for number in range(len(written) - 1, -1, -1):
        line, rest = written[number], written[number + 1 :]
        if found := _REFUSED.match(line):
            return _message(found["words"], rest)
        if line == _TRACEBACK:
            at = next((n for n, one in enumerate(rest) if one and not one[0].isspace()), None)
            if at is not None and (found := _RAISED.match(rest[at])):
                return _raised(found, rest[at + 1 :])
        elif found := _NAMED.match(line):
            return _raised(found, rest)
    output = [line.strip() for line in written if line.strip()]
    return output[-1] if output else f"it wrote nothing and ended with exit code {code}"


def _raised(found: re.Match[str], rest: list[str]) -> str:
    name, words = found["name"].rpartition(".")[2], found["words"]
    if not words:
        return name
    # Other names are needed to understand the words.
    clear = name.endswith("Error") and name != "KeyError"
    return _message(words if clear else f"{name}: {words}", rest)


def _message(first: str, rest: list[str]) -> str:
    """Return a message up to a blank line or a line of the trainer's."""
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
            "the system killed it (SIGKILL), most often because memory ran out; a smaller "
            "batch_size or eval_batch_size, batch tokens or gradient checkpointing take less"
        )
    return f"it was ended by {name}"
