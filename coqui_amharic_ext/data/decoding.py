"""Read the lines of a metadata file in any Unicode encoding."""

from __future__ import annotations

import re
from pathlib import Path

from coqui_amharic_ext.data.findings import DataError, Finding
from coqui_amharic_ext.io.lines import BOM, decoded
from coqui_amharic_ext.io.whole import read_whole

_END = re.compile(r"\r\n|\r|\n")


def read_lines(path: Path) -> tuple[list[str], Finding | None]:
    """Return the lines without their ends, and a finding if upstream cannot read the encoding.

    UTF-16 is recognised by its byte order mark, or by the zero bytes of its separators.

    Raises
    ------
    DataError
        The file is missing, empty, or in another encoding; the message names the line.
    """
    try:
        raw = read_whole(path)
    except FileNotFoundError:
        raise DataError(f"{path} does not exist") from None
    except IsADirectoryError:
        raise DataError(f"{path} is a folder; give its metadata file") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    wide = _utf_16(raw)
    if wide:
        try:
            text = raw.decode(wide)
        except UnicodeDecodeError as error:
            raise DataError(
                f"{path}: not whole UTF-16 (at byte {error.start}); save it as UTF-8"
            ) from None
        found = Finding("encoding", "this is UTF-16, and upstream reads UTF-8", path, 1)
        lines = _END.split(text.removeprefix("\ufeff"))
    else:
        lines = list(decoded(_split(raw), str(path)))
        found = None
        if raw.startswith(BOM):
            what = "upstream takes it for a part of the first line's first column"
            found = Finding("bom", what, path, 1)
    if lines and not lines[-1]:
        lines.pop()
    if not lines:
        raise DataError(f"{path} is empty")
    return lines, found


def first_line(lines: list[str]) -> str:
    """Return the first line that is not empty."""
    return next((line for line in lines if line.strip()), "")


def _split(raw: bytes) -> list[bytes]:
    return re.split(rb"\r\n|\r|\n", raw)


def _utf_16(raw: bytes) -> str | None:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    start = raw[:4096]
    # A separator or a digit is one byte and a zero; UTF-8 text has no zeros.
    little, big = start[1::2].count(0), start[::2].count(0)
    if 8 * max(little, big) < len(start) or min(little, big):
        return None
    return "utf-16-le" if little else "utf-16-be"
