"""Sentence splitting for Amharic where upstream splits: XTTS (by spaCy) and Synthesizer."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from coqui_amharic_ext.coqui.languages import is_amharic

_CANDIDATE: Final = re.compile(
    r"(?:[።፧፨!?]|፡ ?፡|: ?:)+(?:[።፧፨!?፡:. ]*[።፧፨!?])?[»”’\"')\]]*"
    r"|\.(?![.\w])[»”’\"')\]]*(?=\s|$)"
    r"|\n+"
)
_ABBREVIATION: Final = re.compile(r"(?:^|[\s(«“\"])(?:\w{1,2}[./])*\w$")
_ELLIPSIS: Final = re.compile(r"\.\.$")
_QUOTED: Final = re.compile(r"[!?፧]+[»”]")
"""The end of a question or call that is quoted: «ሂድ!» አለው is one sentence."""
_READABLE: Final = re.compile(r"[^\W_]")

CLAUSE_MARKS: Final = frozenset("፣፤፥፦,;:–")
"""Where a sentence that is too long is best cut."""


def split_sentences(text: str) -> list[str]:
    """Split Amharic text into sentences.

    A sentence ends at ። (also written ፡፡ or ::), ፧, ፨, ? or !, at a full stop that is not part of
    an abbreviation (ዓ.ም.), an initial or an ellipsis, and at the end of a line. Closing quotation
    marks belong to the sentence.

    Parameters
    ----------
    text : str
        Written or normalised Amharic.

    Returns
    -------
    list of str
        Sentences in order, without the white space around them; together they hold every word
        and mark. Marks with no word go to the sentence before.

    Raises
    ------
    TypeError
        ``text`` is not a string.
    """
    if not isinstance(text, str):
        raise TypeError(f"text must be a str, got {type(text).__name__}: {text!r:.60}")
    found: list[str] = []
    start = 0
    for match in _CANDIDATE.finditer(text):
        before = text[max(start, match.start() - 12) : match.start()]
        if match[0][0] == "." and (_ABBREVIATION.search(before) or _ELLIPSIS.search(before)):
            continue
        if _QUOTED.fullmatch(match[0]):
            continue
        _add(found, text[start : match.end()].strip())
        start = match.end()
    _add(found, text[start:].strip())
    return found


def _add(found: list[str], sentence: str) -> None:
    if not sentence:
        return
    if found and not _READABLE.search(sentence):
        found[-1] = f"{found[-1]} {sentence}"
    elif len(found) == 1 and not _READABLE.search(found[0]):
        found[0] = f"{found[0]} {sentence}"
    else:
        found.append(sentence)


def split_to_limit(text: str, limit: int) -> list[str]:
    """Split a text into pieces of whole sentences, none longer than the limit.

    Parameters
    ----------
    text : str
        Amharic text; white space between words counts as one space.
    limit : int
        Greatest number of characters of a piece. A longer sentence is cut after a clause, else
        between words; a longer word is cut where it must be.

    Returns
    -------
    list of str
        Pieces in order; together they hold every word and mark.
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
    """Return upstream's ``split_sentence`` with Amharic split by us, without spaCy."""
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
    """Return what a function of ours wraps; the XTTS model may have imported ours by name."""
    from coqui_amharic_ext.patching import MARK

    while hasattr(function, MARK):
        function = function.__wrapped__  # type: ignore[attr-defined]
    return function


def restore_in_model() -> None:
    """Give the XTTS model upstream's function where it had imported ours by name."""
    import sys

    model: Any = sys.modules.get("TTS.tts.models.xtts")
    if model is not None:
        model.split_sentence = _upstreams(model.split_sentence)


def split_into_sentences_for_synthesizer(original: Callable[..., list[str]]) -> Any:
    """Return ``Synthesizer.split_into_sentences`` with Amharic split by us.

    pySBD knows Amharic but neither ፡፡ nor abbreviations such as ዶ/ር, and takes quadratic time.
    """

    @functools.wraps(original)
    def split_into_sentences(self: Any, text: str, language: str | None = None) -> list[str]:
        chosen = language
        if chosen is None and self.tts_model is not None:
            chosen = next(iter(self.tts_model.language_manager.language_names), None)
        if not is_amharic(chosen):
            return original(self, text, language)
        return split_sentences(text)

    return split_into_sentences
