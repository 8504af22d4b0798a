"""Settle Unicode and punctuation variants before any rule reads the text.

After this every character is an Ethiopic letter, numeral or mark, an ASCII digit, a Latin letter,
a space, a line break, a punctuation mark, or a symbol that ``data/symbols.tsv`` can say. Emoji,
private use, unassigned and surrogate code points carry no sound and become a space; invisible ones
vanish.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache
from typing import Final, NamedTuple

from coqui_amharic_ext.io.tables import rows
from coqui_amharic_ext.text import fidel
from coqui_amharic_ext.text.policy import TextPolicy

#: More distinct characters than any real text has; beyond this the table stops remembering.
_REMEMBER: Final = 20_000

#: Punctuation and symbols of ASCII that rules read; its other signs are in lookalikes.tsv or say
#: nothing.
_ASCII_KEPT: Final = frozenset("!\"#$%&'()*+,-./:;<=>?@^_~")
_FRACTIONS: Final = frozenset("½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞⅐⅑⅒")
_POWERS: Final = frozenset("²³")
_ETHIOPIC: Final = re.compile(rf"[{fidel.LETTERS}\u1361-\u1368\u1369-\u137c«»–…]")
_BY_CATEGORY: Final = {"Pd": "–", "Ps": "(", "Pe": ")", "Pi": "«", "Pf": "»"}


class _Table(dict[int, str]):
    """What each code point becomes; computed when first met."""

    def __init__(self, keep_other_scripts: bool) -> None:
        super().__init__()
        self.keep = keep_other_scripts
        self.special = {
            ord(c): to for c, to in rows("text/data/lookalikes.tsv", "written", "becomes")
        }
        self.symbols = {symbol for (symbol,) in rows("text/data/symbols.tsv", "symbol")}

    def __missing__(self, code: int) -> str:
        value = self.special.get(code)
        if value is None:
            value = self._decide(chr(code))
        if len(self) < _REMEMBER:
            self[code] = value
        return value

    def _decide(self, char: str) -> str:
        if char < "\x80":
            if char.isalnum() or char in _ASCII_KEPT:
                return char
            return "\n" if char in "\n\r\v\f" else " "
        if _ETHIOPIC.match(char) or char in self.symbols | _FRACTIONS | _POWERS:
            return char
        category = unicodedata.category(char)
        if category == "Nd":
            return str(unicodedata.digit(char))
        if category in ("Zl", "Zp") or char == "\x85":
            return "\n"
        if category == "Zs":
            return " "
        if category == "Cf":
            return ""
        if category[0] == "M":
            return char if self.keep else ""
        if category[0] == "C":
            return " "
        if category[0] == "L" and is_latin(char):
            return char
        compatible = unicodedata.normalize("NFKC", char)
        if compatible != char:
            # Full-width, mathematical, ligature and letter-like forms stand for plain characters.
            return "".join(self[ord(c)] for c in compatible)
        if category[0] == "L":
            return char if self.keep else " "
        return _BY_CATEGORY.get(category, " ")


def is_latin(char: str) -> bool:
    """Whether ``char`` is a letter of the Latin blocks that the scanner treats as one."""
    in_blocks = "\u00c0" <= char <= "\u024f" or "\u1e00" <= char <= "\u1eff"
    return in_blocks and char not in "×÷"


@cache
def _table(keep: bool) -> _Table:
    return _Table(keep)


def settle(text: str, policy: TextPolicy) -> str:
    """Settle the characters of a stretch of text; nothing here looks across white space."""
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    text = text.translate(_table(policy.other_scripts == "keep"))
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    return text


Replacement = Callable[["re.Match[str]"], str]


class Step(NamedTuple):
    """A rewriting of punctuation variants: run only where one of ``signs`` occurs."""

    signs: str
    pattern: re.Pattern[str]
    replacement: Replacement


def _always(text: str) -> Replacement:
    return lambda _: text


_E: Final = fidel.LETTERS
_NUM: Final = "0-9\u1369-\u137c"

STEPS: Final = (
    # ፡፡ and :: are a full stop.
    Step(":፡", re.compile(r"[:፡] ?[:፡](?: ?[:፡])*(?![A-Za-z0-9])"), _always("።")),
    # ፡- opens a list or speech.
    Step(":፡", re.compile(rf"(?<=[{_E}0-9)»]) ?[:፡] ?[-–](?![0-9])"), _always("፦")),
    # 3፡30 and ማቴ 4፥23: the word space and the verse mark typed as a colon between figures.
    Step("፡፥", re.compile(rf"(?<=[{_NUM}])[፡፥](?=[{_NUM}])"), _always(":")),
    # 10፣000: the Ethiopic comma between groups of three digits.
    Step("፣", re.compile(r"(?<=[0-9])፣(?=[0-9]{3}(?![0-9]))"), _always(",")),
    # A single ፡, or a colon typed for it, is the word space.
    Step("፡", re.compile("፡+"), _always(" ")),
    Step(":", re.compile(rf"(?<=[{_E}]):(?=[{_E}])"), _always(" ")),
    # Apostrophes inside Latin words stay; others are quotation marks or typing aids without sound.
    Step("'", re.compile(r"(?<![A-Za-z])'|'(?![A-Za-z])"), _always("")),
    Step('"', re.compile(r"(?<![^\s(«–-])\"(?=\S)"), _always("«")),
    Step('"', re.compile('"'), _always("»")),
    # ‹‹ ›› and << >> are how the press types « ».
    Step("«<", re.compile(r"«{2,}|<<+"), _always("«")),
    Step("»>", re.compile(r"»{2,}|>>+"), _always("»")),
    # „ሂድ“! and »ሂድ«: what stands beside a mark says whether it opens or closes.
    Step("«", re.compile(r"(?<=[^\s(«–-])«(?=[\s)»!?.,;:።፣፤፥፦፧፨…]|$)"), _always("»")),
    Step("»", re.compile(r"(?<![^\s(«–-])»(?=[^\s)»!?.,;:።፣፤፥፦፧፨…–-])"), _always("«")),
    Step(".", re.compile(r"\.(?: ?\.)+"), _always("…")),
    # /ኢቢሲ/: slashes around an aside are brackets.
    Step(
        "/",
        re.compile(r"(?<!\S)/(?=[^\s/])([^/\n]{1,80})(?<=\S)/(?![^\s።፣፤?!.,])"),
        lambda m: f"({m[1]})",
    ),
    # 2ዐ15, 1Oኛ: letters that look like a zero, typed for one.
    Step(
        "ዐOo",
        re.compile(
            rf"(?<![A-Za-z0-9])[0-9][0-9Ooዐ]{{0,40}}(?![A-Za-z0-9])|(?<![{_E}0-9])ዐ+(?=[.]?[0-9])"
        ),
        lambda m: re.sub("[Ooዐ]", "0", m[0]),
    ),
)
_SIGNS: Final = frozenset("".join(step.signs for step in STEPS))
SPACES: Final = re.compile(r" {2,}")


def _signs_in(text: str) -> frozenset[str]:
    # A search for each sign is much faster than a look at each character.
    return frozenset([sign for sign in _SIGNS if sign in text])


def clean(text: str, policy: TextPolicy) -> str:
    """Return ``text`` with its Unicode and its punctuation variants settled."""
    text = settle(text, policy)
    present = _signs_in(text)
    if present:
        for step in STEPS:
            # A step can bring in a sign that a later one looks for.
            if not present.isdisjoint(step.signs):
                text = step.pattern.sub(step.replacement, text)
                present = _signs_in(text)
    return SPACES.sub(" ", text) if "  " in text else text
