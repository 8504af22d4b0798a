"""Read metadata files, clips with their texts, in the layouts that upstream and others use."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

from coqui_amharic_ext.data import named, unnamed
from coqui_amharic_ext.data.decoding import first_line, read_lines
from coqui_amharic_ext.data.findings import DataError, Finding
from coqui_amharic_ext.data.languages import language_code as language_code
from coqui_amharic_ext.data.manifest import MANIFEST, part_of, parts_of
from coqui_amharic_ext.data.rows import Metadata

LAYOUTS: Final = ("ljspeech", "coqui", "common_voice", "audiofolder", "fleurs", "table", "lines")
"""``table`` has a header that names its columns, ``lines`` has none; both take any separator."""

COMMON_VOICE_FILES: Final = ("validated.tsv", "train.tsv")
"""The table that is read from the folder of a Common Voice release."""


def read_metadata(path: Path, layout: str = "auto") -> Metadata:
    """Read a metadata file.

    Parameters
    ----------
    path : Path
        The file; its folder contains the audio.
    layout : str
        One of ``LAYOUTS``, or ``auto`` to recognise it by the file's first line.

    Raises
    ------
    DataError
        The file is missing, has an unknown encoding (the message names the line) or layout, or has
        no rows.
    """
    if layout not in ("auto", *LAYOUTS):
        raise DataError(f"layout={layout!r} is not known; valid values: auto, {', '.join(LAYOUTS)}")
    lines, encoded = read_lines(path)
    if layout == "auto":
        layout = _guess(path, lines)
    found = _READERS[layout](path, lines)
    findings = list(found.findings)
    if encoded is not None and layout in ("ljspeech", "coqui"):
        findings.insert(0, encoded)
    if layout in ("fleurs", "table", "lines"):
        what = (
            "upstream has no formatter for this; coqui-amharic data import converts it to a corpus"
        )
        findings.insert(0, Finding("layout", what, path))
    if not found.rows and not found.findings:
        raise DataError(f"{path}: no rows; the layout taken was {layout}")
    part = part_of(path)
    if part.formatter not in ("", layout):
        what = f"{MANIFEST} says {part.formatter}, but this is in the layout {layout}"
        findings.insert(0, Finding("layout", f"{what}; upstream stops here", path))
    rows = found.rows
    if part.language or part.split:
        rows = tuple(
            replace(row, language=row.language or part.language, split=part.split) for row in rows
        )
    return Metadata(path, layout, rows, tuple(findings))


def read_all(paths: Iterable[Path], layout: str = "auto") -> tuple[Metadata, ...]:
    """Read metadata files; a corpus folder stands for all of its files.

    Raises
    ------
    DataError
        As ``read_metadata``, or a folder is no corpus.
    """
    return tuple(read_metadata(part.metadata, layout) for path in paths for part in parts_of(path))


def _guess(path: Path, lines: list[str]) -> str:
    first = first_line(lines)
    if named.is_json(path, lines):
        return "audiofolder"
    if {"path", "sentence"} <= set(first.split("\t")):
        return "common_voice"
    if {"audio_file", "text"} <= set(first.split("|")):
        return "coqui"
    if "file_name" in first.split(","):
        return "audiofolder"
    if named.header_separator(first):
        return "table"
    if unnamed.is_fleurs(first):
        return "fleurs"
    if unnamed.line_separator(path, lines):
        return "lines"
    if "|" in first:
        return "ljspeech"
    raise DataError(
        f"{path}: the layout cannot be told from its first line {first[:60]!r}; known are ljspeech "
        "(name|text|normalised text), coqui (header audio_file|text|...), common_voice (separated "
        "by tabs, with a header naming path and sentence), audiofolder (separated by commas, with "
        "a header naming file_name, or JSON lines as NeMo has them), fleurs, and names of audio "
        "files beside their texts (lines), or under a header (table)"
    )


_READERS: Final[dict[str, Callable[[Path, list[str]], Metadata]]] = {
    "ljspeech": unnamed.ljspeech,
    "coqui": named.coqui,
    "common_voice": named.common_voice,
    "audiofolder": named.audiofolder,
    "fleurs": unnamed.fleurs,
    "table": named.table,
    "lines": unnamed.lines,
}
