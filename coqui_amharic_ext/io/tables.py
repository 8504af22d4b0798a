"""Read the package's TSV tables, whose columns are asked for by name."""

from __future__ import annotations

import os
from typing import Final

_PACKAGE: Final = os.path.dirname(os.path.dirname(__file__))


def rows(path: str, *columns: str) -> list[tuple[str, ...]]:
    """Return some columns of a table, row by row.

    A table starts with a header. Empty lines and lines that start with ``#`` are skipped; a missing
    trailing cell reads as ``""``.

    Parameters
    ----------
    path : str
        Path inside the package, such as ``g2p/data/phones.tsv``.
    *columns : str
        Names in the header, in the order in which the cells are wanted.

    Raises
    ------
    ValueError
        The header lacks a column, or a row has more cells than the header.
    """
    with open(os.path.join(_PACKAGE, path), encoding="utf-8") as file:
        header, *body = [
            line.split("\t") for line in file.read().splitlines() if line and line[0] != "#"
        ]
    width = len(header)
    for cells in body:
        if len(cells) > width:
            raise ValueError(f"{path}: {cells[0]!r} has {len(cells)} cells, the header {width}")
        if len(cells) < width:
            cells += [""] * (width - len(cells))
    try:
        places = [header.index(column) for column in columns]
    except ValueError as error:
        raise ValueError(f"{path} lacks a column: {error}; it has {', '.join(header)}") from None
    return list(zip(*[[cells[place] for cells in body] for place in places], strict=True))


def mapping(path: str, key: str, value: str) -> dict[str, str]:
    """Return one column of a table by another; of equal keys the last row counts."""
    return {row[0]: row[1] for row in rows(path, key, value)}
