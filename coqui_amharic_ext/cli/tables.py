"""Tables: with lines and colours on a terminal, in plain aligned columns elsewhere."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field


@dataclass
class Table:
    """Rows under headings; columns named in ``right`` hold numbers."""

    columns: Sequence[str]
    title: str = ""
    right: frozenset[str] = frozenset()
    rows: list[tuple[str, ...]] = field(default_factory=list)

    def add(self, *cells: str) -> None:
        """Add a row."""
        self.rows.append(cells)

    def show(self) -> None:
        """Print the table to standard output."""
        if not sys.stdout.isatty():
            if self.title:
                sys.stdout.write(self.title + "\n")
            right = [i for i, name in enumerate(self.columns) if name in self.right]
            for line in aligned([tuple(self.columns), *self.rows], right):
                sys.stdout.write(line + "\n")
            return
        from rich.console import Console
        from rich.table import Table as RichTable
        from rich.text import Text

        table = RichTable(title=self.title or None, title_justify="left")
        for name in self.columns:
            table.add_column(name, justify="right" if name in self.right else "left")
        for row in self.rows:
            table.add_row(*map(Text, row))
        Console().print(table)


def width(text: str) -> int:
    """Return how many columns of a terminal a text takes; combining marks take none."""
    return sum(
        0
        if unicodedata.combining(letter) or unicodedata.category(letter) in ("Mn", "Me", "Cf")
        else 2
        if unicodedata.east_asian_width(letter) in "WF"
        else 1
        for letter in text
    )


def aligned(rows: Iterable[Sequence[str]], right: Iterable[int] = ()) -> Iterator[str]:
    """Yield one line per row, cells in columns of equal width, two spaces apart."""
    rows = list(rows)
    right = set(right)
    if not rows:
        return
    widths = [max(width(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = []
        for i, cell in enumerate(row):
            gap = " " * (widths[i] - width(cell))
            cells.append(gap + cell if i in right else cell + gap)
        yield "  ".join(cells).rstrip()
