"""What all verbs share: printing JSON or text, and reading arguments, a file or a pipe."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from coqui_amharic_ext.errors import CoquiAmharicError
from coqui_amharic_ext.io.lines import bounded, decoded, read_lines, universal

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class InputError(CoquiAmharicError, ValueError):
    """The command line's input is missing or cannot be read."""


def emit(value: Any) -> None:
    """Print one JSON document on one line."""
    text = json.dumps(value, ensure_ascii=False)
    sys.stdout.write(_CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n")


def plain(text: str) -> str:
    """Escape control characters except line ends and tabs.

    File names and texts of corpora may contain sequences that a terminal would obey.
    """
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def show(text: str) -> None:
    """Print text for people; it includes its line ends."""
    sys.stdout.write(plain(text))


def note(message: str) -> None:
    """Print a message to standard error, apart from the results."""
    sys.stderr.write(plain(f"coqui-amharic: {message}\n"))


def lines(texts: Iterable[str] | None, file: Path | None) -> Iterator[str]:
    """Yield the texts from arguments, else a file's lines, else those of standard input."""
    if texts and file is not None:
        raise InputError(f"give either texts or --file {file}, not both")
    if texts:
        yield from texts
    elif file is not None:
        yield from read_lines(file)
    else:
        require_piped()
        piped = bounded(sys.stdin.buffer, "standard input")
        yield from decoded(universal(piped), "standard input")


def require_piped() -> None:
    """Raise ``InputError`` if standard input is closed or a keyboard."""
    if sys.stdin is None or sys.stdin.isatty():
        raise InputError("give a text, --file FILE, or pipe text in")
