"""Whether a sequence of phones can be a reading of a written word, letter by letter.

Amharic spelling leaves open whether a sixth order's ɨ is spoken, and tradition and speakers differ
in a few more places: those are alternatives here. Everything else has to match, since a guess from
a related language differs from a right reading by a phone or two.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from coqui_amharic_ext.g2p.phonology.inventory import LABIALISED
from coqui_amharic_ext.g2p.phonology.letters import Letter, fidel

Phones = tuple[str, ...]

_GLIDES: Final = {"j": "i", "w": "u"}
_NEIGHBOURS: Final = {"i": "e", "e": "iɨ"}
"""Front vowels that listeners confuse: bitəsəb ቤተሰብ, atʼer አጥር. One in a word of
some length is tolerated; i and e only beside ə, which a reader of another language lacks."""
_LONG_ENOUGH: Final = 3
_GUTTURALS: Final = frozenset("hʔ")


@lru_cache(maxsize=1024)
def readings(written: str) -> tuple[Phones, ...]:
    """Return the phone sequences that one letter can stand for; none for other characters."""
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


def phones_of_letters(word: str, phones: Sequence[str]) -> Phones | None:
    """Return the phones in our system, if they can be a reading of the word.

    Parameters
    ----------
    word : str
        Ethiopic letters.
    phones : sequence of str
        Phones of our inventory, without length marks.

    Returns
    -------
    tuple of str or None
        What the letters say in our system; where a letter has two modern readings (ጐ, ቍ), the one
        that the phones have. None if the phones are not those of the letters.
    """
    found = _read(word, phones)
    if found is not None or len(word) < _LONG_ENOUGH:
        return found
    for place, phone in enumerate(phones):
        for neighbour in _NEIGHBOURS.get(phone, ""):
            if neighbour != "ɨ" and "ə" not in phones:
                continue
            found = _read(word, (*phones[:place], neighbour, *phones[place + 1 :]))
            if found is not None:
                return found
    return None


def _read(word: str, phones: Sequence[str]) -> Phones | None:
    # For each place reached in the phones, what has been read on the way to it.
    reached: dict[int, Phones] = {0: ()}
    for written in word:
        options = readings(written)
        if not options:
            continue
        onward: dict[int, Phones] = {}
        for place, so_far in reached.items():
            for option in options:
                end = place + len(option)
                if end not in onward and tuple(phones[place:end]) == option:
                    onward[end] = so_far + _in_our_system(written, option)
        reached = onward
        if not reached:
            return None
    return reached.get(len(phones))


def _in_our_system(written: str, option: Phones) -> Phones:
    letter = fidel()[written]
    plain = letter.consonants[-1].removesuffix(LABIALISED)
    if letter.labialised and option in ((plain, "o"), (plain, "u")):
        return option
    return (*letter.consonants, letter.vowel)
