"""Whether a training sample can be used and, if not, the reason.

Upstream silently drops samples for any reason. Here there are two kinds. A *defect* (a character
without a token, a missing or unreadable file, no text) is a mistake in the data, and
``Settings.on_bad_sample`` decides what happens. A sample outside the *length* limits of the recipe
is left out on purpose, by upstream as by us, whatever that setting; it is counted and reported.
"""

from __future__ import annotations

import copy
import logging
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from coqui_amharic_ext.errors import CoquiAmharicError, SettingsError, UnavailableError
from coqui_amharic_ext.lossless import UNKNOWN, lacking, unknown_id

logger = logging.getLogger(__name__)

STOP_TOKEN: Final = 0
UNKNOWN_TOKEN: Final = 1
MIN_SECONDS: Final = 0.5
"""Upstream's ``load_item`` refuses shorter clips, which can break models."""

NOT_THE_SAMPLES: Final = (SettingsError, UnavailableError, MemoryError)
"""Errors that every sample would raise: they are never attributed to one, nor skipped."""

Kind = Literal["defect", "length"]

SKIP_HINT: Final = (
    "Fix or remove it, or set on_bad_sample='skip' (COQUI_AMHARIC_ON_BAD_SAMPLE=skip) to leave "
    "such samples out with a counted warning."
)


class UnusableSampleError(CoquiAmharicError, ValueError):
    """A training sample cannot be used; the message names file, text and reason."""

    # A DataLoader rebuilds a worker's error from its message alone.
    def __init__(self, message: str, kind: Kind = "defect") -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Limits:
    """The lengths that a dataset accepts, in samples of audio and in text tokens."""

    min_wav: float
    max_wav: int
    max_text: int
    sample_rate: int

    @classmethod
    def of(cls, dataset: Any) -> Limits:
        """Read the limits of upstream's ``XTTSDataset``."""
        return cls(
            min_wav=MIN_SECONDS * dataset.sample_rate,
            max_wav=dataset.max_wav_len,
            max_text=dataset.max_text_len,
            sample_rate=dataset.sample_rate,
        )

    def refuse(self, wav: int, text: int) -> str:
        """Return why a sample of these lengths is left out, ``""`` if it is not."""
        if wav < self.min_wav:
            return (
                f"the clip lasts {wav / self.sample_rate:.2f} s, less than "
                f"{self.min_wav / self.sample_rate:.2f} s"
            )
        if wav > self.max_wav:
            return (
                f"the clip lasts {wav / self.sample_rate:.2f} s, more than max_wav_length "
                f"({self.max_wav / self.sample_rate:.2f} s)"
            )
        if text > self.max_text:
            return f"the text has {text} tokens, more than max_text_length ({self.max_text})"
        return ""


def describe(sample: Mapping[str, Any]) -> str:
    """Return a sample's file, text and language, for messages."""
    return (
        f"file {sample.get('audio_file')!r}, text {sample.get('text')!r}, "
        f"language {sample.get('language')!r}"
    )


def unusable(sample: Mapping[str, Any], reason: str, kind: Kind = "defect") -> UnusableSampleError:
    """Build the error for one sample."""
    message = f"sample cannot be used: {reason}; {describe(sample)}."
    return UnusableSampleError(f"{message} {SKIP_HINT}" if kind == "defect" else message, kind)


def check_text(sample: Mapping[str, Any]) -> None:
    """Refuse a sample without text; upstream would train on ``None`` and NaN as words.

    Raises
    ------
    UnusableSampleError
        The text is ``None``, NaN or blank.
    """
    text = sample.get("text")
    if text is None or (isinstance(text, float) and math.isnan(text)) or not str(text).strip():
        raise unusable(sample, "its text is empty")


