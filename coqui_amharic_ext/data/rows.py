"""One clip of a corpus, and what a metadata file says about all of its clips."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from coqui_amharic_ext.data.findings import Finding

NOT_TEXT: Final = "it holds half a character (a lone surrogate) or a zero byte, which is no text"


def usable(values: Iterable[object]) -> bool:
    """Whether strings can be written to a file and name one."""
    text = "".join(value for value in values if isinstance(value, str))
    return "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


@dataclass(frozen=True, slots=True)
class Row:
    """One clip of a corpus.

    Parameters
    ----------
    metadata, line
        Where it stands; lines count from 1.
    audio : Path
        Its audio file.
    text : str
        What the trainer would be given.
    speaker, language : str
        Empty where the metadata do not say.
    written : str
        The text as first written, where the layout keeps both forms.
    split : str
        ``train`` or ``eval`` where the corpus is split already.
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
    """A metadata file's rows, and what is wrong with the file itself."""

    path: Path
    layout: str
    rows: tuple[Row, ...]
    findings: tuple[Finding, ...] = field(default=())
