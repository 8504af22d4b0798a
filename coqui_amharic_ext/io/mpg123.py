"""What libmpg123 says of an MP3 while libsndfile decodes it, kept off standard error."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_SAID: Final = re.compile(
    rb"\[src/libmpg123/|Note: (Illegal Audio-MPEG|Trying to resync|Skipped \d+ bytes)"
    rb"|Warning: (Xing stream size|Real sample count|Encountered more data|Big change)|\s*$"
)
_ONE_AT_A_TIME: Final = threading.Lock()
_HEAD: Final = 3


@contextmanager
def quiet(source: Path | bytes) -> Iterator[None]:
    """Leave out libmpg123's lines while an MP3 is decoded; every other line comes afterwards.

    The library prints them in C, of damaged frames that it reads around; whether the file can be
    used is what libsndfile returns. Any other format is decoded as it is.

    Parameters
    ----------
    source : Path or bytes
        The sound.
    """
    if not _is_mp3(source):
        yield
        return
    with _ONE_AT_A_TIME, tempfile.TemporaryFile() as said:
        try:
            saved = os.dup(2)
        except OSError:  # standard error is closed
            yield
            return
        sys.stderr.flush()
        os.dup2(said.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(saved, 2)
            os.close(saved)
            said.seek(0)
            rest = b"".join(line for line in said if not _SAID.match(line))
            if rest:
                os.write(2, rest)


def _is_mp3(source: Path | bytes) -> bool:
    try:
        if isinstance(source, bytes):
            start = source[:_HEAD]
        elif not os.path.isfile(source):  # a pipe is waited for, until someone writes
            return False
        else:
            with source.open("rb") as file:
                start = file.read(_HEAD)
    except OSError:
        return False
    # An ID3 tag, or eleven bits of a frame's beginning.
    return start == b"ID3" or (len(start) > 1 and start[0] == 0xFF and start[1] & 0xE0 == 0xE0)
