"""Read metadata without a header: LJSpeech's layout and variants, FLEURS's, names with texts."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from coqui_amharic_ext.data.clips import Clips, composed, has_ending
from coqui_amharic_ext.data.columns import Columns, punctuation, tell_columns
from coqui_amharic_ext.data.findings import Finding
from coqui_amharic_ext.data.rows import NOT_TEXT, Metadata, Row, usable


def is_fleurs(line: str) -> bool:
    """Whether a line is number, file, raw, normalised, characters, samples, gender."""
    cells = line.split("\t")
    return len(cells) >= 6 and cells[0].isdecimal() and has_ending(cells[1])


def line_separator(path: Path, lines: list[str]) -> str:
    """Return the separator of audio file names and texts, if it is not ``|``."""
    said = [line for line in lines if line.strip()]
    for separator in ("\t", ",", ";"):
        if not all(separator in line for line in said):
            continue
        if all(any(map(_is_file, line.split(separator)[:2])) for line in said):
            return separator
        if separator == "\t" and Clips(path).has(said[0].split("\t")[0]):
            return separator
    return ""


def _is_file(cell: str) -> bool:
    return has_ending(cell.strip().strip('"'))


def ljspeech(path: Path, lines: list[str]) -> Metadata:
    """Read LJSpeech's layout and its variants."""
    return _unnamed(path, lines, "ljspeech", "|", Clips(path, "wavs", ".wav"))


def lines(path: Path, lines: list[str]) -> Metadata:
    """Read names of audio files with their texts."""
    return _unnamed(path, lines, "lines", line_separator(path, lines) or "\t", Clips(path))


def _unnamed(path: Path, lines: list[str], layout: str, separator: str, clips: Clips) -> Metadata:
    """Read lines whose columns are recognised by their contents."""
    cells = [_unquoted(line, separator, layout) for line in lines]
    empty = {number for number, line in enumerate(lines, start=1) if not line.strip()}
    # Lines of other widths are faults; if in doubt, the layout's width is right.
    widths = Counter(len(row) for row in cells if len(row) > 1)
    width = max(widths, key=lambda n: (widths[n], n == 3, -n)) if widths else 3
    findings: list[Finding] = []
    told = [row for row in cells if len(row) == width]
    columns = tell_columns(_used(told)) if told else Columns(0, 2, 1)
    ours = layout == "ljspeech"
    if ours and empty:
        findings.append(_misread(path, [f"it stops at an empty line, as line {min(empty)} is"]))
    if ours and told:
        findings += _other_columns(path, columns, width)
        if cells != [line.split(separator) for line in lines]:
            findings.append(_misread(path, ["quotation marks around a cell are part of it"]))
    rows: list[Row] = []
    renamed: list[str] = []
    for number, row in enumerate(cells, start=1):
        if number in empty:
            continue
        if len(row) != width:
            findings.append(Finding("columns", _wrong_width(row, width), path, number))
            continue
        name = row[columns.name]
        if not usable(row):
            findings.append(Finding("columns", NOT_TEXT, path, number))
            continue
        audio = clips.find(name)
        if audio != clips.expected(name) or "\\" in name:
            renamed.append(name)
        speaker = "" if columns.speaker is None else row[columns.speaker].strip()
        text, written = row[columns.text], row[columns.written]
        rows.append(Row(path, number, audio, text, speaker=speaker, written=written))
    if ours and renamed:
        findings.insert(0, _other_names(path, renamed, clips))
    return Metadata(path, layout, tuple(rows), tuple(findings))


def _used(rows: list[list[str]]) -> list[list[str]]:
    """Return rows without the columns of trailing separators."""
    width = max((n + 1 for row in rows for n, cell in enumerate(row) if cell.strip()), default=2)
    return [row[: max(2, width)] for row in rows]


def _unquoted(line: str, separator: str, layout: str) -> list[str]:
    """Return a line's cells, without a spreadsheet's quotation marks around them."""
    if separator == ",":
        # A text after a name can contain commas, also in quotes.
        name, _, rest = line.partition(",")
        cells = [name, rest]
    else:
        cells = line.split(separator)
    if layout == "ljspeech" and not line.startswith('"') and '""' not in line:
        return cells
    return [_without_quotes(cell) for cell in cells]


def _without_quotes(cell: str) -> str:
    stripped = cell.strip()
    inner = stripped[1:-1]
    if len(stripped) < 2 or stripped[0] + stripped[-1] != '""' or '"' in inner.replace('""', ""):
        return cell
    return inner.replace('""', '"')


def _wrong_width(row: list[str], width: int) -> str:
    shape = {2: "name|text", 3: "name|text|normalised text"}.get(width, "as the other lines have")
    what = f"{len(row)} columns instead of {width} ({shape}): {'|'.join(row)[:60]!r}"
    if len(row) < 3:
        return f"{what}; upstream stops here"
    return f"{what}; upstream drops what follows the third '|'"


def _other_columns(path: Path, columns: Columns, width: int) -> list[Finding]:
    """Find columns that upstream's formatter misreads."""
    if width == 2:
        what = "every line is name|text, without the third column (name|text|text)"
        return [Finding("no-third-column", f"{what}; upstream stops here", path)]
    wrong = []
    if columns.name != 0:
        wrong.append(f"column {columns.name + 1} has the names, which it reads in column 1")
    if columns.text != 2:
        wrong.append(f"column {columns.text + 1} has the text, which it reads in column 3")
    if columns.speaker is not None:
        wrong.append(f"it has no speakers, which column {columns.speaker + 1} names")
    return [_misread(path, wrong)] if wrong else []


def _other_names(path: Path, names: list[str], clips: Clips) -> Finding:
    expected = clips.expected(names[0])
    what = f"it looks for {expected} ({len(names)} such names)"
    found = clips.find(names[0])
    if found.name != expected.name and composed(found.name) == composed(expected.name):
        return _misread(path, [f"{what}; the file's name has other code points for its letters"])
    return _misread(path, [f"{what}; the first column is the name without .wav"])


def _misread(path: Path, wrong: list[str]) -> Finding:
    return Finding("layout", f"upstream's formatter ljspeech: {'; '.join(wrong)}", path)


def fleurs(path: Path, lines: list[str]) -> Metadata:
    """Read FLEURS's tables; of the two transcriptions, the one with punctuation."""
    cells = [line.split("\t") for line in lines]
    whole = [row for row in cells if len(row) >= 6]
    raw, normalised = (punctuation([row[n] for row in whole]) for n in (2, 3))
    chosen = 2 if raw >= normalised else 3
    clips = Clips(path, path.stem)
    rows: list[Row] = []
    findings: list[Finding] = []
    for number, row in enumerate(cells, start=1):
        if not "".join(row).strip():
            continue
        if len(row) < 6:
            what = f"{len(row)} columns instead of 7, separated by tabs"
            findings.append(Finding("columns", what, path, number))
        elif not usable(row):
            findings.append(Finding("columns", NOT_TEXT, path, number))
        else:
            rows.append(Row(path, number, clips.find(row[1]), row[chosen]))
    return Metadata(path, "fleurs", tuple(rows), tuple(findings))
