"""Lines of UTF-8 text, read as bytes, so that an error can name the line that is not UTF-8."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from coqui_amharic_ext.errors import DataError

BOM: Final = b"\xef\xbb\xbf"
MOST_BYTES: Final = 1 << 26
"""Of a line: a file without ends of lines, such as a device, is refused before memory is gone."""


def decode(line: bytes, where: str) -> str:
    """Return the text of a line.

    Parameters
    ----------
    line : bytes
        The line, with or without its end.
    where : str
        Its place, for the error.

    Raises
    ------
    DataError
        It is not UTF-8.
    """
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{where}: not UTF-8 (byte 0x{line[error.start]:02x} at position {error.start + 1} of "
            "the line); convert the file, for example: iconv -f WINDOWS-1252 -t UTF-8"
        ) from None


def decoded(lines: Iterable[bytes], name: str) -> Iterator[str]:
    """Yield the text of each line without its end and without a byte order mark.

    Parameters
    ----------
    lines : iterable of bytes
        Such as a file opened in binary mode.
    name : str
        Name of the input, for errors: ``name:line``.

    Raises
    ------
    DataError
        A line is not UTF-8.
    """
    for number, line in enumerate(lines, 1):
        if number == 1:
            line = line.removeprefix(BOM)
        yield decode(line, f"{name}:{number}").rstrip("\r\n")


def bounded(stream: BinaryIO, name: str) -> Iterator[bytes]:
    """Yield the lines of a stream, with their ends.

    Raises
    ------
    DataError
        A line is longer than ``MOST_BYTES``.
    """
    number = 1
    while line := stream.readline(MOST_BYTES + 1):
        if len(line) > MOST_BYTES:
            raise DataError(
                f"{name}:{number}: the line has more than {MOST_BYTES >> 20} MiB; give text with "
                "ends of lines"
            )
        yield line
        number += 1


def universal(lines: Iterable[bytes]) -> Iterator[bytes]:
    r"""Split lines that end in ``\n`` at ``\r`` and ``\r\n``, too, as text mode does."""
    for line in lines:
        yield from line.splitlines()


def read_lines(path: Path) -> Iterator[str]:
    """Yield the lines of a file one by one, without their ends.

    Raises
    ------
    DataError
        The file does not exist, is a folder, cannot be read, or has a line that is not UTF-8.
    """
    try:
        stream = path.open("rb")
    except FileNotFoundError:
        raise DataError(f"{path} does not exist") from None
    except IsADirectoryError:
        raise DataError(f"{path} is a folder; give a text file") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    with stream:
        yield from decoded(universal(bounded(stream, str(path))), str(path))
