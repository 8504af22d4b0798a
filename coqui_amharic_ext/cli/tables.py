"""Tables: drawn by rich on a terminal, in plain aligned columns elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len

from coqui_amharic_ext.cli.output import plain


@dataclass
class Table:
    """Rows under headings; the columns named in ``right`` hold numbers."""

    columns: Sequence[str]
    title: str = ""
    right: frozenset[str] = frozenset()
    rows: list[tuple[str, ...]] = field(default_factory=list)

    def add(self, *cells: str) -> None:
        """Add a row."""
        self.rows.append(tuple(map(plain, cells)))

    def show(self) -> None:
        """Print the table to standard output."""
        if not sys.stdout.isatty():
            right = [i for i, name in enumerate(self.columns) if name in self.right]
            lines = aligned([tuple(self.columns), *self.rows], right)
            for line in (self.title, *lines) if self.title else lines:
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


def aligned(rows: Iterable[Sequence[str]], right: Iterable[int] = ()) -> Iterator[str]:
    """Yield one line per row, with cells in columns of equal width, two spaces apart."""
    rows, right = list(rows), set(right)
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = []
        for i, cell in enumerate(row):
            gap = " " * (widths[i] - cell_len(cell))
            cells.append(gap + cell if i in right else cell + gap)
        yield "  ".join(cells).rstrip()
