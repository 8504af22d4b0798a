"""Bringing a backend's consonants and vowels together with the written word's length and ɨ."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from coqui_amharic_ext.g2p.phonology.coding import VOWELS, codes
from coqui_amharic_ext.g2p.phonology.inventory import LABIALISED, LENGTH, vowels

MAX_DISTANCE: Final = 0.4
"""Edits per phone beyond which two skeletons are not the same word."""
_MAX_WINDOW: Final = 300
"""Longest stretch of differing phones that is aligned; beyond it, time would grow as its square."""


_SHOWN: Final = 24
_UNIT: Final = re.compile(f".{LABIALISED}?", re.DOTALL)


def skeleton(units: Sequence[str]) -> list[str]:
    """Return consonants and full vowels alone: no ``ː``, no ``ɨ``."""
    return [unit for unit in units if unit not in (LENGTH, "ɨ")]


def merge(surface: str, written: str, segments: Sequence[str]) -> str:
    """Put a backend's phones into the surface form that the written word gives.

    Parameters
    ----------
    surface : str
        The realised word, one character per phone, with length and ɨ.
    written : str
        What the letters say by themselves, one character per phone.
    segments : sequence of str
        The backend's phones in our inventory; length marks and ɨ in it are ignored.

    Returns
    -------
    str
        ``surface`` with the backend's phone wherever it has another consonant for a consonant or
        another vowel for a vowel. What the backend lacks is kept, what it has too much is dropped.
        A surface that is not the letters' own, that of a listed irregular word, stays as it is.

    Raises
    ------
    ValueError
        If the backend's phones are so far from the letters that they are not the same word.
    """
    code = codes()
    ours = skeleton(_UNIT.findall(written))
    theirs = [code.get(phone, phone) for phone in skeleton(segments)]
    if ours == theirs:
        return surface
    pairs, distance = _align(ours, theirs)
    if distance > MAX_DISTANCE * max(len(ours), 1):
        shown = " ".join(segments[:_SHOWN]) + (" …" if len(segments) > _SHOWN else "")
        raise ValueError(
            f"the segments {shown!r} are {distance} edits from the letters' own "
            f"{len(ours)} phones: not the same word"
        )
    units = _UNIT.findall(surface)
    if skeleton(units) != ours:
        return surface
    known, vowel_symbols = set(code.values()), vowels()
    changes = {
        place: theirs[other]
        for place, other in pairs
        if ours[place] != theirs[other]
        and theirs[other] in known
        and (ours[place] in VOWELS) == (theirs[other] in vowel_symbols)
    }
    place = -1
    for number, unit in enumerate(units):
        if unit not in (LENGTH, "ɨ"):
            place += 1
            units[number] = changes.get(place, unit)
    return "".join(units)


def _align(ours: list[str], theirs: list[str]) -> tuple[list[tuple[int, int]], int]:
    """Return pairs of places that correspond, and the number of edits between the two."""
    start = 0
    while start < min(len(ours), len(theirs)) and ours[start] == theirs[start]:
        start += 1
    end = 0
    room = min(len(ours), len(theirs)) - start
    while end < room and ours[-1 - end] == theirs[-1 - end]:
        end += 1
    left, right = ours[start : len(ours) - end], theirs[start : len(theirs) - end]
    if max(len(left), len(right)) > _MAX_WINDOW:
        if len(left) != len(right):
            return [], len(ours) + len(theirs)
        pairs = [(start + i, start + i) for i in range(len(left))]
        return pairs, sum(a != b for a, b in zip(left, right, strict=True))
    table = [[i + j for j in range(len(right) + 1)] for i in range(len(left) + 1)]
    for i, a in enumerate(left, 1):
        for j, b in enumerate(right, 1):
            change = 0 if a == b else 1 if (a in VOWELS) == (b in VOWELS) else 2
            table[i][j] = min(
                table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + change
            )
    pairs = []
    i, j = len(left), len(right)
    while i and j:
        a, b = left[i - 1], right[j - 1]
        change = 0 if a == b else 1 if (a in VOWELS) == (b in VOWELS) else 2
        if table[i][j] == table[i - 1][j - 1] + change:
            pairs.append((start + i - 1, start + j - 1))
            i, j = i - 1, j - 1
        elif table[i][j] == table[i - 1][j] + 1:
            i -= 1
        else:
            j -= 1
    return pairs, table[len(left)][len(right)]