def load(dataset: Any, sample: Mapping[str, Any]) -> tuple[Any, ...]:
    """Load a sample through the dataset's own ``load_item``.

    Parameters
    ----------
    dataset : XTTSDataset
        Upstream's dataset.
    sample : mapping
        One row: ``text``, ``audio_file``, ``language``.

    Returns
    -------
    tuple
        What ``load_item`` returns: text tokens, path, waveform ``(1, samples)`` and conditioning.

    Raises
    ------
    UnusableSampleError
        The sample cannot be used; ``kind`` tells a defect from a length outside the limits.
    """
    check_text(sample)
    _check_unknown(dataset, sample)
    try:
        item: tuple[Any, ...] = dataset.load_item(sample)
    except NOT_THE_SAMPLES:
        raise
    except Exception as error:
        raise explain(dataset, sample, error) from error
    tokens, wav = item[0], item[2]
    reason = Limits.of(dataset).refuse(wav.shape[-1], tokens.shape[0])
    if reason:
        raise unusable(sample, reason, "length")
    if not bool(wav.isfinite().all()):
        raise unusable(sample, "the audio holds values that are not finite numbers")
    return item


def _check_unknown(dataset: Any, sample: Mapping[str, Any]) -> None:
    """Refuse text that the vocabulary drops or whose unknown token upstream's check misses."""
    inner = getattr(getattr(dataset, "tokenizer", None), "tokenizer", None)
    if inner is None or unknown_id(inner) == UNKNOWN_TOKEN:
        return
    reason = _text_reason(dataset, sample)
    if reason:
        raise unusable(sample, reason)


def explain(dataset: Any, sample: Mapping[str, Any], error: Exception) -> UnusableSampleError:
    """Return an error that says why upstream could not load a sample; its own seldom does."""
    if isinstance(error, UnusableSampleError):
        return error
    reason = _text_reason(dataset, sample)
    if reason:
        return unusable(sample, reason)
    path = sample.get("audio_file")
    for role, name in (("audio", path), ("reference audio", sample.get("reference_path"))):
        if isinstance(name, (str, os.PathLike)) and not os.path.isfile(name):
            found = "is a folder" if os.path.isdir(name) else "does not exist"
            return unusable(sample, f"its {role} file {os.fspath(name)!r} {found}")
    try:
        length = _load_length(dataset, path)
    except Exception as cause:
        return unusable(sample, f"its audio cannot be read: {_first_line(cause)}")
    if length == 0:
        return unusable(sample, "its audio is empty")
    reason = Limits.of(dataset).refuse(length, 0)
    if reason:
        return unusable(sample, reason, "length")
    return unusable(sample, _first_line(error))


def _load_length(dataset: Any, path: Any) -> int:
    from TTS.tts.models.xtts import load_audio

    return int(load_audio(path, dataset.sample_rate).shape[-1])


