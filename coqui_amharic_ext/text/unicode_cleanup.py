"""Settle Unicode before any rule reads the text: composition, invisible marks, digits, look-alikes, punctuation variants.

After this every character is an Ethiopic letter, numeral or mark, an ASCII digit, a Latin letter, a space, a line break,
a punctuation mark, or a symbol that ``data/symbols.tsv`` can say. Emoji, private use, unassigned and surrogate code
points carry no sound and become a space (invisible ones vanish).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Final

from coqui_amharic_ext.text import fidel
from coqui_amharic_ext.text.policy import TextPolicy
from coqui_amharic_ext.text.tables import rows

#: More distinct characters than any real text has; beyond this the table stops remembering.
_REMEMBER: Final = 20_000

#: Punctuation and symbols of ASCII that rules read. The rest of ASCII is letters, digits and what is dropped below.
_ASCII_KEPT: Final = frozenset("!\"#$%&'()*+,-./:;<=>?@^_~")
_FRACTIONS: Final = frozenset("½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞⅐⅑⅒")
_POWERS: Final = frozenset("²³")


class _Table(dict[int, str]):
    """What each code point becomes; worked out the first time it is met."""

    def __init__(self, keep_other_scripts: bool) -> None:
        super().__init__()
        self.keep = keep_other_scripts
        self.special = {ord(row["written"]): row["becomes"] for row in rows("lookalikes")}
        self.symbols = {row["symbol"] for row in rows("symbols")}

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
        if _ETHIOPIC_CHAR.match(char) or char in self.symbols or char in _FRACTIONS | _POWERS:
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
        if category[0] == "L" and _is_latin(char):
            return char
        compatible = unicodedata.normalize("NFKC", char)
        if compatible != char:
            # Full-width, mathematical, ligature and letter-like forms stand for plain characters.
            return "".join(self[ord(c)] for c in compatible)
        if category[0] == "L":
            return char if self.keep else " "
        return _PUNCTUATION_BY_CATEGORY.get(category, " ")


_ETHIOPIC_CHAR: Final = re.compile(rf"[{fidel.LETTERS}\u1361-\u1368\u1369-\u137c«»–…]")
_PUNCTUATION_BY_CATEGORY: Final = {"Pd": "–", "Ps": "(", "Pe": ")", "Pi": "«", "Pf": "»"}


def _is_latin(char: str) -> bool:
    return unicodedata.name(char, "").startswith("LATIN ") and (
        "\u00c0" <= char <= "\u024f" or "\u1e00" <= char <= "\u1eff"
    )


@cache
def _table(keep: bool) -> _Table:
    return _Table(keep)


_ASIDE: Final = r"[:፡]"
_DOUBLE_COLON: Final = re.compile(r"[:፡] ?[:፡](?: ?[:፡])*(?![A-Za-z0-9])")
_PREFACE: Final = re.compile(r"[:፡] ?[-–](?![0-9])")
_WORD_SPACE_IN_NUMBER: Final = re.compile(r"(?<=[0-9፩-፼])፡(?=[0-9፩-፼])")
_COLON_BETWEEN_LETTERS: Final = re.compile(rf"(?<=[{fidel.LETTERS}]):(?=[{fidel.LETTERS}])")
_APOSTROPHE: Final = re.compile(r"(?<![A-Za-z])'|'(?![A-Za-z])")
_OPENING_QUOTE: Final = re.compile(r"(?:^|(?<=[\s(«–-]))\"(?=\S)")
_DOTS: Final = re.compile(r"\.(?: ?\.)+")
_MANY: Final = re.compile(r" {2,}")
_ZERO_LOOKALIKE: Final = re.compile(r"(?<=[0-9])[ዐOo]+(?=[0-9.,%ኛዎ\s።፣፤]|$)|(?<![^\W_])[ዐ]+(?=[0-9])")
_DIRTY: Final = re.compile(rf"[^{fidel.LETTERS} \n።፣፤፥፦፧]")


def _chunk(text: str, table: _Table) -> str:
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    text = text.translate(table)
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    return text


def characters(text: str, policy: TextPolicy) -> str:
    """Settle single characters; nothing crosses white space here."""
    return _chunk(text, _table(policy.other_scripts == "keep"))


def marks(text: str) -> str:
    """Settle punctuation variants that span characters, on text that ``characters`` has been through."""
    if ":" in text or "፡" in text:
        text = _DOUBLE_COLON.sub("።", text)
        text = _PREFACE.sub("፦", text)
        text = _WORD_SPACE_IN_NUMBER.sub(":", text)
        text = _COLON_BETWEEN_LETTERS.sub(" ", text).replace("፡", " ")
    if "'" in text:
        text = _APOSTROPHE.sub("", text)
    if '"' in text:
        text = _OPENING_QUOTE.sub("«", text).replace('"', "»")
    if "." in text:
        text = _DOTS.sub("…", text)
    if "ዐ" in text or "O" in text or "o" in text:
        text = _ZERO_LOOKALIKE.sub(lambda m: "0" * len(m[0]), text)
    return _MANY.sub(" ", text)


def clean(text: str, policy: TextPolicy) -> str:
    """Return ``text`` with its Unicode settled."""
    return marks(characters(text, policy))


def chunks(text: str, policy: TextPolicy) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, cleaned) for each run of non-space characters that ``characters`` changes."""
    table = _table(policy.other_scripts == "keep")
    for match in re.finditer(r"\S+", text):
        after = _chunk(match[0], table)
        if after != match[0]:
            yield match.start(), match.end(), after
