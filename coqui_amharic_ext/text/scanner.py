"""Cut cleaned text into tokens: words, digits, Ge'ez numerals, Latin words, spaces, marks."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import accumulate
from typing import Final, NamedTuple

from coqui_amharic_ext.text import fidel
from coqui_amharic_ext.text.policy import TextPolicy

WORD: Final = 0
NUMBER: Final = 1
GEEZ: Final = 2
LATIN: Final = 3
SPACE: Final = 4
MARK: Final = 5

#: Latin letters: ASCII, and the accented blocks without the two signs that stand among them.
LATIN_LETTERS: Final = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff"
_TOKEN: Final = re.compile(
    rf"[{fidel.LETTERS}]+|[0-9]+|[\u1369-\u137c]+|[{LATIN_LETTERS}]+(?:'[A-Za-z]+)*| |\n|.",
    re.DOTALL,
)
_WORD: Final = re.compile(rf"[{fidel.LETTERS}]")
_LATIN: Final = re.compile(rf"[{LATIN_LETTERS}]")


class _Kinds(dict[str, int]):
    """Kind of a token by its first character, remembered for the characters that occur."""

    def __missing__(self, char: str) -> int:
        if "0" <= char <= "9":
            kind = NUMBER
        elif "\u1369" <= char <= "\u137c":
            kind = GEEZ
        elif char in " \n":
            kind = SPACE
        elif _WORD.match(char):
            kind = WORD
        elif _LATIN.match(char):
            kind = LATIN
        else:
            kind = MARK
        if len(self) < 5000:
            self[char] = kind
        return kind


_KINDS: Final = _Kinds()
#: The farthest that a rule looks past the token it starts at.
_PADDING: Final = 20


class Numeral(NamedTuple):
    """A written number: tokens up to ``end``, digits before and after the point."""

    end: int
    whole: str
    fraction: str


class Line:
    """Tokens of one stretch of text; a little past the end they are ``""``."""

    __slots__ = (
        "_starts",
        "addresses",
        "kinds",
        "memo",
        "parsed",
        "policy",
        "size",
        "text",
        "tokens",
    )

    def __init__(self, text: str, policy: TextPolicy) -> None:
        self.text = text
        self.policy = policy
        tokens: list[str] = _TOKEN.findall(text)
        kinds_of = _KINDS
        self.kinds = [kinds_of[token[0]] for token in tokens]
        self.size = len(tokens)
        # Rules look a few tokens ahead; padding spares each of them a bounds check.
        tokens += ("",) * _PADDING
        self.kinds += (MARK,) * _PADDING
        self.tokens = tokens
        self.memo: dict[str, bool] = {}
        #: The last number that was parsed and where, since several rules look at the same one.
        self.parsed: tuple[int, Numeral | None] = (-1, None)
        self.addresses: dict[int, int] | None = None
        self._starts: list[int] | None = None

    def start(self, index: int) -> int:
        """Offset of token ``index`` in the text."""
        if self._starts is None:
            self._starts = [0, *accumulate(len(token) for token in self.tokens)]
        return self._starts[index]

    def skip_space(self, index: int) -> int:
        """``index``, or the next one if a single space stands there."""
        return index + 1 if self.tokens[index] == " " else index

    def before(self, index: int) -> str:
        """Return the word before token ``index``, a space between allowed, or ``""``."""
        i = index - 1
        if i >= 0 and self.tokens[i] == " ":
            i -= 1
        return self.tokens[i] if i >= 0 and self.kinds[i] == WORD else ""


class Reading(NamedTuple):
    """What a rule read: tokens up to ``end`` (not included) are said ``spoken``."""

    end: int
    spoken: str
    rule: str
    #: Whole-number value where there is one, for ranges and scores.
    value: int | None = None


ReadAt = Callable[[Line, int], "Reading | None"]
