"""Reading the package's TSV tables."""

from __future__ import annotations

import os
from typing import Final

_DATA: Final = os.path.join(os.path.dirname(__file__), "data")


def text(name: str) -> str:
    """Return ``g2p/data/<name>``; a table that does not exist is empty, so it may be left out."""
    try:
        with open(os.path.join(_DATA, name), encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def rows(name: str, cells: int = -1) -> list[list[str]]:
    """Return the rows of ``g2p/data/<name>`` without the header, cells split at tabs.

    Parameters
    ----------
    name : str
        A file; one that does not exist gives no rows.
    cells : int
        How many cells are wanted; what is beyond them stays together in one more.
    """
    return [
        line.split("\t", cells) for line in text(name).splitlines()[1:] if line and line[0] != "#"
    ]
