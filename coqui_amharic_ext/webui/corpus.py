"""A corpus's check as tables, and the clips that something was found about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from coqui_amharic_ext.data.findings import KINDS, DataError, Finding
from coqui_amharic_ext.webui.inside import require_audio_inside
from coqui_amharic_ext.webui.markup import Markup, Tone, badge, message, table
from coqui_amharic_ext.webui.plots import waveform
from coqui_amharic_ext.webui.workfolder import WorkFolder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from coqui_amharic_ext.data.check import Report

MOST_ROWS: Final = 500
COLUMNS: Final = 320
PLAYED_SECONDS: Final = 60
METADATA: Final = (".csv", ".tsv", ".jsonl", ".txt")


@dataclass(frozen=True, slots=True)
class Check:
    """What the page shows of a check: results only, so that a session can keep it.

    Parameters
    ----------
    summary, listing : Markup
        In words, and as tables.
    clips : tuple of (str, str)
        What is shown and the path of each clip with a finding, relative to the work folder.
    """

    summary: Markup
    listing: Markup
    clips: tuple[tuple[str, str], ...]


def metadata_of(work: WorkFolder, given: str) -> tuple[Path, ...]:
    """Find the metadata files of what was given: a corpus folder or a file itself."""
    from coqui_amharic_ext.data.manifest import parts_of

    found = work.inside(given, "corpus folder or metadata file")
    if not found.exists():
        raise DataError(f"{work.shown(found)} does not exist")
    if found.is_file() and found.suffix.lower() not in METADATA:
        raise DataError(f"{work.shown(found)} is not a metadata file ({', '.join(METADATA)})")
    return tuple(work.file(str(part.metadata), "metadata file") for part in parts_of(found))


def run_check(work: WorkFolder, given: str, model: str, tell: Callable[[int, int], None]) -> Check:
    """Check a corpus and make tables of what was found.

    Raises
    ------
    DataError, WorkFolderError
        It cannot be read, or is outside the work folder.
    """
    from coqui_amharic_ext.data.check import check
    from coqui_amharic_ext.data.limits import MODELS
    from coqui_amharic_ext.data.text import reader_for

    if model not in MODELS:
        raise DataError(f"model {model!r} is not known; valid values: {', '.join(MODELS)}")
    metadata = metadata_of(work, given)
    require_audio_inside(work, metadata)
    limits = MODELS[model]
    reader = reader_for(limits, None, None)
    return shown(work, check(metadata, limits=limits, reader=reader, tell=tell), model)


def shown(work: WorkFolder, report: Report, model: str) -> Check:
    """Make tables of a report."""
    usable = sum(done.usable for done in report.rows)
    words = (
        f"{len(report.rows)} rows, {report.seconds / 60:.1f} min of audio, {usable} usable for "
        f"{model}; {report.errors} errors, {report.warnings} warnings"
    )
    tone: Tone = "bad" if report.errors else "warning" if report.warnings else "good"
    kinds: dict[str, list[Finding]] = {}
    for found in report.findings:
        kinds.setdefault(found.kind, []).append(found)
    by_kind = table(
        "Kinds of findings",
        ("severity", "found", "kind", "what", "a mended copy"),
        [
            (
                _severity(min(found.severity for found in kinds[kind])),
                len(kinds[kind]),
                kind,
                about.summary,
                ", ".join(sorted({_REMEDY[found.remedy] for found in kinds[kind]})),
            )
            for kind, about in KINDS.items()
            if kind in kinds
        ],
    )
    cases = sorted(report.findings, key=lambda found: found.severity != "error")
    every = table(
        "Findings",
        ("severity", "line", "clip", "finding", "text"),
        [
            (
                _severity(found.severity),
                found.line or "",
                _clip(found),
                _said(work, found),
                _text(found),
            )
            for found in cases[:MOST_ROWS]
        ],
    )
    more = (
        message(f"{len(cases) - MOST_ROWS} more; `coqui-amharic data check --all` lists them")
        if len(cases) > MOST_ROWS
        else ""
    )
    listing = Markup(f"{by_kind}{every}{more}") if cases else message("Nothing found.", "good")
    return Check(message(words, tone), listing, _clips(work, cases))


_REMEDY: Final = {"mended": "mends it", "left out": "leaves the row out", "kept": "keeps it"}


def _severity(severity: str) -> Markup:
    return badge(severity, "bad" if severity == "error" else "warning")


def _clip(found: Finding) -> str:
    return Path(found.audio).name if found.audio else ""


def _said(work: WorkFolder, found: Finding) -> str:
    return f"{found.kind}: {found.message.replace(str(work.root) + '/', '')}"


def _text(found: Finding) -> Markup | str:
    from html import escape

    return Markup(f'<span lang="am">{escape(found.text)}</span>') if found.text else ""


def _clips(work: WorkFolder, cases: list[Finding]) -> tuple[tuple[str, str], ...]:
    kinds: dict[str, list[str]] = {}
    for found in cases:
        if found.audio:
            kinds.setdefault(found.audio, []).append(found.kind)
    return tuple(
        (f"{Path(audio).name} ({', '.join(dict.fromkeys(found))})", work.shown(Path(audio)))
        for audio, found in list(kinds.items())[:MOST_ROWS]
    )


def load_clip(work: WorkFolder, given: str) -> tuple[int, NDArray[np.int16], Markup]:
    """Read a clip for the player, and draw it.

    Returns
    -------
    tuple
        Sample rate, samples of its first minute as one channel, and the waveform.

    Raises
    ------
    DataError
        It is missing or cannot be read.
    """
    import numpy as np

    from coqui_amharic_ext.data.audio import AudioError, open_audio

    path = work.file(given, "clip")
    try:
        with open_audio(path) as file:
            rate, seconds = int(file.samplerate), file.frames / file.samplerate
            audio = file.read(frames=rate * PLAYED_SECONDS, dtype="float32", always_2d=True)
    except (AudioError, OSError) as error:
        raise DataError(f"{work.shown(path)} cannot be played: {error}") from error
    audio = audio[: rate * PLAYED_SECONDS]
    if not len(audio):
        raise DataError(f"{work.shown(path)} cannot be played: it holds no audio")
    mono = np.clip(np.nan_to_num(audio.mean(axis=1)), -1.0, 1.0)
    drawing = waveform(peaks(mono, COLUMNS), seconds, path.name)
    return rate, (mono * 32767).astype(np.int16), drawing


def peaks(mono: NDArray[np.floating], columns: int) -> list[tuple[float, float]]:
    """Return the lowest and highest sample of each of at most ``columns`` equal parts."""
    import numpy as np

    return [
        (float(part.min()), float(part.max()))
        for part in np.array_split(mono, min(columns, len(mono)))
    ]
