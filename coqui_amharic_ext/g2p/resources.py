"""Reading the package's TSV tables."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_DATA: Final = Path(__file__).with_name("data")


def rows(name: str) -> list[list[str]]:
    """Return the rows of ``g2p/data/<name>`` without the header, cells split at tabs.

    A table that does not exist gives no rows, so that optional tables need no special case.
    """
    try:
        text = (_DATA / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    return [line.split("\t") for line in text.splitlines()[1:] if line and line[0] != "#"]
