"""Punctuation: how marks are written after normalisation and what they become in ASCII.

``normalize`` keeps punctuation as written in Ethiopic text (። ፣ ፤ ፥ ፦ ፧ ፨, and ? ! . , ; : where
ASCII was typed) and settles its variants: two word spaces or two colons are ።, a repeated or mixed
run is its strongest mark, quotation marks are « », dashes between words are –, brackets are ( ).
``to_ascii_punctuation`` maps all of these to ``. , ; : ? !`` for the phonemizer and Coqui's
cleaner.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from coqui_amharic_ext.io.tables import rows
from coqui_amharic_ext.text import fidel

#: Marks from the strongest to the weakest; a run of several is read as its strongest.
STRENGTH: Final = "?፧!።….፨፤;፦:፥፣,"
_STOPS: Final = re.escape(STRENGTH)

_RUN: Final = re.compile(rf"[{_STOPS}](?:[ –]*[{_STOPS}])+")
_SPACE_BEFORE: Final = re.compile(rf" +(?=[{_STOPS})»])")
_SPACE_AFTER_OPEN: Final = re.compile(r"(?<=[(«]) +")
#: A full stop may be inside an abbreviation that a policy keeps as written, so it parts nothing.
_PARTING: Final = re.escape(STRENGTH.replace(".", "") + ")»")
_E: Final = fidel.LETTERS
_JOINED_AFTER: Final = re.compile(rf"([{_PARTING}])(?=[{_E}(«])")
_JOINED_BEFORE: Final = re.compile(rf"(?<=[{_E}])([(«])")
_SPACES: Final = re.compile(r" {2,}")
_LINES: Final = re.compile(r" *\n[ \n]*")
_QUOTES: Final = re.compile(r"(«)(?: ?«)+|(»)(?: ?»)+")
_EMPTY: Final = re.compile(r"\( *\)|« *»")
_DASH: Final = re.compile(r" *–[ –]*")
_EDGE_DASH: Final = re.compile(rf"(?:^|(?<=[\n{_STOPS}(«])) *– *| *– *(?=[\n{_STOPS})»]|$)")
_LINE_START_STOP: Final = re.compile(rf"([\n(«])[ {_STOPS}]+")


def _strongest(match: re.Match[str]) -> str:
    run = match[0]
    return min((c for c in run if c not in " –"), key=STRENGTH.index)


def _tidy_once(text: str) -> str:
    if "–" in text:
        text = _DASH.sub(" – ", text)
        text = _EDGE_DASH.sub(" ", text)
    bracketed = "(" in text or "«" in text or "»" in text
    text = _JOINED_AFTER.sub(r"\1 ", text)
    if bracketed:
        text = _JOINED_BEFORE.sub(r" \1", text)
    if "  " in text:
        text = _SPACES.sub(" ", text)
    text = _SPACE_BEFORE.sub("", text)
    if bracketed:
        text = _QUOTES.sub(lambda match: match[1] or match[2], text)
        text = _SPACE_AFTER_OPEN.sub("", text)
        text = _EMPTY.sub(" ", text)
    text = _RUN.sub(_strongest, text)
    text = text.lstrip(" " + STRENGTH)
    if bracketed or "\n" in text:
        text = _LINE_START_STOP.sub(r"\1", text)
        text = _LINES.sub("\n", text)
    return text.strip(" \n")


def tidy(text: str) -> str:
    """Settle spaces and runs of marks; applying it again changes nothing."""
    # Taking one thing out can bring two marks together; this settles after a pass or two.
    for _ in range(8):
        after = _tidy_once(text)
        if after == text:
            break
        text = after
    return text


@cache
def _ascii_table() -> dict[int, str]:
    table = {}
    for mark, ascii_mark, kind in rows("text/data/punctuation.tsv", "mark", "ascii", "kind"):
        # Typed without spaces around it, an Ethiopic or typographic mark still parts words.
        parts = kind == "aside" or (mark > "\x7f" and kind != "space")
        table[ord(mark)] = ascii_mark + " " if parts else ascii_mark
    return table


_ASCII_RUN: Final = re.compile(r"[.,;:?!](?: *[.,;:?!])+")
_ASCII_STRENGTH: Final = "?!.;:,"
_ASCII_SPACE_BEFORE: Final = re.compile(r" +(?=[.,;:?!])")
_ASCII_START: Final = re.compile(r"(?:^|(?<=\n))[ .,;:?!]+")


def _ascii_strongest(match: re.Match[str]) -> str:
    return min((c for c in match[0] if c != " "), key=_ASCII_STRENGTH.index)


def to_ascii_punctuation(text: str) -> str:
    """Map Ethiopic and typographic punctuation to ``. , ; : ? !`` and spaces.

    Letters and digits are left as they are. ፡፡ counts as ።, a single ፡ as a space; quotation marks
    leave no trace; brackets and dashes become commas; of a run of marks the strongest stays.

    Raises
    ------
    TypeError
        If ``text`` is not a string.

    Examples
    --------
    >>> to_ascii_punctuation("ሰላም፣ እንዴት ነህ፧ ደህና።")
    'ሰላም, እንዴት ነህ? ደህና.'
    """
    if not isinstance(text, str):
        raise TypeError(f"to_ascii_punctuation() takes a str, got {type(text).__name__}")
    text = text.replace("፡፡", "።").translate(_ascii_table())
    text = _ASCII_RUN.sub(_ascii_strongest, text)
    text = _SPACES.sub(" ", text)
    text = _ASCII_SPACE_BEFORE.sub("", text)
    text = _ASCII_RUN.sub(_ascii_strongest, text)
    text = _ASCII_START.sub("", text)
    return _LINES.sub("\n", text).strip(" \n")
