"""Check a corpus: every clip and every text, against what the model takes."""

from __future__ import annotations

import math
import os
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from coqui_amharic_ext.coqui.languages import AMHARIC
from coqui_amharic_ext.coqui.xtts_text import xtts_settings
from coqui_amharic_ext.data import text as texts
from coqui_amharic_ext.data.audio import AudioError, Clip, measure
from coqui_amharic_ext.data.findings import DataError, Finding
from coqui_amharic_ext.data.languages import language_code
from coqui_amharic_ext.data.limits import XTTS, Limits
from coqui_amharic_ext.data.manifest import is_language_code
from coqui_amharic_ext.data.metadata import read_all
from coqui_amharic_ext.data.rows import Metadata, Row
from coqui_amharic_ext.data.text import Reader
from coqui_amharic_ext.settings import get_settings
from coqui_amharic_ext.text import normalize
from coqui_amharic_ext.text.policy import TextPolicy

EDGE_SECONDS: Final = 1.0
"""Silence before or after the speech that is reported."""

CLIPPED_SHARE: Final = 1e-3
CLIPPED_SAMPLES: Final = 10

PACE_FACTOR: Final = 2.5
PACE_CLIPS: Final = 20
"""Clips below which a language has no usual pace."""

CLEAR_FAST: Final = 5.0
CLEAR_SLOW: Final = 12.0
"""Factors of the usual pace outside which a text certainly belongs to another clip."""

FASTEST: Final = 120.0
SLOWEST: Final = 0.2
"""Characters per second that are no speech, whatever the pace of other clips: several times the
fastest speech (10 in Ethiopic script, whose letters are syllables, and 25 in Latin), or hardly a
word."""

EVAL_SHARE: Final = 0.01
EVAL_MOST: Final = 256
"""Upstream's default share of clips for evaluation, and the recipe's maximum."""

PLACES: Final = 3
"""Number of copies of a recording that a finding names."""

Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Examined:
    """One row with its findings.

    Parameters
    ----------
    row : Row
        The row of the metadata.
    language : str
        The row's, or the corpus's.
    clip : Clip or None
        Its audio; ``None`` where that cannot be read.
    spoken : str
        The text as it is read out; as written for languages other than Amharic.
    findings : tuple of Finding
        In the order of the checks.
    """

    row: Row
    language: str
    clip: Clip | None
    spoken: str
    findings: tuple[Finding, ...]

    @property
    def usable(self) -> bool:
        """Whether a fixed copy would contain the row."""
        return not any(found.remedy == "left out" for found in self.findings)


@dataclass(frozen=True, slots=True)
class Report:
    """Findings of a check.

    Parameters
    ----------
    metadata : tuple of Metadata
        The files.
    rows : tuple of Examined
        Their rows.
    findings : tuple of Finding
        All of them, by file and line.
    """

    metadata: tuple[Metadata, ...]
    rows: tuple[Examined, ...]
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        return sum(found.severity == "error" for found in self.findings)

    @property
    def warnings(self) -> int:
        """How many findings are warnings."""
        return len(self.findings) - self.errors

    @property
    def seconds(self) -> float:
        """Length of all audio that could be read."""
        return sum(done.clip.seconds for done in self.rows if done.clip is not None)

    def to_dict(self) -> dict[str, object]:
        """Return what ``--json`` prints."""
        return {
            "files": [str(read.path) for read in self.metadata],
            "layouts": [read.layout for read in self.metadata],
            "rows": len(self.rows),
            "usable": sum(done.usable for done in self.rows),
            "seconds": round(self.seconds, 2),
            "errors": self.errors,
            "warnings": self.warnings,
            "kinds": dict(Counter(found.kind for found in self.findings)),
            "findings": [found.to_dict() for found in self.findings],
        }


