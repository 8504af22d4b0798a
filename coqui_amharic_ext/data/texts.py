"""The Amharic texts of a corpus and the lengths of their clips, for building vocabularies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from coqui_amharic_ext.coqui.languages import is_amharic
from coqui_amharic_ext.data.audio import AudioError, open_audio
from coqui_amharic_ext.data.metadata import read_all
from coqui_amharic_ext.errors import DataError
from coqui_amharic_ext.io.lines import read_lines

PLAIN: Final = ".txt"
"""The extension of a list of texts, one per line, without clips."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A text, its clip (``None`` in a plain list of texts) and its line."""

    text: str
    audio: Path | None
    where: str


def read_corpus(paths: Iterable[str | Path]) -> Iterator[Sample]:
    """Read corpora one after another; texts in other languages are skipped.

    Parameters
    ----------
    paths : iterable of path
        Corpus folders, metadata files in the layouts of ``data.metadata``, or ``.txt`` files.

    Raises
    ------
    DataError
        A file is missing, is not UTF-8, is in no known layout or has no Amharic text, or a line
        lacks columns; the message names file and line.
    """
    for path in map(Path, paths):
        empty = True
        for sample in _plain(path) if path.suffix.lower() == PLAIN else _metadata(path):
            empty = False
            yield sample
        if empty:
            raise DataError(f"{path} holds no Amharic text")


def _metadata(path: Path) -> Iterator[Sample]:
    for found in read_all([path]):
        for finding in found.findings:
            if finding.kind == "columns":
                raise DataError(
                    f"{finding.place}: {finding.message}; coqui-amharic data check lists all such "
                    "lines"
                )
        for row in found.rows:
            if row.text.strip() and (not row.language or is_amharic(row.language)):
                yield Sample(row.text, row.audio, row.place)


def _plain(path: Path) -> Iterator[Sample]:
    for number, line in enumerate(read_lines(path), 1):
        if text := line.strip():
            yield Sample(text, None, f"{path}:{number}")


def seconds(sample: Sample) -> float:
    """Return the length of a sample's clip in seconds.

    Raises
    ------
    DataError
        There is no clip, or it cannot be read.
    """
    if sample.audio is None:
        raise DataError(f"{sample.where}: the text has no clip")
    if not sample.audio.is_file():
        raise DataError(f"{sample.where}: its clip {sample.audio} does not exist")
    try:
        with open_audio(sample.audio) as file:
            return float(file.frames / file.samplerate)
    except (AudioError, OSError) as error:
        raise DataError(f"{sample.where}: {sample.audio} cannot be read ({error})") from error
