"""Our command line runs in Python's UTF-8 mode, whatever the locale is."""

from __future__ import annotations

import codecs
import locale
import os
import subprocess
import sys
from typing import Final, NoReturn

GIVEN: Final = "_COQUI_AMHARIC_PYTHONUTF8"
"""What ``PYTHONUTF8`` was before, for ``doctor``: other programs run as it says."""


def is_utf8(encoding: str) -> bool:
    """Return whether a name of an encoding is one of UTF-8's."""
    try:
        return codecs.lookup(encoding).name == "utf-8"
    except LookupError:
        return False


def is_default() -> bool:
    """Return whether text files that are opened without an encoding are UTF-8 in this process."""
    return bool(sys.flags.utf8_mode) or is_utf8(locale.getpreferredencoding(False))


def ensure() -> None:
    """Start again in UTF-8 mode where the default encoding is another one.

    Arguments have been decoded already when our code begins, libraries open their files in the
    default encoding, and so do child processes; only a new start reaches all of them.
    """
    if not is_default():
        _start_again()


def _start_again() -> NoReturn:
    os.environ[GIVEN] = os.environ.get("PYTHONUTF8", "")
    os.environ["PYTHONUTF8"] = "1"  # for child processes; -I and -E leave it out here
    command = [sys.executable, "-X", "utf8", *sys.orig_argv[1:]]
    if sys.platform == "win32":  # there exec ends this process before the new one has ended
        sys.exit(subprocess.call(command))  # noqa: S603 - the command line that we were given
    os.execv(command[0], command)  # noqa: S606


def environment() -> dict[str, str]:
    """Return this process's variables, with ``PYTHONUTF8`` as the user has it."""
    found = dict(os.environ)
    given = found.pop(GIVEN, None)
    if given is not None:
        found.pop("PYTHONUTF8", None)
        if given:
            found["PYTHONUTF8"] = given
    return found
