"""Input of a verb, line by line: arguments, files, or standard input."""

from __future__ import annotations

import io
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from coqui_amharic_ext.cli.output import InputError, require_piped
from coqui_amharic_ext.io.lines import bounded, decoded

_BUFFER: Final = 1 << 16


class Source:
    """Where lines come from, and how much has been read.

    Parameters
    ----------
    texts : sequence of str, optional
        Texts from the arguments.
    files : sequence of Path, optional
        UTF-8 files; without texts and files, standard input is read.

    Raises
    ------
    InputError
        Both are given, or neither and standard input is a terminal.
    """

    def __init__(self, texts: Sequence[str] | None, files: Sequence[Path] | None) -> None:
        if texts and files:
            raise InputError(f"give either texts or --file {files[0]}, not both")
        if not texts and not files:
            require_piped()
        self._texts = texts
        self._files = files or ()
        self._before = 0
        self._open: io.BufferedReader | None = None
        for file in self._files:
            _require_file(file)

    @property
    def size(self) -> int | None:
        """Total bytes, None if not known in advance."""
        if self._texts:
            return None
        if self._files:
            sizes = [file.stat() for file in self._files]
        else:
            sizes = [os.fstat(sys.stdin.fileno())]
        regular = all(stat.S_ISREG(found.st_mode) for found in sizes)
        return sum(found.st_size for found in sizes) if regular else None

    def position(self) -> int:
        """Return the bytes read so far; meaningful if ``size`` is known."""
        if self._open is None or not self._open.seekable():
            return self._before
        return self._before + self._open.raw.tell()

    def parts(self) -> Iterator[tuple[str, Iterator[str]]]:
        """Yield each file's name and its lines without line ends."""
        if self._texts:
            yield "the arguments", iter(self._texts)
        for file in self._files:
            with io.FileIO(file) as raw:
                yield str(file), self._lines(raw, str(file))
                self._before, self._open = self.position(), None
        if not self._texts and not self._files:
            with io.FileIO(sys.stdin.fileno(), closefd=False) as raw:
                yield "standard input", self._lines(raw, "standard input")

    def _lines(self, raw: io.FileIO, name: str) -> Iterator[str]:
        self._open = io.BufferedReader(raw, _BUFFER)
        yield from decoded(bounded(self._open, name), name)


def _require_file(file: Path) -> None:
    if not file.exists():
        raise InputError(f"{file} does not exist")
    if file.is_dir():
        raise InputError(f"{file} is a folder; give a text file")
