"""Metadata with a header, and JSON lines: Coqui's, Common Voice's, audiofolder's and others'."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from coqui_amharic_ext.data.clips import Clips, has_ending
from coqui_amharic_ext.data.decoding import first_line
from coqui_amharic_ext.data.findings import DataError, Finding
from coqui_amharic_ext.data.languages import language_code
from coqui_amharic_ext.data.rows import NOT_TEXT, Metadata, Row, usable
from coqui_amharic_ext.io.jsontext import parsed

AUDIO_COLUMNS: Final = (
    *("audio_file", "file_name", "path", "audio", "file", "wav_filename", "audio_filepath"),
    *("filename", "audio_path", "wav", "wav_file", "wav_path", "filepath", "file_path"),
    *("clip", "clip_id", "utterance_id", "utt_id", "name", "id"),
)
TEXT_COLUMNS: Final = (
    *("text", "sentence", "raw_transcription", "transcription", "transcript"),
    *("normalized_text", "normalised_text", "utterance"),
)
"""In order of preference: FLEURS's ``transcription`` has no punctuation."""
SPEAKER_COLUMNS: Final = ("speaker_name", "speaker", "speaker_id", "client_id")
LANGUAGE_COLUMNS: Final = ("language", "locale", "lang")


SEPARATORS: Final = ("\t", "|", ",", ";")


def header_separator(line: str) -> str:
    """Return the separator of a header that names audio and text, ``""`` for another line."""
    for separator in SEPARATORS:
        names = {_plain(cell) for cell in line.split(separator)}
        if names & set(AUDIO_COLUMNS) and names & set(TEXT_COLUMNS):
            return separator
    return ""


def _plain(name: str) -> str:
    return name.strip().strip('"').casefold()


def table(path: Path, lines: list[str]) -> Metadata:
    """Read a table whose header names the columns."""
    separator = header_separator(first_line(lines)) or ","
    cells = _table(path, lines, "table", separator, quoting=True)
    return _from_table(path, cells, "table", Clips(path))


def _table(
    path: Path, lines: list[str], layout: str, delimiter: str, quoting: bool
) -> Iterator[tuple[int, dict[str, str] | str]]:
    """Yield line number and row of a table with a header; a string is the row's fault."""
    # Upstream's reader skips empty lines, too.
    reader = csv.reader(
        (f"{line}\n" if line.strip() else "\n" for line in lines),
        delimiter=delimiter,
        quoting=csv.QUOTE_MINIMAL if quoting else csv.QUOTE_NONE,
    )
    header: list[str] = []
    start = 1
    try:
        for cells in reader:
            number, start = start, reader.line_num + 1
            if not cells:
                continue
            if not header:
                header = [_plain(cell) for cell in cells]
                continue
            if len(cells) != len(header):
                yield number, f"{len(cells)} columns, but the header has {len(header)}"
            elif reader.line_num > number and layout == "coqui":
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
    clips: Clips,
) -> Metadata:
    rows: list[Row] = []
    findings: list[Finding] = []
    renamed: list[str] = []
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
        if not usable(row.values()):
            findings.append(Finding("columns", NOT_TEXT, path, number))
            continue
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
        audio = clips.find(name)
        if audio != clips.expected(name):
            renamed.append(name)
        rows.append(
            Row(
                path,
                number,
                audio,
                text or "",
                speaker=_field(speaker),
                language=language_code(_field(language)),
            )
        )
    if layout == "coqui" and renamed:
        what = f"{renamed[0]!r} ({len(renamed)} of them)"
        message = f"upstream's formatter coqui does not find {what} and leaves them out"
        findings.insert(0, Finding("layout", message, path))
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


def coqui(path: Path, lines: list[str]) -> Metadata:
    """Read Coqui's layout."""
    cells = _table(path, lines, "coqui", "|", quoting=True)
    return _from_table(path, cells, "coqui", Clips(path))


def common_voice(path: Path, lines: list[str]) -> Metadata:
    """Read a table of a Common Voice release."""
    cells = list(_table(path, lines, "common_voice", "\t", quoting=False))
    named = (row["path"] for _, row in cells if isinstance(row, dict))
    # Releases since 2019 have names with endings, earlier ones without.
    ending = "" if any(map(has_ending, named)) else ".mp3"
    found = _from_table(path, iter(cells), "common_voice", Clips(path, "clips", ending))
    header = first_line(lines).split("\t")
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


def audiofolder(path: Path, lines: list[str]) -> Metadata:
    """Read Hugging Face's audiofolder: a table, or JSON lines, which NeMo's manifests are, too."""
    if is_json(path, lines):
        cells = _json_lines(path, lines)
    else:
        cells = _table(path, lines, "audiofolder", ",", quoting=True)
    return _from_table(path, cells, "audiofolder", Clips(path))


def is_json(path: Path, lines: list[str]) -> bool:
    """Whether a file holds JSON: NeMo's lines of it end in ``.json``."""
    ending = path.suffix.lower()
    return ending in (".jsonl", ".ndjson") or (
        ending == ".json" and first_line(lines).lstrip().startswith(("{", "["))
    )


def _json_lines(path: Path, lines: list[str]) -> Iterator[tuple[int, dict[str, Any] | str]]:
    if first_line(lines).lstrip().startswith("["):
        for number, value in enumerate(_json_array(path, lines), start=1):
            yield number, value if isinstance(value, dict) else "not a JSON object"
        return
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            value = parsed(line)
        except ValueError as error:
            yield number, f"not JSON: {error}"
            continue
        yield number, value if isinstance(value, dict) else "not a JSON object"


def _json_array(path: Path, lines: list[str]) -> list[Any]:
    """Return the items of one JSON document; they count as lines do."""
    try:
        found = parsed("\n".join(lines))
    except ValueError as error:
        raise DataError(f"{path}: not JSON: {error}") from error
    return found if isinstance(found, list) else [found]
