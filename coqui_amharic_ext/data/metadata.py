"""Metadata files: which clip says what, in the layouts that upstream and others use."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from coqui_amharic_ext.coqui.languages import AMHARIC, is_amharic
from coqui_amharic_ext.data.findings import DataError, Finding
from coqui_amharic_ext.data.manifest import MANIFEST, part_of, parts_of

LAYOUTS: Final = ("ljspeech", "coqui", "common_voice", "audiofolder")

AUDIO_COLUMNS: Final = ("audio_file", "file_name", "path", "audio", "file", "wav_filename")
TEXT_COLUMNS: Final = ("text", "sentence", "transcription", "transcript", "normalized_text")
SPEAKER_COLUMNS: Final = ("speaker_name", "speaker", "speaker_id", "client_id")
LANGUAGE_COLUMNS: Final = ("language", "locale", "lang")

COMMON_VOICE_FILES: Final = ("validated.tsv", "train.tsv")
"""Which table of a Common Voice release is taken when its folder is given."""


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


def read_metadata(path: Path, layout: str = "auto") -> Metadata:
    """Read a metadata file.

    Parameters
    ----------
    path : Path
        The file; audio is looked for beside it, where the layout keeps it.
    layout : str
        One of ``LAYOUTS``, or ``auto`` to tell by the file's first line.

    Raises
    ------
    DataError
        The file is missing, is not UTF-8 (the message names the line), is in no known layout, or
        has no rows.
    """
    if layout not in ("auto", *LAYOUTS):
        raise DataError(f"layout={layout!r} is not known; valid values: auto, {', '.join(LAYOUTS)}")
    lines, bom = _lines(path)
    if layout == "auto":
        layout = _guess(path, lines)
    found = _READERS[layout](path, lines)
    findings = list(found.findings)
    if bom and layout in ("ljspeech", "coqui"):
        findings.insert(
            0,
            Finding(
                "bom", "upstream takes it for a part of the first line's first column", path, 1
            ),
        )
    if not found.rows and not findings:
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
    """Read metadata files; a corpus folder stands for all of its own.

    Raises
    ------
    DataError
        As ``read_metadata``, or a folder is no corpus.
    """
    return tuple(read_metadata(part.metadata, layout) for path in paths for part in parts_of(path))


def _lines(path: Path) -> tuple[list[str], bool]:
    """Return the lines without their ends, and whether a byte order mark came first."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{path} does not exist") from None
    except IsADirectoryError:
        raise DataError(f"{path} is a folder; give its metadata file") from None
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError(
            f"{path}:1: this is UTF-16, not UTF-8; convert it: iconv -f UTF-16 -t UTF-8 {path.name}"
        )
    bom = raw.startswith(b"\xef\xbb\xbf")
    lines = []
    for number, line in enumerate(raw.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        try:
            lines.append(line.removesuffix(b"\r").decode("utf-8"))
        except UnicodeDecodeError as error:
            raise DataError(
                f"{path}:{number}: not UTF-8 (byte 0x{line[error.start]:02x} at position "
                f"{error.start + 1} of the line); find out the encoding and convert the file, for "
                f"example: iconv -f UTF-16LE -t UTF-8 {path.name}"
            ) from None
    if lines and not lines[-1]:
        lines.pop()
    if not lines:
        raise DataError(f"{path} is empty")
    return lines, bom


def _guess(path: Path, lines: list[str]) -> str:
    first = lines[0]
    if path.suffix.lower() in (".jsonl", ".ndjson"):
        return "audiofolder"
    if {"path", "sentence"} <= set(first.split("\t")):
        return "common_voice"
    if {"audio_file", "text"} <= set(first.split("|")):
        return "coqui"
    if "file_name" in first.split(","):
        return "audiofolder"
    if "|" in first:
        return "ljspeech"
    raise DataError(
        f"{path}: the layout cannot be told from its first line {first[:60]!r}; known are ljspeech "
        "(name|text|normalised text), coqui (header audio_file|text|...), common_voice (separated "
        "by tabs, with a header naming path and sentence) and audiofolder (separated by commas, "
        "with a header naming file_name, or JSON lines)"
    )


def _ljspeech(path: Path, lines: list[str]) -> Metadata:
    rows: list[Row] = []
    findings: list[Finding] = []
    pairs = all(line.count("|") == 1 for line in lines)
    if pairs:
        what = "every line is name|text, without the third column (name|text|text)"
        findings.append(Finding("no-third-column", f"{what}; upstream stops here", path))
    for number, line in enumerate(lines, start=1):
        columns = line.split("|")
        if pairs:
            columns.append(columns[1])
        if len(columns) != 3:
            what = f"{len(columns)} columns instead of 3 (name|text|normalised text): {line[:60]!r}"
            effect = (
                "upstream stops here"
                if len(columns) < 3
                else "upstream drops what follows the third '|'"
            )
            findings.append(Finding("columns", f"{what}; {effect}", path, number))
            continue
        audio = path.parent / "wavs" / f"{columns[0]}.wav"
        rows.append(Row(path, number, audio, columns[2], written=columns[1]))
    return Metadata(path, "ljspeech", tuple(rows), tuple(findings))


def _table(
    path: Path, lines: list[str], layout: str, delimiter: str, quoting: bool
) -> Iterator[tuple[int, dict[str, str] | str]]:
    """Yield line number and row of a table with a header; a string says what is wrong."""
    reader = csv.reader(
        (f"{line}\n" for line in lines),
        delimiter=delimiter,
        quoting=csv.QUOTE_MINIMAL if quoting else csv.QUOTE_NONE,
    )
    header: list[str] = []
    start = 1
    try:
        for cells in reader:
            number, start = start, reader.line_num + 1
            if number == 1:
                header = [cell.strip() for cell in cells]
                continue
            if not cells or (len(cells) == 1 and not cells[0].strip()):
                yield number, "an empty line"
            elif len(cells) != len(header):
                yield number, f"{len(cells)} columns, but the header has {len(header)}"
            elif reader.line_num > number and layout != "audiofolder":
                yield (
                    number,
                    f'a quotation mark (") opens here that closes in line {reader.line_num}: '
                    "upstream takes these lines for one row",
                )
            else:
                yield number, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        raise DataError(f"{path}:{start}: {error}") from error


def _from_table(
    path: Path,
    cells: Iterator[tuple[int, dict[str, Any] | str]],
    layout: str,
    audio: Callable[[str], Path],
) -> Metadata:
    rows: list[Row] = []
    findings: list[Finding] = []
    columns: dict[str, str] = {}
    for number, row in cells:
        if isinstance(row, str):
            findings.append(Finding("columns", row, path, number))
            continue
        if not columns:
            columns = {
                "audio": _column(path, row, AUDIO_COLUMNS, "audio"),
                "text": _column(path, row, TEXT_COLUMNS, "text"),
                "speaker": next((c for c in SPEAKER_COLUMNS if c in row), ""),
                "language": next((c for c in LANGUAGE_COLUMNS if c in row), ""),
            }
        name, text = row.get(columns["audio"]), row.get(columns["text"])
        if not isinstance(name, str) or not name:
            findings.append(Finding("columns", f"no {columns['audio']}", path, number))
            continue
        if text is not None and not isinstance(text, str):
            findings.append(Finding("columns", f"{columns['text']} is not text", path, number))
            continue
        speaker, language = (
            row.get(columns[c]) if columns[c] else "" for c in ("speaker", "language")
        )
        rows.append(
            Row(
                path,
                number,
                audio(name),
                text or "",
                speaker=_field(speaker),
                language=language_code(_field(language)),
            )
        )
    return Metadata(path, layout, tuple(rows), tuple(findings))


def _field(value: object) -> str:
    return "" if value is None else str(value).strip()


def _column(path: Path, row: dict[str, Any], names: tuple[str, ...], what: str) -> str:
    for name in names:
        if name in row:
            return name
    raise DataError(
        f"{path}:1: no column for the {what}; it has {', '.join(row)}, and known names are "
        f"{', '.join(names)}"
    )


def language_code(name: str) -> str:
    """Return upstream's code of a language as corpora write it: ``am`` for Amharic in any form."""
    if is_amharic(name) or name.lower() == "amharic":
        return AMHARIC
    return name.lower()


def _coqui(path: Path, lines: list[str]) -> Metadata:
    cells = _table(path, lines, "coqui", "|", quoting=True)
    return _from_table(path, cells, "coqui", lambda name: path.parent / name)


def _common_voice(path: Path, lines: list[str]) -> Metadata:
    def audio(name: str) -> Path:
        # Releases since 2019 give the name with its ending, the first ones without.
        return path.parent / "clips" / (name if Path(name).suffix else f"{name}.mp3")

    cells = _table(path, lines, "common_voice", "\t", quoting=False)
    found = _from_table(path, cells, "common_voice", audio)
    header = lines[0].split("\t")
    if header[:3] == ["client_id", "path", "sentence"]:
        return found
    misread = Finding(
        "layout",
        f"upstream's formatter common_voice takes the third column for the text, which is "
        f"{header[2] if len(header) > 2 else 'missing'!r} here; import the corpus instead "
        "(coqui-amharic data import)",
        path,
        1,
    )
    return Metadata(path, "common_voice", found.rows, (misread, *found.findings))


def _audiofolder(path: Path, lines: list[str]) -> Metadata:
    if path.suffix.lower() in (".jsonl", ".ndjson"):
        cells = _json_lines(path, lines)
    else:
        cells = _table(path, lines, "audiofolder", ",", quoting=True)
    return _from_table(path, cells, "audiofolder", lambda name: path.parent / name)


def _json_lines(path: Path, lines: list[str]) -> Iterator[tuple[int, dict[str, Any] | str]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except json.JSONDecodeError as error:
            yield number, f"not JSON: {error}"
            continue
        yield number, value if isinstance(value, dict) else "not a JSON object"


_READERS: Final[dict[str, Callable[[Path, list[str]], Metadata]]] = {
    "ljspeech": _ljspeech,
    "coqui": _coqui,
    "common_voice": _common_voice,
    "audiofolder": _audiofolder,
}
