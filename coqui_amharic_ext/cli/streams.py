"""Standard streams as a command finds them: open, full, or closed."""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import suppress


class Closed(io.TextIOWrapper):
    """Stands for a standard output that is closed: to write to it is an error."""


def prepare() -> None:
    """Give standard output and error a stream in UTF-8, whatever they were.

    A descriptor that is closed, as after ``>&-``, is taken by a file that cannot be used for what
    it is for. Otherwise the next file to be opened gets its number, and what children print.
    """
    if sys.stdin is None:
        _occupy(0, os.O_RDONLY)
    if sys.stdout is None:
        number = _occupy(1, os.O_RDONLY)
        sys.stdout = Closed(io.BufferedWriter(io.FileIO(number, "w", closefd=False)))
    if sys.stderr is None:
        sys.stderr = os.fdopen(_occupy(2, os.O_WRONLY), "w", closefd=False)
    for stream in (sys.stdout, sys.stderr):
        # PYTHONIOENCODING may name another one, which has no Amharic.
        getattr(stream, "reconfigure", lambda **_: None)(encoding="utf-8", errors="replace")


def _occupy(number: int, how: int) -> int:
    """Open nothing under a standard descriptor's number if it is free, else under another."""
    found = os.open(os.devnull, how)
    if found in (0, 1, 2):
        os.set_inheritable(found, True)
    return found


def output_is_closed() -> bool:
    """Return whether there is no standard output."""
    return isinstance(sys.stdout, Closed)


def require_output() -> None:
    """Raise the error of writing to standard output where there is none.

    For a command whose children write there.
    """
    if output_is_closed():
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))


def output_error(error: Exception) -> str:
    """Return what is the matter with standard output where an error is about it, else ``""``."""
    from coqui_amharic_ext.io.files import FULL

    # Whatever else writes names its file.
    if not isinstance(error, OSError) or error.filename is not None:
        return ""
    if error.errno in FULL:
        return f"standard output cannot be written: {error.strerror}; make room where it goes"
    if error.errno == errno.EBADF and output_is_closed():
        return "standard output is closed, so what was to be shown is lost; send it to a file"
    return ""


def drop_output() -> None:
    """Send what is left nowhere: Python tries again as it ends, and would exit with 120."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
