"""A row of metadata, one clip with its text, and the rows of a metadata file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from coqui_amharic_ext.data.findings import Finding

NOT_TEXT: Final = "it contains half a character (a lone surrogate) or a zero byte, which is no text"


def usable(values: Iterable[object]) -> bool:
    """Whether strings can be written to a file and used as its name."""
    text = "".join(value for value in values if isinstance(value, str))
    return "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


@dataclass(frozen=True, slots=True)
class Row:
    """One clip of a corpus.

    Parameters
    ----------
    metadata, line
        Its file and line, from 1.
    audio : Path
        Its audio file.
    text : str
        The text for the trainer.
    speaker, language : str
        Empty if the metadata name none.
    written : str
        The original text, if the layout keeps both forms.
    split : str
        ``train`` or ``eval`` if the corpus is already split.
    """

    metadata: Path
    line: int
    audio: Path
    text: str
    speaker: str = ""
    language: str = ""
    written: str = ""
    split: str = ""

    @property
    def place(self) -> str:
        """File and line."""
        return f"{self.metadata}:{self.line}"


@dataclass(frozen=True, slots=True)
class Metadata:
    """A metadata file's rows, and findings about the file itself."""

    path: Path
    layout: str
    rows: tuple[Row, ...]
    findings: tuple[Finding, ...] = field(default=())
