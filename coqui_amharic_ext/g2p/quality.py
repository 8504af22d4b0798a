"""Whether a backend's phones are a transcription of the written word: named measures, bounds.

Surface measures (inventory, vowel ratio, repetition …) name what is wrong with rubbish but let
a fluent reading of another word pass. What tells those is the written word itself: the phones,
without ɨ, ʔ and length, have to be those of the letters. A tolerance of one phone in seven lets
through a quarter of all single substitutions and truncations, so none is given; the places where
right transcriptions differ are known and listed (``letters_fit``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from coqui_amharic_ext.g2p.backend import Gives
from coqui_amharic_ext.g2p.letters_fit import phones_of_letters
from coqui_amharic_ext.g2p.phonology.inventory import EJECTIVE, LENGTH, inventory, vowels
from coqui_amharic_ext.g2p.phonology.letters import fidel
from coqui_amharic_ext.g2p.scoring import edit_distance
from coqui_amharic_ext.g2p.types import Quality

ETHIOPIC: Final = re.compile("[\u1200-\u139f\u2d80-\u2ddf\uab00-\uab2f\U0001e7e0-\U0001e7ff]")
_REPEAT: Final = re.compile(r"([^əuiaeɨo\s]{1,5}?)\1+")
_COMPARABLE: Final = 4.0
"""Phones per letter above which phones are not worth comparing with the letters."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The lowest and highest acceptable value of a measure."""

    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Whether a value lies within the bound."""
        return self.low <= value <= self.high


BOUNDS: Final[dict[str, Bound]] = {
    "ethiopic": Bound(0, 0),  # Ethiopic characters in the output
    "inventory": Bound(0.95, 1),  # share of the phones that our inventory has
    "vowel_ratio": Bound(0.20, 0.68),  # vowels per phone, unwritten ʔ counted
    "phones_per_letter": Bound(1.0, 2.5),  # unwritten ʔ counted
    "repetition": Bound(0, 3),  # longest run of one phone
    "cluster": Bound(0, 3),  # longest run of consonants; of surface forms only
    "ejectives": Bound(0, 0),  # ejectives too many or too few
    "consonants": Bound(0.75, 1),  # agreement with the letters' consonants
    "vowels": Bound(0.75, 1),  # agreement with the letters' vowels
    "skeleton": Bound(0, 0),  # distance to the letters' consonants and vowels
}


@lru_cache(maxsize=1024)
def _own(written: str) -> tuple[str, ...]:
    letter = fidel().get(written)
    return () if letter is None else (*letter.consonants, letter.vowel)


def measure(
    word: str,
    phones: Sequence[str],
    *,
    raw: str = "",
    gives: Gives = "segments",
    listed: bool = False,
) -> Quality:
    """Measure phones against the written word.

    Parameters
    ----------
    word : str
        One normalised Ethiopic word.
    phones : sequence of str
        A backend's phones, folded to our inventory; unknown symbols kept.
    raw : str
        What the backend gave, before folding.
    gives : {"segments", "surface"}
        What the backend declares; a surface form is also checked for clusters nobody can say.
    listed : bool
        Whether a lexicon gave the phones: a word that is listed since its letters mislead is not
        held against them.

    Returns
    -------
    Quality
        Every measure by name, and the names of those outside ``BOUNDS``.
    """
    said = [phone for phone in phones if phone != LENGTH]
    measures = _surface(word, said, raw, gives)
    if not listed:
        measures |= _agreement(word, said)
    failed = tuple(name for name, value in measures.items() if not BOUNDS[name].holds(value))
    return Quality(measures, failed)


def _surface(word: str, said: list[str], raw: str, gives: Gives) -> dict[str, float]:
    known, vowel_set = inventory(), vowels()
    own = [_own(letter) for letter in word]
    stops = sum("ʔ" in phones for phones in own)
    syllables = sum(len(phones) - 1 for phones in own if phones)  # the ligature ፘ is two letters
    size = sum(phone != "ʔ" for phone in said) + stops
    measures: dict[str, float] = {
        "ethiopic": len(ETHIOPIC.findall(raw)) + len(ETHIOPIC.findall("".join(said))),
        "inventory": sum(phone in known for phone in said) / len(said) if said else 0.0,
    }
    if size > 1:  # a lone consonant letter has no vowel of its own
        measures["vowel_ratio"] = sum(phone in vowel_set for phone in said) / size
    measures["phones_per_letter"] = size / syllables if syllables else 0.0
    measures["repetition"] = max(_longest_run(said), _longest_repeat(raw))
    if gives == "surface":
        measures["cluster"] = _longest_cluster(said)
    return measures


def _agreement(word: str, said: list[str]) -> dict[str, float]:
    own = [phone for letter in word for phone in _own(letter)]
    ejectives = abs(sum(EJECTIVE in p for p in own) - sum(EJECTIVE in p for p in said))
    if phones_of_letters(word, said) is not None:
        return {"ejectives": ejectives, "consonants": 1.0, "vowels": 1.0, "skeleton": 0.0}
    if len(said) > _COMPARABLE * len(word):
        return {"ejectives": ejectives, "consonants": 0.0, "vowels": 0.0, "skeleton": 1.0}
    left, right = _skeleton(own), _skeleton(said)
    # Phones that are all there but in the wrong slots (ɨ before its consonant) are not a fit.
    distance = max(_distance(left, right), 1 / (1 + len(left)))
    vowel_set = vowels()
    return {
        "ejectives": ejectives,
        "consonants": 1 - _distance(*([p for p in s if p not in vowel_set] for s in (left, right))),
        "vowels": 1 - _distance(*([p for p in s if p in vowel_set] for s in (left, right))),
        "skeleton": distance,
    }


def _skeleton(phones: Sequence[str]) -> list[str]:
    return [phone for phone in phones if phone not in ("ɨ", "ʔ")]


def _distance(left: Sequence[str], right: Sequence[str]) -> float:
    longest = max(len(left), len(right))
    return edit_distance(left, right) / longest if longest else 0.0


def _longest_run(said: Sequence[str]) -> int:
    longest = run = 0
    previous = None
    for phone in said:
        run = run + 1 if phone == previous else 1
        previous = phone
        longest = max(longest, run)
    return longest


def _longest_repeat(raw: str) -> int:
    """Return how often one consonant is repeated in output that folding takes for a long one."""
    repeats = (len(m[0]) // len(m[1]) for m in _REPEAT.finditer(raw))
    return max(repeats, default=0)


def _longest_cluster(said: Sequence[str]) -> int:
    vowel_set = vowels()
    longest = run = 0
    for phone in said:
        run = 0 if phone in vowel_set else run + 1
        longest = max(longest, run)
    return longest