def check(
    metadata: Sequence[Path],
    *,
    layout: str = "auto",
    language: str = AMHARIC,
    limits: Limits = XTTS,
    reader: Reader | None = None,
    tell: Tell = lambda done, total: None,
) -> Report:
    """Check the audio, texts and fields of a corpus.

    Parameters
    ----------
    metadata : sequence of Path
        Metadata files, or folders of corpora; together they form one corpus.
    layout : str
        As in ``read_metadata``.
    language : str
        Of rows whose metadata do not name one.
    limits : Limits
        Of the model that will be trained.
    reader : Reader, optional
        Converts a text as the model does; without it, tokens are not checked.
    tell : callable
        Called with the number of finished and of all steps.

    Raises
    ------
    DataError
        A metadata file cannot be read; the message names file and line.
    """
    if not metadata:
        raise DataError("give at least one metadata file")
    read = read_all(metadata, layout)
    rows = [row for one in read for row in one.rows]
    clips = _measure_all(rows, tell)
    language = language_code(language)
    policy = policy_for(limits)
    speakers = {row.metadata for row in rows if row.speaker}
    done = []
    for row, clip in zip(rows, clips, strict=True):
        chosen = row.language or language
        done.append(_examine(row, clip, chosen, limits, reader, policy, row.metadata in speakers))
        tell(len(rows) + len(done), 2 * len(rows))
    added = [*_duplicates(done), *_repeated(done), *_paces(done)]
    done = _with(done, added)
    whole = [found for one in read for found in _splits(one.path, done, len(read))]
    findings = [found for one in read for found in one.findings]
    findings += [found for one in done for found in one.findings]
    order = {one.path: number for number, one in enumerate(read)}
    findings.sort(key=lambda found: (order[found.metadata], found.line))
    return Report(read, tuple(done), (*findings, *whole))


def policy_for(limits: Limits) -> TextPolicy:
    """Return the text policy of a model's Amharic: XTTS keeps words in Latin letters."""
    settings = get_settings()
    if limits.model == "xtts":
        settings = xtts_settings(settings)
    return TextPolicy.from_string(settings.text)


