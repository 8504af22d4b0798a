"""The Ethiopic letters that XTTS reads in ``fidel`` mode: those of Amharic."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from coqui_amharic_ext.g2p.phonology.letters import (
    GEMINATION_AND_VOWEL_LENGTH_MARK,
    GEMINATION_MARK,
    TONAL_MARKS,
    VOWEL_LENGTH_MARK,
)
from coqui_amharic_ext.io.tables import rows

_GLIDE: Final = "w"

BLOCKS: Final = (
    (0x1200, 0x135F),
    (0x1380, 0x138F),
    (0x2D80, 0x2DDF),
    (0xAB01, 0xAB2F),
    (0x1E7E0, 0x1E7FF),
)
"""Unicode's blocks of Ethiopic letters and marks."""


@lru_cache(maxsize=1)
def amharic_letters() -> tuple[str, ...]:
    """Return the letters of Amharic, as in ``g2p/data/fidel.tsv``, and the gemination mark."""
    table = rows("g2p/data/fidel.tsv", "letter", "amharic")
    return (*(letter for letter, amharic in table if amharic == "yes"), GEMINATION_MARK)


def to_amharic_letters(text: str) -> str:
    """Replace the Ethiopic letters of other languages by Amharic letters that sound like them.

    ``g2p/data/fidel.tsv`` has the Amharic reading of each; a labialised syllable without an Amharic
    letter becomes two (ᎁ becomes ሙዊ). A model would otherwise meet letters that no Amharic corpus
    contains. Unassigned code points are removed.
    """
    return text.translate(_foreign())


@lru_cache(maxsize=1)
def _foreign() -> dict[int, str]:
    table = rows("g2p/data/fidel.tsv", "letter", "consonant", "vowel")
    known = set(amharic_letters())
    by_reading: dict[tuple[str, str], str] = {}
    for letter, consonant, vowel in table:
        if letter in known:
            by_reading.setdefault((consonant, vowel), letter)
    foreign = {
        ord(letter): _spelling(consonant, vowel, by_reading)
        for letter, consonant, vowel in table
        if letter not in known
    }
    unassigned = {code for first, last in BLOCKS for code in range(first, last + 1)}
    unassigned.difference_update(ord(row[0]) for row in table)
    foreign |= dict.fromkeys((*unassigned, *map(ord, TONAL_MARKS)), "")
    del foreign[ord(GEMINATION_MARK)]
    foreign[ord(GEMINATION_AND_VOWEL_LENGTH_MARK)] = GEMINATION_MARK
    # Vowel length is written in liturgical books; Amharic does not distinguish it.
    foreign[ord(VOWEL_LENGTH_MARK)] = ""
    return foreign


def _spelling(consonants: str, vowel: str, by_reading: dict[tuple[str, str], str]) -> str:
    *before, last = consonants.split(" ")
    start = "".join(by_reading[consonant, "ɨ"] for consonant in before)
    if (last, vowel) in by_reading:
        return start + by_reading[last, vowel]
    return start + by_reading[last.rstrip("ʷ"), "u"] + by_reading[_GLIDE, vowel]
