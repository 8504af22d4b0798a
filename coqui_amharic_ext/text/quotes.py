"""Quotation marks of every style as « and »."""

from __future__ import annotations

import re
from typing import Final

_QUOTE: Final = re.compile("''|['\"«»‹›“”„‟‘’‚‛]|<<|>>")
_OPENING: Final = frozenset((*"«‹“„‟‘‚‛", "<<"))
_CLOSING: Final = frozenset((*"»›”’", ">>"))
_CLOSES_TOO: Final = {"“": "„", "‘": "‚"}
"""Forms that open in English and close, in German, what the other one opened."""
_APOSTROPHES: Final = frozenset("'’")
_BEFORE_SPEECH: Final = frozenset("(«[–-")
_AFTER_SPEECH: Final = frozenset(".,;:!?።፣፤፥፦፧፨፡…)]»")


def as_guillemets(text: str) -> str:
    """Return a text in which each quotation mark is « or », whatever it was.

    What stands beside a mark says whether it opens or closes, since " and ' have one form, „ “
    and » « are used the other way round in places, and a mark may be missing. Where that does not
    tell, as in ።"ሂድ, an opening or a closing form does, and for one form whether one is open.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        As long as ``text``; apostrophes inside words stay.
    """
    found = list(text)
    open_marks: set[str] = set()
    for match in _QUOTE.finditer(text):
        start, end = match.span()
        before = found[start - 1] if start else " "
        after = text[end : end + 1] or " "
        mark = match[0]
        if mark in _APOSTROPHES and before.isalnum() and after.isalnum():
            continue
        opens = _opens(mark, before, after, is_open=_opening_of(mark) in open_marks)
        if opens:
            open_marks.add(mark)
        else:
            open_marks.discard(_opening_of(mark))
        found[start:end] = ("«" if opens else "»") * (end - start)
    return "".join(found)


def _opens(mark: str, before: str, after: str, *, is_open: bool) -> bool:
    starts = before.isspace() or before in _BEFORE_SPEECH
    ends = after.isspace() or after in _AFTER_SPEECH or _QUOTE.match(after) is not None
    if starts and not after.isspace():
        return True
    if ends and not before.isspace():
        return False
    if mark in _CLOSING:
        return False
    # One form has nothing but whether it is open, and so have those that close too.
    return (mark in _OPENING and mark not in _CLOSES_TOO) or not is_open


def _opening_of(mark: str) -> str:
    return _CLOSES_TOO.get(mark, mark)
