"""Tables of rows that were left out of a corpus, for a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

LEFT_OUT: Final = "left_out.tsv"
_FORMULA: Final = tuple("=+-@\t\r＝＋－＠")


def write_report(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a tab-separated table in which no cell is a formula.

    A spreadsheet would run a cell of an untrusted corpus that begins with ``=``. Such cells get an
    apostrophe, which spreadsheets show as text.
    """
    # File names can contain bytes that are no text.
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as target:
        table = csv.writer(target, delimiter="\t", lineterminator="\n")
        table.writerow(header)
        table.writerows([_harmless(cell) for cell in row] for row in rows)


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
