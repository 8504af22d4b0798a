"""The fidel table: what each written letter says by itself."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from coqui_amharic_ext.g2p.phonology.coding import codes
from coqui_amharic_ext.io.tables import rows

GEMINATION_MARK: Final = "\u135f"
VOWEL_LENGTH_MARK: Final = "\u135e"
GEMINATION_AND_VOWEL_LENGTH_MARK: Final = "\u135d"
MARKS: Final = frozenset((GEMINATION_MARK, VOWEL_LENGTH_MARK, GEMINATION_AND_VOWEL_LENGTH_MARK))
TONAL_MARKS: Final = frozenset(map(chr, range(0x1390, 0x139A)))
"""Chant marks: they say how to sing, not what, and are passed over."""


class Letter(NamedTuple):
    """One written letter, read by itself.

    Attributes
    ----------
    written : str
        The letter.
    consonants : tuple of str
        Its consonant; two only for the Ge'ez ligatures ፘ ፙ ፚ.
    vowel : str
        Its vowel; ``ɨ`` for the sixth order, whether or not it is spoken.
    order : int
        1-7; 8 for the letters outside the seven orders (ሏ, ቋ, ኧ, ሇ).
    labialised : bool
        Whether the consonant is labialised.
    geminate, long_vowel : bool
        Whether a mark U+135D-135F after the letter says so.
    """

    written: str
    consonants: tuple[str, ...]
    vowel: str
    order: int
    labialised: bool
    geminate: bool = False
    long_vowel: bool = False


@lru_cache(maxsize=1)
def fidel() -> dict[str, Letter]:
    """Return every Ethiopic letter of Unicode with its reading, from ``data/fidel.tsv``.

    Letters that Amharic does not use are read as the nearest Amharic phone; the comment column
    says what they stand for elsewhere.
    """
    table = {}
    for letter, consonant, vowel, order in rows(
        "g2p/data/fidel.tsv", "letter", "consonant", "vowel", "order"
    ):
        consonants = tuple(consonant.split(" "))
        table[letter] = Letter(letter, consonants, vowel, int(order), "ʷ" in consonant)
    return table


class _Coding(dict[int, str]):
    """A ``str.translate`` table that says what is wrong with a character it does not have."""

    def __missing__(self, codepoint: int) -> str:
        raise ValueError(
            f"{chr(codepoint)!r} (U+{codepoint:04X}) is not an Ethiopic letter; "
            "normalise the text first (coqui_amharic_ext.normalize)"
        )


LONG_CONSONANT: Final = "\x01"
LONG_VOWEL: Final = "\x02"


@lru_cache(maxsize=1)
def coding() -> dict[int, str]:
    """Return a ``str.translate`` table from letters to one character per phone.

    A plain sixth order leaves its consonant bare, since whether its ɨ is spoken is not written; a
    labialised one (ቍ) keeps its ɨ. Marks become ``LONG_CONSONANT`` and ``LONG_VOWEL``. Translating
    anything but Ethiopic letters and marks raises ``ValueError``.
    """
    code = codes()
    table = _Coding({ord(mark): "" for mark in TONAL_MARKS})
    table[ord(GEMINATION_MARK)] = LONG_CONSONANT
    table[ord(VOWEL_LENGTH_MARK)] = LONG_VOWEL
    table[ord(GEMINATION_AND_VOWEL_LENGTH_MARK)] = LONG_CONSONANT + LONG_VOWEL
    for written, consonants, vowel, _, labialised, _, _ in fidel().values():
        spoken = "" if vowel == "ɨ" and not labialised else vowel
        table[ord(written)] = "".join([code[c] for c in consonants]) + spoken
    return table


def letters(word: str) -> tuple[Letter, ...]:
    """Return the letters of a word, each read by itself.

    Parameters
    ----------
    word : str
        Ethiopic letters, with or without gemination and vowel length marks.

    Raises
    ------
    TypeError
        If ``word`` is not a string.
    ValueError
        If it holds anything but Ethiopic letters and marks, or a mark without a letter.
    """
    if not isinstance(word, str):
        raise TypeError(f"a word is a str, not {type(word).__name__}: {word!r}")
    known = fidel()
    found: list[Letter] = []
    for char in word:
        letter = known.get(char)
        if letter is not None:
            found.append(letter)
        elif char in MARKS:
            if not found:
                raise ValueError(f"{word[:24]!r} starts with the mark U+{ord(char):04X}, no letter")
            found[-1] = _marked(found[-1], char)
        elif char not in TONAL_MARKS:
            raise ValueError(
                f"{char!r} (U+{ord(char):04X}) in {word[:24]!r} is not an Ethiopic letter; "
                "normalise the text first (coqui_amharic_ext.normalize)"
            )
    return tuple(found)


def _marked(letter: Letter, mark: str) -> Letter:
    return Letter(
        letter.written,
        letter.consonants,
        letter.vowel,
        letter.order,
        letter.labialised,
        letter.geminate or mark != VOWEL_LENGTH_MARK,
        letter.long_vowel or mark != GEMINATION_MARK,
    )
