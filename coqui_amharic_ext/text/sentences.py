"""Cut text into sentences and words."""

from __future__ import annotations

import re
from typing import Final

from coqui_amharic_ext.text import fidel
from coqui_amharic_ext.text.quotes import as_guillemets

_CANDIDATE: Final = re.compile(
    r"(?:[።፧፨!?]|፡ ?፡|: ?:)+(?:[።፧፨!?፡:. ]*[።፧፨!?])?(?:[)\]]|\s{0,2}»)*"
    r"|\.(?![.\w])(?:[)\]]|\s{0,2}»)*(?=\s|$)"
    r"|\n+"
)
_ABBREVIATION: Final = re.compile(r"(?:^|[\s(«])(?:\w{1,2}[./])*\w$")
_ELLIPSIS: Final = re.compile(r"\.\.$")
_QUOTED: Final = re.compile(r"[!?፧]+(?:\s{0,2}»)+")
"""The end of a question or call that is quoted: «ሂድ!» አለው is one sentence."""
_ENDED: Final = re.compile(r"[.!?።፧፨][»)\]]*$")
_READABLE: Final = re.compile(r"[^\W_]")
_WORD: Final = re.compile(rf"[{fidel.LETTERS}]+")


def split_sentences(text: str) -> tuple[str, ...]:
    """Split Amharic text into sentences.

    A sentence ends at ። (also written ፡፡ or ::), ፧, ፨, ? or !, at a full stop that is not part of
    an abbreviation (ዓ.ም.), an initial or an ellipsis, and at the end of a line. Closing quotation
    marks belong to the sentence, and a quoted question or call continues (« ሂድ! » አለው), whatever
    marks it is quoted with.

    Parameters
    ----------
    text : str
        Written or normalised Amharic.

    Returns
    -------
    tuple of str
        Sentences in order, without the white space around them; together they hold every word
        and mark. Marks with no word go to the sentence before.

    Raises
    ------
    TypeError
        ``text`` is not a string.
    """
    if not isinstance(text, str):
        raise TypeError(f"split_sentences() takes a str, got {type(text).__name__}")
    found: list[str] = []
    start = 0
    # Signs change in it and places do not.
    quoted = as_guillemets(text)
    for match in _CANDIDATE.finditer(quoted):
        before = quoted[max(start, match.start() - 12) : match.start()]
        if match[0][0] == "." and (_ABBREVIATION.search(before) or _ELLIPSIS.search(before)):
            continue
        if _QUOTED.fullmatch(match[0]):
            continue
        _add(found, text[start : match.end()].strip())
        start = match.end()
    _add(found, text[start:].strip())
    return tuple(found)


def ends_sentence(text: str) -> bool:
    """Return whether a text ends with the end of a sentence, quoted or not."""
    return _ENDED.search(as_guillemets(text)) is not None


def _add(found: list[str], sentence: str) -> None:
    if not sentence:
        return
    if found and not _READABLE.search(sentence):
        found[-1] = f"{found[-1]} {sentence}"
    elif len(found) == 1 and not _READABLE.search(found[0]):
        found[0] = f"{found[0]} {sentence}"
    else:
        found.append(sentence)


def words(text: str) -> tuple[str, ...]:
    """Return the Ethiopic words of a text, punctuation and everything else left out.

    Raises
    ------
    TypeError
        If ``text`` is not a string.
    """
    if not isinstance(text, str):
        raise TypeError(f"words() takes a str, got {type(text).__name__}")
    return tuple(_WORD.findall(text))
