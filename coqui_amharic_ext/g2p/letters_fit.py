"""Whether a sequence of phones can be a reading of a written word, letter by letter.

Amharic spelling leaves open whether a sixth order's ɨ is spoken, and tradition and speakers differ
in a few more places: those are alternatives here. Everything else has to match, since a guess from
a related language differs from a right reading by a phone or two.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from coqui_amharic_ext.g2p.phones import LABIALISED
from coqui_amharic_ext.g2p.table import Letter, fidel

Phones = tuple[str, ...]

_GLIDES: Final = {"j": "i", "w": "u"}
_GUTTURALS: Final = frozenset("hʔ")


@lru_cache(maxsize=1024)
def readings(written: str) -> tuple[Phones, ...]:
    """Return the phone sequences that one letter can stand for; none for what is no letter."""
    letter = fidel().get(written)
    if letter is None:
        return ()
    before, consonant = letter.consonants[:-1], letter.consonants[-1]
    found = [(*before, *reading) for reading in _syllables(letter, consonant)]
    if consonant == "ʔ":  # often not heard, and not written by many transcribers
        found += [tuple(p for p in reading if p != "ʔ") for reading in found]
    return tuple(dict.fromkeys(found))


def _syllables(letter: Letter, consonant: str) -> list[Phones]:
    vowel = letter.vowel
    if letter.labialised:
        return _labialised(consonant, vowel)
    found: list[Phones] = [(consonant, vowel)]
    if vowel == "ɨ":
        found.append((consonant,))
    if letter.order == 1 and vowel == "a" and consonant in _GUTTURALS:
        found.append((consonant, "ə"))  # the etymological vowel, as many tables give it
    glide = _GLIDES.get(consonant)
    if glide is not None:  # ኢትዮጵያ ʔitjopʼja, ʔitijopʼja, ʔitiopʼia; ይሄ jɨhe, ihe
        found += [(glide,)] if vowel == "ɨ" else [(glide, vowel), (glide, consonant, vowel)]
    return found


def _labialised(consonant: str, vowel: str) -> list[Phones]:
    plain = consonant.removesuffix(LABIALISED)
    found: list[Phones] = [(consonant, vowel), (plain, "w", vowel), (plain, "u", vowel)]
    if vowel == "ə":
        found.append((plain, "o"))  # ጐ is today written ጎ
    if vowel == "ɨ":
        found += [(consonant,), (plain, "u")]  # ቍጥር is today written ቁጥር
    return found


def fit(word: str, phones: Sequence[str]) -> bool:
    """Return whether the phones, without length marks, can be a reading of the word.

    Parameters
    ----------
    word : str
        Ethiopic letters.
    phones : sequence of str
        Phones of our inventory.
    """
    ends = {0}
    for written in word:
        options = readings(written)
        if not options:
            continue
        ends = {
            end + len(option)
            for end in ends
            for option in options
            if tuple(phones[end : end + len(option)]) == option
        }
        if not ends:
            return False
    return len(phones) in ends
