"""Sentence splitting for Amharic in XTTS (where upstream uses spaCy) and Synthesizer."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from coqui_amharic_ext.coqui.languages import is_amharic
from coqui_amharic_ext.text.sentences import split_sentences

CLAUSE_MARKS: Final = frozenset("፣፤፥፦,;:–")
"""Marks after which a sentence that is too long is preferably cut."""


def split_to_limit(text: str, limit: int) -> list[str]:
    """Split a text into pieces of whole sentences, none longer than the limit.

    Parameters
    ----------
    text : str
        Amharic text; white space between words counts as one space.
    limit : int
        The most characters of a piece. A longer sentence is cut after a clause, else between words;
        a longer word is cut at the limit.

    Returns
    -------
    list of str
        Pieces in order; together they hold all words and marks.
    """
    if limit < 1:
        raise ValueError(f"limit must be at least 1, got {limit}")
    parts: list[str] = []
    for sentence in split_sentences(text):
        sentence = " ".join(sentence.split())
        parts.extend([sentence] if len(sentence) <= limit else _cut(sentence, limit))
    return list(_pack(filter(None, parts), limit))


def _pack(parts: Iterable[str], limit: int) -> Iterator[str]:
    piece = ""
    for part in parts:
        if piece and len(piece) + 1 + len(part) <= limit:
            piece = f"{piece} {part}"
            continue
        if piece:
            yield piece
        piece = part
    if piece:
        yield piece


def _cut(sentence: str, limit: int) -> Iterator[str]:
    start = 0
    while len(sentence) - start > limit:
        end = _best_end(sentence, start, start + limit)
        yield sentence[start:end].rstrip()
        start = end + 1 if sentence[end : end + 1] == " " else end
    if start < len(sentence):
        yield sentence[start:]


def _best_end(sentence: str, start: int, latest: int) -> int:
    """Return where to cut: the last clause of the second half, else the last space, else latest."""
    space = -1
    for end in range(latest, start, -1):
        if sentence[end : end + 1] != " ":
            continue
        if space < 0:
            space = end
        if sentence[end - 1] in CLAUSE_MARKS and end - start > (latest - start) // 2:
            return end
    return space if space > 0 else latest


def split_sentence_for_xtts(original: Callable[..., list[str]]) -> Callable[..., list[str]]:
    """Wrap upstream's ``split_sentence`` to split Amharic here, without spaCy."""
    original = _upstreams(original)

    @functools.wraps(original)
    def split_sentence(text: str, lang: str, text_split_length: int | None = 250) -> list[str]:
        if not is_amharic(lang):
            return original(text, lang, text_split_length)
        if text_split_length is None or len(text) < text_split_length:
            return [text.lstrip()]
        return split_to_limit(text, text_split_length) or [""]

    return split_sentence


def _upstreams(function: Callable[..., list[str]]) -> Callable[..., list[str]]:
    """Return the function under our wrapper, which the XTTS model may have imported by name."""
    from coqui_amharic_ext.patching import MARK

    while hasattr(function, MARK):
        function = function.__wrapped__  # type: ignore[attr-defined]
    return function


def restore_in_model() -> None:
    """Restore upstream's function in the XTTS model if it imported ours by name."""
    model: Any = sys.modules.get("TTS.tts.models.xtts")
    if model is not None:
        model.split_sentence = _upstreams(model.split_sentence)


def split_into_sentences_for_synthesizer(original: Callable[..., list[str]]) -> Any:
    """Wrap ``Synthesizer.split_into_sentences`` to split Amharic here.

    pySBD knows Amharic but neither ፡፡ nor abbreviations such as ዶ/ር, and takes quadratic time.
    """

    @functools.wraps(original)
    def split_into_sentences(self: Any, text: str, language: str | None = None) -> list[str]:
        chosen = language
        if chosen is None and self.tts_model is not None:
            chosen = next(iter(self.tts_model.language_manager.language_names), None)
        if not is_amharic(chosen):
            return original(self, text, language)
        return list(split_sentences(text))

    return split_into_sentences
