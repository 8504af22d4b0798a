"""Write a corrected copy of a corpus, which itself is only read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from coqui_amharic_ext.data.audio import AudioError, Clip, load_mono
from coqui_amharic_ext.data.check import EDGE_SECONDS, Examined, Report, check
from coqui_amharic_ext.data.corpus import CorpusWriter
from coqui_amharic_ext.data.findings import DataError, Finding
from coqui_amharic_ext.data.folder import new_folder
from coqui_amharic_ext.data.limits import Limits
from coqui_amharic_ext.data.reports import LEFT_OUT, write_report
from coqui_amharic_ext.data.text import Reader

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MARGIN_SECONDS: Final = 0.2
"""Silence that remains before and after the speech after trimming."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """A corrected copy.

    Parameters
    ----------
    folder : Path
        Its path.
    metadata : tuple of Path
        Its metadata files.
    kept : int
        Number of its rows.
    left_out : tuple of Finding
        The reason for each missing row or line.
    report : Report
        The check of the copy.
    """

    folder: Path
    metadata: tuple[Path, ...]
    kept: int
    left_out: tuple[Finding, ...]
    report: Report


def fix(
    report: Report,
    folder: Path,
    *,
    limits: Limits,
    reader: Reader | None = None,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> Fixed:
    """Write a corrected copy of a checked corpus.

    Audio becomes 16-bit mono at the model's sample rate, and long silence around the speech is cut.
    Amharic is written as it is read out, next to the original text if the layout has a column for
    it. Rows that cannot be corrected are left out and listed, with the reason, in
    ``left_out.tsv``. The copy is checked before it gets its name.

    Parameters
    ----------
    report : Report
        From ``check``.
    folder : Path
        The copy; it must not exist, or be empty.
    limits, reader
        As for ``check``.
    tell : callable
        Called with the number of written and of all rows.

    Raises
    ------
    DataError
        The folder exists, no row is usable, or the check of the copy fails; nothing is left then.
    OSError
        The copy cannot be written, for example on a full disk; nothing is left then.
    """
    with new_folder(folder) as partial:
        writer = CorpusWriter(partial, limits.sample_rate)
        left_out = [f for one in report.metadata for f in one.findings if f.kind == "columns"]
        for number, done in enumerate(report.rows, 1):
            why = _reason(done) or _write(writer, done, limits)
            if why is not None:
                left_out.append(why)
            tell(number, len(report.rows))
        if not writer.clips:
            raise DataError(
                f"none of {len(report.rows)} rows can be used; the first: "
                f"{left_out[0].place}: {left_out[0].message}"
            )
        _, paths = writer.finish()
        if left_out:
            write_report(
                partial / LEFT_OUT,
                ("place", "kind", "reason", "audio", "text"),
                ((f.place, f.kind, f.message, f.audio, " ".join(f.text.split())) for f in left_out),
            )
        copy = _checked(paths, limits, reader)
    return Fixed(
        folder,
        tuple(folder / path.name for path in paths),
        len(writer.clips),
        tuple(left_out),
        copy,
    )


def _reason(done: Examined) -> Finding | None:
    return next((f for f in done.findings if f.remedy == "left out"), None)


def _write(writer: CorpusWriter, done: Examined, limits: Limits) -> Finding | None:
    """Write one row; return a finding if its audio has become unreadable since the check."""
    row, clip = done.row, done.clip
    if clip is None:
        raise DataError(f"{row.place}: the row has no audio")
    try:
        audio = _corrected(row.audio, clip, limits)
    except AudioError as error:
        return Finding("unreadable-audio", f"{row.audio}: {error}", row.metadata, row.line)
    writer.add(
        row.audio.stem,
        audio,
        written=row.written or row.text,
        spoken=done.spoken,
        speaker=row.speaker,
        language=done.language,
        split=row.split,
    )
    return None


def _corrected(path: Path, clip: Clip, limits: Limits) -> NDArray[np.float32] | Path:
    trimmed = max(clip.lead, clip.tail) > EDGE_SECONDS
    if not trimmed and _is_plain(path, clip, limits):
        return path
    audio = load_mono(path, limits.sample_rate)
    if not trimmed:
        return audio
    rate = limits.sample_rate
    start = max(0, round((clip.lead - MARGIN_SECONDS) * rate))
    end = len(audio) - max(0, round((clip.tail - MARGIN_SECONDS) * rate))
    return audio[start:end]


def _is_plain(path: Path, clip: Clip, limits: Limits) -> bool:
    """Whether a file already has the copy's format."""
    import soundfile

    if clip.channels != 1 or clip.rate != limits.sample_rate:
        return False
    try:
        info = soundfile.info(path)
    except RuntimeError:  # the file has disappeared; loading it reports that
        return False
    return bool(info.format == "WAV" and info.subtype == "PCM_16")


def _checked(paths: tuple[Path, ...], limits: Limits, reader: Reader | None) -> Report:
    """Check the copy file by file, as upstream will read it."""
    # The manifest gives each file's language.
    reports = [check([path], limits=limits, reader=reader) for path in paths]
    whole = Report(
        tuple(m for r in reports for m in r.metadata),
        tuple(row for r in reports for row in r.rows),
        tuple(f for r in reports for f in r.findings),
    )
    # Without outliers the usual pace changes, which makes no row wrong.
    wrong = [
        f
        for f in whole.findings
        if f.severity == "error" and f.remedy != "kept" and f.kind != "pace"
    ]
    if wrong:
        raise DataError(
            f"the corrected copy has faults and was removed: {wrong[0].kind}: "
            f"{wrong[0].message} ({len(wrong)} in all)"
        )
    return whole
