"""Length that is written: the combining marks U+135D, U+135E and U+135F."""

from __future__ import annotations

import re
from typing import NamedTuple

from coqui_amharic_ext.g2p.phonology.coding import VOWELS
from coqui_amharic_ext.g2p.phonology.epenthesis import fill
from coqui_amharic_ext.g2p.phonology.inventory import LENGTH
from coqui_amharic_ext.g2p.phonology.letters import LONG_CONSONANT, LONG_VOWEL

_SPOKEN = re.compile(f"([^əuiaeɨo{LENGTH}ʷ]ʷ?)({LENGTH}?)([əuiaeɨo]?)")


class Marked(NamedTuple):
    """A word whose writing tells some length.

    Attributes
    ----------
    plain : str
        The word without its marks, one character per phone.
    consonants, vowels : frozenset of int
        Which consonants, and the vowels after which, are marked long; the first is 0.
    """

    plain: str
    consonants: frozenset[int]
    vowels: frozenset[int]


def take(coded: str) -> Marked:
    """Separate a word and its marks; a mark before the first letter counts for nothing."""
    plain: list[str] = []
    consonants: set[int] = set()
    vowels: set[int] = set()
    count = -1
    for char in coded:
        if char == LONG_CONSONANT:
            consonants.add(count)
        elif char == LONG_VOWEL:
            vowels.add(count)
        else:
            count += char not in VOWELS and char != "ʷ"
            plain.append(char)
    return Marked("".join(plain), frozenset(consonants - {-1}), frozenset(vowels - {-1}))


def fits(spoken: str, marked: Marked) -> bool:
    """Return whether a reading has every consonant long that is marked long."""
    found = _SPOKEN.findall(spoken)
    return all(i < len(found) and found[i][1] for i in marked.consonants)


def same_letters(spoken: str, plain: str) -> bool:
    """Return whether a reading has the consonants and vowels that are written, one for one."""
    return spoken.replace(LENGTH, "").replace("ɨ", "") == plain.replace("ɨ", "")


def apply(spoken: str, marked: Marked) -> str:
    """Return a reading, every ɨ written, with the length that is marked.

    Parameters
    ----------
    spoken : str
        The word, one character per phone, with the same consonants as ``marked.plain``.
    marked : Marked
        What is marked.
    """
    parts = [[*match] for match in _SPOKEN.findall(spoken)]
    for place in marked.consonants:
        parts[place][1] = LENGTH
    for place in marked.vowels:
        parts[place][2] = parts[place][2] or "ɨ"
    surface = fill("".join("".join(part) for part in parts))
    if not marked.vowels:
        return surface
    count = -1
    out: list[str] = []
    for char in surface:
        count += char not in VOWELS and char not in (LENGTH, "ʷ")
        out.append(char + LENGTH if char in VOWELS and count in marked.vowels else char)
    return "".join(out)
