"""Read the TSV tables of this package: one header line, one comment column, loaded on first use."""

from __future__ import annotations

from functools import cache
from pathlib import Path

DATA = Path(__file__).parent / "data"

Row = dict[str, str]


@cache
def rows(name: str) -> tuple[Row, ...]:
    """Return the rows of ``data/<name>.tsv`` as dictionaries keyed by the header.

    Lines that are empty or start with ``#`` are skipped; a missing trailing column reads as ``""``.

    Raises
    ------
    ValueError
        If a row has more columns than the header.
    """
    path = DATA / f"{name}.tsv"
    lines = path.read_text(encoding="utf-8").splitlines()
    body = [(n, line) for n, line in enumerate(lines, 1) if line.strip() and line[0] != "#"]
    header = body[0][1].split("\t")
    out: list[Row] = []
    for number, line in body[1:]:
        cells = line.split("\t")
        if len(cells) > len(header):
            raise ValueError(f"{path}:{number}: {len(cells)} columns, the header has {len(header)}")
        cells += [""] * (len(header) - len(cells))
        out.append(dict(zip(header, cells, strict=True)))
    return tuple(out)
