"""Files that are read whole: a device or a pipe, which may have no end, is refused."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


def read_whole(path: Path) -> bytes:
    """Return what is in a regular file.

    Raises
    ------
    OSError
        It does not exist, is a folder, a device or a pipe, or cannot be read.
    """
    mode = os.stat(path).st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise OSError(errno.EINVAL, "is a device or a pipe; give a file", str(path))
    return path.read_bytes()


def read_text(path: Path) -> str:
    """Return the text of a regular file in UTF-8, without a byte order mark.

    Raises
    ------
    OSError
        As ``read_whole`` does.
    UnicodeDecodeError
        It is not UTF-8.
    """
    text = read_whole(path).decode("utf-8-sig")
    return text.replace("\r\n", "\n").replace("\r", "\n")
