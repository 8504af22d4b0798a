"""Arithmetic on Ethiopic letters: the series (consonant) and the order (vowel) of a fidel.

Unicode lays out U+1200-U+1357 in rows of eight: one consonant series per row, the order in the low
three bits.
"""

from __future__ import annotations

from typing import Final

FIRST: Final = 0x1200
LAST: Final = 0x1357

#: Orders counted from zero, as in the code charts.
U: Final = 1
A: Final = 3
SADIS: Final = 5
O: Final = 6  # noqa: E741 - the vowel's name
WA: Final = 7

#: Every letter and combining mark of the Ethiopic blocks, as the inside of a character class.
LETTERS: Final = (
    "\u1200-\u135a\u135d-\u135f\u1380-\u138f\u2d80-\u2ddf\uab01-\uab2f\U0001e7e0-\U0001e7ff"
)


def in_grid(letter: str) -> bool:
    """Whether ``letter`` lies in the regular grid, so that series and order can be computed."""
    return len(letter) == 1 and FIRST <= ord(letter) <= LAST


def series(letter: str) -> int:
    """Row number of a letter of the grid; two letters share it when they share their consonant."""
    return ord(letter) >> 3


def order(letter: str) -> int:
    """Order of a letter of the grid, 0 (first, -ə) to 7 (labialised -wa)."""
    return ord(letter) & 7


def with_order(letter: str, wanted: int) -> str:
    """Return ``letter`` with its vowel changed to the order ``wanted``."""
    return chr((ord(letter) & ~7) | wanted)
