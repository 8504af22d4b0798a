"""How well a vocabulary fits a corpus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from coqui_amharic_ext.coqui.text_mode import DEFAULT
from coqui_amharic_ext.coqui.vocabulary import amharic_tokens
from coqui_amharic_ext.coqui.vocabulary_file import XttsVocabulary
from coqui_amharic_ext.coqui.xtts_text import in_vocabulary, words_of, xtts_pieces
from coqui_amharic_ext.coqui.xtts_tokenizer import lacking_words
from coqui_amharic_ext.data.texts import Sample, seconds
from coqui_amharic_ext.lossless import encode_words

LISTED: Final = 50
"""The most unknown pieces that a report names, the commonest first."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """The result of encoding a corpus with a vocabulary.

    Attributes
    ----------
    mode : str
        The text mode.
    texts, known_texts : int
        The number of texts, and of those encoded without an unknown token and without loss. A
        vocabulary without ``[am]`` encodes none.
    tokens, unknown_tokens : int
        Tokens of all texts, the language token of each included.
    longest : int
        Tokens of the longest text, whose line ``longest_where`` names.
    seconds, tokens_per_second : float or None
        Length of all clips and tokens per second of it; ``None`` where the texts have none.
    unknown : tuple of pairs
        Pieces that the vocabulary lacks and how often each occurs, the commonest first.
    unused : tuple of str
        Tokens of Amharic that occur in no encoded text.
    """

    mode: str
    texts: int
    known_texts: int
    tokens: int
    unknown_tokens: int
    longest: int
    longest_where: str
    seconds: float | None
    tokens_per_second: float | None
    unknown: tuple[tuple[str, int], ...]
    unused: tuple[str, ...]

    @property
    def share(self) -> float:
        """The share of the texts that are encoded without an unknown token."""
        return self.known_texts / self.texts


def coverage(
    vocabulary: XttsVocabulary,
    samples: Iterable[Sample],
    mode: str | None = None,
    *,
    clips: bool = True,
) -> Coverage:
    """Encode a corpus as XTTS would and count.

    Parameters
    ----------
    vocabulary : XttsVocabulary
        Extended for Amharic or not.
    samples : iterable of Sample
        At least one; read one by one.
    mode : str, optional
        The text mode for a vocabulary that names none, ``ipa`` by default.
    clips : bool
        Whether to measure the clips. If the folder of the first one is missing, the corpus counts
        as one without clips; otherwise none may be missing.

    Raises
    ------
    DataError
        A corpus cannot be read, or a clip is missing.
    ValueError
        There is no text, or ``mode`` is not the vocabulary's.
    """
    if mode is not None and vocabulary.mode not in (None, mode):
        raise ValueError(
            f"mode={mode!r}, but {vocabulary.name} was extended for {vocabulary.mode!r}; leave the "
            "mode out"
        )
    mode = vocabulary.mode or mode or DEFAULT
    count = _Count(vocabulary, mode, clips)
    for sample in samples:
        count.add(sample)
    if not count.texts:
        raise ValueError("there is no text to encode")
    return count.result()


class _Count:
    def __init__(self, vocabulary: XttsVocabulary, mode: str, clips: bool) -> None:
        self.vocabulary = vocabulary
        self.mode = mode
        self.tokenizer = vocabulary.tokenizer()
        self.known = in_vocabulary(self.tokenizer)
        self.texts = self.known_texts = self.tokens = self.longest = 0
        self.longest_where = ""
        self.seconds = 0.0
        self.with_audio: bool | None = None if clips else False
        self.unknown: Counter[str] = Counter()
        self.used: set[str] = set()

    def add(self, sample: Sample) -> None:
        words = words_of(xtts_pieces(sample.text, self.mode, known=self.known))
        encoding = encode_words(self.tokenizer, words)
        lacking = lacking_words(self.tokenizer, words, encoding)
        self.used.update(encoding.tokens)
        tokens = len(encoding)
        self.texts += 1
        self.known_texts += not lacking
        self.unknown.update(lacking)
        self.tokens += tokens
        if tokens > self.longest:
            self.longest, self.longest_where = tokens, sample.where
        self._measure(sample)

    def _measure(self, sample: Sample) -> None:
        if self.with_audio is None:
            self.with_audio = sample.audio is not None and sample.audio.parent.is_dir()
        if self.with_audio:
            self.seconds += seconds(sample)

    def result(self) -> Coverage:
        own = amharic_tokens(self.vocabulary)
        return Coverage(
            mode=self.mode,
            texts=self.texts,
            known_texts=self.known_texts,
            tokens=self.tokens,
            unknown_tokens=sum(self.unknown.values()),
            longest=self.longest,
            longest_where=self.longest_where,
            seconds=self.seconds if self.with_audio else None,
            tokens_per_second=self.tokens / self.seconds if self.seconds else None,
            unknown=tuple(self.unknown.most_common(LISTED)),
            unused=tuple(token for token in own if token not in self.used),
        )
