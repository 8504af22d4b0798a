"""Cut text into sentences and words."""

from __future__ import annotations

import re
from typing import Final

from coqui_amharic_ext.text import fidel
from coqui_amharic_ext.text.abbreviations import ends_in_abbreviation

_END: Final = re.compile(r"(?:[።፧?!…]|፡፡|::|\.(?=\s|$))+[»”\")’›]*(?=\s|$)|[።፧]+[»”\")’›]*|፡፡+|\n+")
_WORD: Final = re.compile(rf"[{fidel.LETTERS}]+")


def split_sentences(text: str) -> tuple[str, ...]:
    """Split text after ። ፧ ? ! … and after a full stop that ends a sentence.

    Works on written text and on what :func:`normalize` returns. Line breaks part sentences too.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    tuple of str
        The sentences with their closing marks, without outer white space; empty ones are left out.

    Raises
    ------
    TypeError
        If ``text`` is not a string.

    Examples
    --------
    >>> split_sentences("ዋጋው 2.5 ብር ነው። ዶ.ር. አበበ መጣ! ደህና ነህ?")
    ('ዋጋው 2.5 ብር ነው።', 'ዶ.ር. አበበ መጣ!', 'ደህና ነህ?')
    """
    if not isinstance(text, str):
        raise TypeError(f"split_sentences() takes a str, got {type(text).__name__}")
    found: list[str] = []
    last = 0
    for match in _END.finditer(text):
        if match[0] == "." and _no_end(text, match.start(), match.end()):
            continue
        found.append(text[last : match.end()].strip())
        last = match.end()
    found.append(text[last:].strip())
    return tuple(sentence for sentence in found if sentence)


def _no_end(text: str, dot: int, after: int) -> bool:
    """Whether the full stop belongs to an abbreviation, an initial or a list number."""
    start = max(text.rfind(" ", max(0, dot - 24), dot), text.rfind("\n", max(0, dot - 24), dot)) + 1
    chunk = text[start:dot] if dot - start < 24 else ""
    if not chunk:
        return False
    rest = text[after : after + 8].lstrip(" ")
    if not rest:
        return False
    return ends_in_abbreviation(chunk, rest)


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
