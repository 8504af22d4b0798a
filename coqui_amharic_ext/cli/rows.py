"""Items to transcribe: lines, or a column of files such as LJSpeech's ``metadata.csv``."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from coqui_amharic_ext.cli.output import InputError
from coqui_amharic_ext.cli.source import Source

ADDED: Final = "ipa"
"""Name of the added column."""
_QUOTED: Final = ",;"


class Row(NamedTuple):
    """One item: the text to transcribe and the fields of its row, none for a bare line."""

    text: str
    fields: Sequence[str] = ()
    header: bool = False

    @property
    def key(self) -> str:
        """The whole item, for comparison."""
        return "\x1f".join(self.fields) if self.fields else self.text


@dataclass(frozen=True)
class Layout:
    """The column with the text, and the delimiter.

    Fields may be in double quotes if the delimiter is a comma or a semicolon; with others, as in
    LJSpeech's and Common Voice's files, a quote is an ordinary character.

    Attributes
    ----------
    column : int or str
        A position from 1 in files without a header, or a name in the header.
    delimiter : str
        One character.
    """

    column: int | str
    delimiter: str

    def read(self, source: Source) -> Iterator[Row]:
        """Yield the rows, and once the header if there is one.

        Raises
        ------
        InputError
            A row has no such column, or files have different headers.
        """
        seen: Sequence[str] | None = None
        for name, lines in source.parts():
            rows = enumerate(self._split(lines), 1)
            index = self.column - 1 if isinstance(self.column, int) else None
            if index is None:
                header = next(rows, (1, ()))[1]
                index = self._index(name, header)
                if seen is None:
                    yield Row("", header, header=True)
                elif header != seen:
                    raise InputError(
                        f"{name} has other columns than the previous file: "
                        f"{self.delimiter.join(header)}"
                    )
                seen = header
            for number, fields in rows:
                yield self._row(name, number, fields, index)

    def _split(self, lines: Iterator[str]) -> Iterator[list[str]]:
        if self.delimiter in _QUOTED:
            return csv.reader((line + "\n" for line in lines), delimiter=self.delimiter)
        return (line.split(self.delimiter) if line else [] for line in lines)

    def _index(self, name: str, header: Sequence[str]) -> int:
        found = [i for i, field in enumerate(header) if field == self.column]
        if len(found) != 1:
            shown = ", ".join(header) or "it is empty"
            many = "several columns" if found else "no column"
            raise InputError(
                f"{name} has {many} named {self.column!r} in its first line ({shown}); "
                "give a number from 1 for a file without a header"
            )
        return found[0]

    def _row(self, name: str, number: int, fields: list[str], index: int) -> Row:
        if not fields:
            return Row("")
        if index >= len(fields):
            raise InputError(
                f"{name}, row {number}: it has {len(fields)} of {index + 1} columns "
                f"(delimiter {self.delimiter!r}): {self.delimiter.join(fields)[:60]!r}"
            )
        return Row(fields[index], fields)

    def write(self, row: Row, ipa: str) -> str:
        """Return a row with the IPA as its last column."""
        if not row.fields:
            return ""
        fields = [*row.fields, ADDED if row.header else ipa]
        if self.delimiter not in _QUOTED:
            return self.delimiter.join(fields)
        sink = io.StringIO()
        # The line terminator decides which fields are quoted.
        csv.writer(sink, delimiter=self.delimiter, lineterminator="\r\n").writerow(fields)
        return sink.getvalue().removesuffix("\r\n")


def layout(column: str | None, delimiter: str | None, files: Sequence[Path]) -> Layout | None:
    """Return the layout of ``--column`` and ``--delimiter``, None for bare lines.

    Raises
    ------
    InputError
        The options cannot be combined, or a value is not valid.
    """
    if column is None:
        if delimiter is not None:
            raise InputError("--delimiter separates columns; give --column, too")
        return None
    if delimiter is None:
        delimiter = "\t" if any(file.suffix == ".tsv" for file in files) else "|"
    delimiter = {"tab": "\t", "\\t": "\t"}.get(delimiter, delimiter)
    if len(delimiter) != 1 or delimiter in '"\n\r':
        raise InputError(f"--delimiter {delimiter!r} is not valid; give one character, or tab")
    if not column.lstrip("-").isdecimal():
        return Layout(column, delimiter)
    if int(column) < 1:
        raise InputError(f"--column {column} is not valid; columns are counted from 1")
    return Layout(int(column), delimiter)


def bare_lines(source: Source) -> Iterator[Row]:
    """Yield every line as an item."""
    for _, lines in source.parts():
        for line in lines:
            yield Row(line)