def _first_line(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__


class _Recorder:
    """A stand-in for the inner tokenizer that records its inputs and outputs."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self.calls: list[tuple[str | list[str], Any]] = []

    def encode(self, text: str | list[str], *args: Any, **kwargs: Any) -> Any:
        encoding = self._tokenizer.encode(text, *args, **kwargs)
        self.calls.append((text, encoding))
        return encoding

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tokenizer, name)


def _text_reason(dataset: Any, sample: Mapping[str, Any]) -> str:
    """Return what is wrong with the tokens of a sample's text, ``""`` if they are right."""
    tokenizer = copy.copy(dataset.tokenizer)
    recorder = _Recorder(tokenizer.tokenizer)
    tokenizer.tokenizer = recorder
    language = str(sample.get("language"))
    try:
        ids = list(tokenizer.encode(str(sample["text"]), language))
    except NOT_THE_SAMPLES:
        raise
    except Exception as error:
        return f"its text cannot be turned into tokens: {_first_line(error)}"
    # A wrapper of encode may encode other texts, too; the call that gave the result counts.
    text, encoding = next(call for call in recorder.calls if list(call[1].ids) == ids)
    words = [text] if isinstance(text, str) else list(text)
    if UNKNOWN_TOKEN in ids or lacking(recorder, words, encoding):
        return _name_unknown(recorder, words, encoding, language)
    if STOP_TOKEN in ids:
        return "its text holds the stop token [STOP]"
    return ""


def _name_unknown(tokenizer: Any, words: list[str], encoding: Any, language: str) -> str:
    whole = "".join(words)
    tag = whole[: whole.find("]") + 1]
    if tag.startswith("[") and tokenizer.token_to_id(tag) is None:
        return (
            f"the vocabulary has no token {tag} for language {language!r} ([UNK]); "
            "extend the vocabulary (coqui-amharic vocab)"
        )
    pieces = dict.fromkeys(lacking(tokenizer, words, encoding)) or {UNKNOWN: None}
    named = ", ".join(f"{piece!r} ({_code_points(piece)})" for piece in pieces)
    becomes = (
        "would be dropped or changed" if unknown_id(tokenizer) is None else "would become [UNK]"
    )
    return (
        f"the vocabulary has no token for {named}, it {becomes} in {whole!r}; "
        "extend the vocabulary (coqui-amharic vocab) or change the text"
    )


def _code_points(text: str) -> str:
    return " ".join(f"U+{ord(character):04X}" for character in text)


class Tally:
    """Counts the samples left out in this process and logs them, then ever more rarely.

    DataLoader workers are separate processes, which start with every epoch.
    """

    def __init__(self) -> None:
        self.counts: dict[Kind, int] = {"defect": 0, "length": 0}
        self.first: dict[Kind, str] = {}

    def add(self, error: UnusableSampleError, *, log: bool = True) -> None:
        """Count one sample that is left out."""
        count = self.counts[error.kind] = self.counts[error.kind] + 1
        self.first.setdefault(error.kind, str(error))
        if not log:
            return
        if error.kind == "length":
            if _is_worth_logging(count, at_first=1):
                logger.warning(
                    "%d sample(s) outside the recipe's length limits are left out so far, as "
                    "upstream does silently; the latest: %s",
                    count,
                    error,
                )
        elif _is_worth_logging(count, at_first=5):
            logger.warning("%d sample(s) skipped so far; the latest: %s", count, error)

    @property
    def total(self) -> int:
        """How many samples were left out."""
        return sum(self.counts.values())

    def summary(self) -> str:
        """Describe the counts and the first case of each kind."""
        parts = []
        for kind, words in (("defect", "with a defect"), ("length", "outside the length limits")):
            count = self.counts[kind]  # type: ignore[index]
            if count:
                parts.append(f"{count} {words} (the first: {self.first[kind]})")  # type: ignore[index]
        return "; ".join(parts)


def _is_worth_logging(count: int, at_first: int) -> bool:
    return count <= at_first or count == 10 ** (len(str(count)) - 1)


def none_usable(tally: Tally, total: int, what: str) -> UnusableSampleError:
    """Build the error for a dataset without a usable sample."""
    return UnusableSampleError(f"none of the {total} {what} can be used: {tally.summary()}")


def sift(
    samples: list[Any],
    examine: Callable[[Any], object],
    *,
    skip: bool,
    what: str,
) -> list[Any]:
    """Keep the samples that ``examine`` does not refuse.

    Parameters
    ----------
    samples : list
        Rows to examine.
    examine : callable
        Raises ``UnusableSampleError`` for a sample that cannot be used.
    skip : bool
        Whether samples with a defect are left out with one warning, or raise one error.
    what : str
        A name of the samples for messages, such as ``"eval samples"``.

    Returns
    -------
    list
        The usable ones, in order.

    Raises
    ------
    UnusableSampleError
        Samples have defects and ``skip`` is false, or none of them can be used.
    """
    tally = Tally()
    usable = []
    for sample in samples:
        try:
            examine(sample)
        except UnusableSampleError as error:
            tally.add(error, log=False)
        else:
            usable.append(sample)
    if tally.counts["defect"] and not skip:
        raise UnusableSampleError(
            f"{tally.counts['defect']} of {len(samples)} {what} cannot be used; the first: "
            f"{tally.first['defect']}"
        )
    if samples and not usable:
        raise none_usable(tally, len(samples), what)
    if tally.total:
        logger.warning(
            "%d of %d %s are left out: %s", tally.total, len(samples), what, tally.summary()
        )
    return usable
