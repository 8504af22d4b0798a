"""Standard streams, which may be open, full, or closed."""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import suppress

from coqui_amharic_ext.io.files import FULL


class Closed(io.TextIOWrapper):
    """Replaces a closed standard output: writing to it raises an error."""


def prepare() -> None:
    """Make standard output and error streams in UTF-8, whatever they were.

    A closed descriptor, as after ``>&-``, is occupied by a file that cannot be used for its
    purpose. Otherwise the next file to be opened gets its number, and the output of children.
    """
    if sys.stdin is None:
        _occupy(0, os.O_RDONLY)
    if sys.stdout is None:
        number = _occupy(1, os.O_RDONLY)
        sys.stdout = Closed(io.BufferedWriter(io.FileIO(number, "w", closefd=False)))
    if sys.stderr is None:
        sys.stderr = os.fdopen(_occupy(2, os.O_WRONLY), "w", closefd=False)
    for stream in (sys.stdout, sys.stderr):
        # PYTHONIOENCODING may name an encoding without Amharic.
        getattr(stream, "reconfigure", lambda **_: None)(encoding="utf-8", errors="replace")


def _occupy(number: int, how: int) -> int:
    """Open the null device, under a standard descriptor's number if one is free."""
    found = os.open(os.devnull, how)
    if found in (0, 1, 2):
        os.set_inheritable(found, True)
    return found


def output_is_closed() -> bool:
    """Return whether there is no standard output."""
    return isinstance(sys.stdout, Closed)


def require_output() -> None:
    """Raise ``OSError`` if standard output is closed, for a command whose children write there."""
    if output_is_closed():
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))


def output_error(error: Exception) -> str:
    """Return a message if an error concerns standard output, else ``""``."""
    # Errors of other files have a name.
    if not isinstance(error, OSError) or error.filename is not None:
        return ""
    if error.errno in FULL:
        return f"standard output cannot be written: {error.strerror}; make room where it goes"
    if error.errno == errno.EBADF and output_is_closed():
        return "standard output is closed, so the output is lost; redirect it to a file"
    return ""


def drop_output() -> None:
    """Drop pending output: Python tries to write it again as it ends, and exits with 120."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
