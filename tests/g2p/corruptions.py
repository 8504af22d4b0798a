"""Wrong transcriptions of every kind that a backend may give, made from right ones by rule."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable, Iterator

from coqui_amharic_ext.g2p.phonology.folding import fold
from coqui_amharic_ext.g2p.phonology.inventory import inventory
from coqui_amharic_ext.g2p.phonology.letters import fidel

Corruption = Callable[[str, list[str], random.Random], str]

_VOWELS = "əuiaeɨo"
_CONSONANTS = [p.symbol for p in inventory().values() if p.phone_class == "consonant"]


def _romanisation(written: str, _phones: list[str], _random: random.Random) -> str:
    """Read the letters' Unicode names, as transliterators of the script's code chart do."""
    names = (unicodedata.name(letter, "").rsplit(" ", 1)[-1].lower() for letter in written)
    return "".join(names)


def _swap_neighbours(_written: str, phones: list[str], random_: random.Random) -> str:
    place = random_.randrange(len(phones) - 1)
    phones[place], phones[place + 1] = phones[place + 1], phones[place]
    return "".join(phones)


def _swap_any(_written: str, phones: list[str], random_: random.Random) -> str:
    one, two = random_.sample(range(len(phones)), 2)
    phones[one], phones[two] = phones[two], phones[one]
    return "".join(phones)


def _substitute(_written: str, phones: list[str], random_: random.Random) -> str:
    place = random_.randrange(len(phones))
    others = list(_VOWELS) if phones[place] in _VOWELS else _CONSONANTS
    phones[place] = random_.choice([phone for phone in others if phone != phones[place]])
    return "".join(phones)


def _mapped(table: dict[str, str]) -> Corruption:
    def corrupt(_written: str, phones: list[str], _random: random.Random) -> str:
        return "".join(table.get(phone, phone) for phone in phones)

    return corrupt


def _inherent_vowel(written: str, _phones: list[str], _random: random.Random) -> str:
    """Read the sixth order with a vowel, as in the scripts of India."""
    letters = [fidel()[letter] for letter in written if letter in fidel()]
    vowels = ("ə" if letter.vowel == "ɨ" else letter.vowel for letter in letters)
    return "".join("".join(x.consonants) + v for x, v in zip(letters, vowels, strict=True))


def _plain(_written: str, phones: list[str], _random: random.Random) -> str:
    """A language without ejectives and labialised consonants."""
    return re.sub("[ʼʷ]", "", "".join(phones))


CORRUPTIONS: dict[str, Corruption] = {
    "identity": lambda written, phones, random_: written,
    "half identity": lambda written, phones, random_: "".join(phones[:-2]) + written[-1],
    "romanisation": _romanisation,
    "cut by a phone": lambda written, phones, random_: "".join(phones[:-1]),
    "cut by two phones": lambda written, phones, random_: "".join(phones[:-2]),
    "cut in half": lambda written, phones, random_: "".join(phones[: len(phones) // 2]),
    "beginning cut": lambda written, phones, random_: "".join(phones[2:]),
    "neighbours swapped": _swap_neighbours,
    "phones swapped": _swap_any,
    "phone replaced": _substitute,
    "backwards": lambda written, phones, random_: "".join(reversed(phones)),
    "other vowels": _mapped(dict(zip("əuiaeo", "euiaio", strict=True))),
    "rotated vowels": _mapped(dict(zip("əuiaeo", "uiaeoə", strict=True))),
    "schwa as a": _mapped({"ə": "a"}),
    "ɨ as i": _mapped({"ɨ": "i"}),
    "voiceless": _mapped(dict(zip("bdɡzʒv", "ptksʃf", strict=True))),
    "without ejectives": _plain,
    "inherent vowel": _inherent_vowel,
    "said twice": lambda written, phones, random_: "".join(phones) * 2,
    "first syllable repeated": lambda written, phones, random_: "".join(phones[:2] * 3 + phones),
    "last phone repeated": lambda written, phones, random_: "".join(phones) + phones[-1] * 5,
    "aaaa": lambda written, phones, random_: "aaaa",
    "a for every phone": lambda written, phones, random_: "a" * len(phones),
    "nothing": lambda written, phones, random_: "",
}


def skeleton(ipa: str) -> list[str]:
    """Return what a word's identity is: no length, no ɨ, no glottal stop."""
    return [phone for phone in fold(ipa) if phone not in ("ː", "ɨ", "ʔ")]


def corrupted(words: dict[str, str], seed: int) -> Iterator[tuple[str, str, str]]:
    """Yield (kind, written, wrong transcription) for every word and kind.

    Where a corruption leaves a word's consonants and vowels as they are (two like phones swapped,
    no ejective to lose), it is no corruption and is left out.
    """
    random_ = random.Random(seed)
    others = list(words.items())
    for written, ipa in words.items():
        phones = [phone for phone in fold(ipa) if phone != "ː"]
        if len(phones) < 3:
            continue
        for kind, corrupt in CORRUPTIONS.items():
            wrong = corrupt(written, list(phones), random_)
            if skeleton(wrong) != skeleton(ipa):
                yield kind, written, wrong
        _, other = random_.choice(others)
        if skeleton(other) != skeleton(ipa):
            yield "another word", written, other