def _measure_all(rows: Sequence[Row], tell: Tell) -> list[Clip | AudioError]:
    def one(path: Path) -> Clip | AudioError:
        try:
            return measure(path)
        except AudioError as error:
            return error
        except OSError as error:
            return AudioError(f"{error.strerror or error}")
        except Exception as error:  # a clip can have any fault
            return AudioError(f"it cannot be read ({type(error).__name__}: {error})")

    # A file that several rows name is measured once.
    paths = list(dict.fromkeys(row.audio for row in rows))
    measured: dict[Path, Clip | AudioError] = {}
    pool = ThreadPoolExecutor(max_workers=os.cpu_count())
    try:
        for path, result in zip(paths, pool.map(one, paths), strict=True):
            measured[path] = result
            # Audio is the first half of the work, texts are the second.
            tell(len(measured) * len(rows) // len(paths), 2 * len(rows))
    finally:
        # On Ctrl-C, do not wait until the whole corpus is read.
        pool.shutdown(cancel_futures=True)
    return [measured[row.audio] for row in rows]


class _Findings:
    """Collects the findings of one row."""

    def __init__(self, row: Row) -> None:
        self._row = row
        self.found: list[Finding] = []

    def add(self, kind: str, message: str) -> None:
        row = self._row
        self.found.append(
            Finding(kind, message, row.metadata, row.line, audio=str(row.audio), text=row.text)
        )


def _examine(
    row: Row,
    clip: Clip | AudioError,
    language: str,
    limits: Limits,
    reader: Reader | None,
    policy: TextPolicy,
    speakers: bool,
) -> Examined:
    findings = _Findings(row)
    if isinstance(clip, AudioError):
        missing = not os.path.isfile(row.audio)
        findings.add("missing-audio" if missing else "unreadable-audio", f"{row.audio}: {clip}")
    else:
        _examine_audio(findings, clip, limits)
    known = not limits.languages or language in limits.languages
    if not is_language_code(language):
        known = False
        findings.add("language", f"{language!r} is no language's code, such as am")
    elif not known:
        findings.add(
            "language",
            f"{language!r} is not a language of this model: {', '.join(limits.languages)}",
        )
    if speakers and not row.speaker:
        findings.add("speaker", "the speaker is empty, but other rows have one")
    spoken = _examine_text(findings, row, language, limits, reader if known else None, policy)
    return Examined(
        row, language, clip if isinstance(clip, Clip) else None, spoken, tuple(findings.found)
    )


def _examine_audio(findings: _Findings, clip: Clip, limits: Limits) -> None:
    seconds = clip.seconds
    if not clip.finite:
        findings.add("unreadable-audio", "samples that are not finite numbers")
    if clip.silent:
        findings.add("silent-audio", f"no frame is louder than {clip.loudest:.1g} of full scale")
        return
    if seconds < limits.min_seconds:
        findings.add(
            "too-short", f"{seconds:.2f} s, the model takes {limits.min_seconds:.2f} s and more"
        )
    if seconds > limits.max_seconds:
        findings.add(
            "too-long",
            f"{seconds:.2f} s, the model takes up to {limits.max_seconds:.2f} s; split the clip",
        )
    if clip.rate != limits.sample_rate:
        rates = f"{clip.rate} Hz, the model has {limits.sample_rate} Hz"
        if not limits.resamples:
            findings.add("sample-rate", f"{rates} and upstream does not resample for it")
        elif clip.rate < limits.sample_rate:
            findings.add("narrow-band", f"{rates}: nothing above {clip.rate // 2} Hz is in it")
        else:
            findings.add("resampled", rates)
    if clip.channels > 1:
        findings.add("stereo", f"{clip.channels} channels, which upstream averages")
    if clip.clipped >= max(CLIPPED_SAMPLES, CLIPPED_SHARE * clip.samples):
        findings.add("clipping", f"{clip.clipped} samples are cut off at full scale")
    if max(clip.lead, clip.tail) > EDGE_SECONDS:
        findings.add(
            "edge-silence", f"{clip.lead:.1f} s before and {clip.tail:.1f} s after the speech"
        )


def _examine_text(
    findings: _Findings,
    row: Row,
    language: str,
    limits: Limits,
    reader: Reader | None,
    policy: TextPolicy,
) -> str:
    """Add the findings of a text; return it as it is read out."""
    text = row.text
    if not text.strip():
        findings.add("empty-text", "the text is empty")
        return ""
    if odd := texts.not_composed(text):
        findings.add("unicode", ", ".join(odd))
    spoken = text
    if language == AMHARIC:
        try:
            spoken = " ".join(normalize(text, policy).split())
            numbers = texts.figures(text, policy)
        except Exception as error:
            findings.add("unreadable-text", f"{type(error).__name__}: {error}")
            return ""
        if numbers:
            read = "; ".join(f"{written!r} is read {said!r}" for written, said in numbers)
            findings.add("numerals", f"{read} (check against the recording)")
        if dropped := texts.dropped_characters(text, policy):
            findings.add("dropped-characters", f"not spoken: {' '.join(dropped)}")
        if not any(character.isalnum() for character in spoken):
            findings.add("empty-text", "nothing is left to read out")
            return ""
        if not texts.has_ethiopic(text):
            findings.add("script", "Amharic without an Ethiopic letter")
    if reader is not None:
        _examine_reading(findings, text, language, limits, reader)
    return spoken


def _examine_reading(
    findings: _Findings, text: str, language: str, limits: Limits, reader: Reader
) -> None:
    try:
        reading = reader(text, language)
    except Exception as error:
        findings.add("unreadable-text", f"{type(error).__name__}: {error}")
        return
    if reading.unknown:
        findings.add("unknown-characters", f"no symbol for {', '.join(map(repr, reading.unknown))}")
    if reading.tokens > limits.max_tokens:
        findings.add(
            "too-much-text",
            f"{reading.tokens} tokens, the model takes up to {limits.max_tokens:.0f}; "
            "split the clip",
        )


def _about(done: Examined, kind: str, message: str) -> Finding:
    row = done.row
    return Finding(kind, message, row.metadata, row.line, audio=str(row.audio), text=row.text)


def _duplicates(rows: Iterable[Examined]) -> list[Finding]:
    """Find recordings that occur twice, with the same or another text."""
    groups: dict[str, list[Examined]] = defaultdict(list)
    for done in rows:
        if done.clip is not None and not done.clip.silent:
            groups[done.clip.digest].append(done)
    found = []
    for members in groups.values():
        first = members[0]
        if len({_folded(done) for done in members}) > 1:
            # With many copies, each finding would name all of them.
            places = ", ".join(done.row.place for done in members[:PLACES])
            if len(members) > PLACES:
                places += f" and {len(members) - PLACES} more"
            message = f"the same recording has different texts at {places}"
            found += [_about(done, "contradiction", message) for done in members]
        else:
            message = f"the same recording and text as {first.row.place}"
            found += [_about(done, "duplicate", message) for done in members[1:]]
    return found


def _folded(done: Examined) -> str:
    return " ".join(done.spoken.split()) or done.row.text.strip()


def _repeated(rows: Iterable[Examined]) -> list[Finding]:
    """Find texts that a speaker says in more than one recording."""
    seen: dict[tuple[str, str, str], Examined] = {}
    found = []
    for done in rows:
        if not done.spoken:
            continue
        first = seen.setdefault((done.row.speaker, done.language, _folded(done)), done)
        other = first.clip and done.clip and first.clip.digest != done.clip.digest
        if first is not done and other:
            found.append(_about(done, "repeated-text", f"the same text as {first.row.place}"))
    return found


def _paces(rows: Iterable[Examined]) -> list[Finding]:
    """Find clips whose text is far too long or too short: often the wrong text."""
    groups: dict[str, list[tuple[float, Examined]]] = defaultdict(list)
    for done in rows:
        if done.clip is None or done.clip.silent or not done.spoken:
            continue
        speech = done.clip.seconds - done.clip.lead - done.clip.tail
        if speech > 0:
            groups[done.language].append((len(done.spoken) / speech, done))
    found = []
    for members in groups.values():
        usual = statistics.median(pace for pace, _ in members)
        judged = len(members) >= PACE_CLIPS
        for pace, done in members:
            far = max(pace / usual, usual / pace) if judged else 1.0
            clear = far > (CLEAR_FAST if pace > usual else CLEAR_SLOW)
            clear = clear or not SLOWEST <= pace <= FASTEST
            if clear or far > PACE_FACTOR:
                others = f", the others have {usual:.1f}" if judged else ""
                message = f"{pace:.1f} characters a second{others}; is it its text?"
                row = done.row
                found.append(
                    Finding(
                        "pace",
                        message,
                        row.metadata,
                        row.line,
                        audio=str(row.audio),
                        text=row.text,
                        clear=clear,
                    )
                )
    return found


def _splits(path: Path, corpus: Iterable[Examined], files: int) -> list[Finding]:
    """Find faults that stop upstream's split of a file into training and evaluation clips."""
    rows = [done for done in corpus if done.row.metadata == path and not done.row.split]
    size = min(EVAL_MOST // files, int(len(rows) * EVAL_SHARE))
    if rows and size == 0:
        share = math.ceil(1000 / len(rows)) / 1000
        message = (
            f"{len(rows)} clips: upstream's 1 % for evaluation would be none, at which it stops; "
            f"give at least --coqpit.eval_split_size {share:.3f}"
        )
        return [Finding("eval-split", message, path)]
    counts = Counter(done.row.speaker for done in rows)
    to_spare = sum(count - 1 for count in counts.values())
    if len(counts) > 1 and to_spare < size:
        message = (
            f"{len(counts)} speakers with {to_spare} clips to spare: upstream takes {size} for "
            "evaluation but never a speaker's last one, and would look for more for ever"
        )
        return [Finding("endless-split", message, path)]
    return []


def _with(rows: Sequence[Examined], added: Iterable[Finding]) -> list[Examined]:
    by_place: dict[tuple[Path, int], list[Finding]] = defaultdict(list)
    for found in added:
        by_place[found.metadata, found.line].append(found)
    return [
        Examined(
            done.row,
            done.language,
            done.clip,
            done.spoken,
            (*done.findings, *by_place[done.row.metadata, done.row.line]),
        )
        for done in rows
    ]
