"""Stem patterns of the verb: ``data/paradigms.tsv``, and how each is written.

A pattern such as ``1ə2ːə3`` has digits for radicals; what stands in it but is not written is length
and ɨ. Labialised radicals change what is written (1ə2ːə3 → 1o2ə3, 12ə3 → 1u2ə3: ቆጠረ, ቁጠር).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from coqui_amharic_ext.g2p.phonology.coding import encode
from coqui_amharic_ext.io.tables import rows

TENSES: Final = ("perf", "impf", "juss", "imp", "ger", "inf", "agt", "ins", "nom")
PALATAL: Final = {
    "t": "ʧ", "d": "ʤ", "ƭ": "ƈ", "s": "ʃ", "z": "ʒ", "ȿ": "ƈ", "n": "ɲ", "l": "j",
}  # fmt: skip
"""What a dental becomes before the vowel i or j of a suffix (Leslau 1995, palatalisation)."""
DEPALATAL: Final[dict[str, tuple[str, ...]]] = {
    palatal: tuple(plain for plain in PALATAL if PALATAL[plain] == palatal)
    for palatal in dict.fromkeys(PALATAL.values())
}
NOMINAL: Final = "N"
"""The class of patterns that need no root: plurals of adjectives."""

_LABIAL: Final = {"ə": "o", "": "u", "ɨ": "u"}
_PLACES: Final = {place: re.compile(place + "(ː?)([əɨaoeui]?)") for place in "1234"}


class Paradigm(NamedTuple):
    """One row of ``data/paradigms.tsv``.

    Attributes
    ----------
    verb_class, stem : str
        Class and derived stem; a root of the class may form every stem of it.
    endings : {"strong", "a", "ə"}
        Which subject endings the perfective has.
    radicals : str
        The pattern digit of each radical of the root: ``123``, or ``122`` where the last two are
        alike and written once.
    patterns : dict of str to tuple of str
        Patterns by tense, one character per phone.
    default : tuple of str
        Tenses that an unknown root may be read as.
    """

    verb_class: str
    stem: str
    endings: str
    radicals: str
    patterns: dict[str, tuple[str, ...]]
    default: tuple[str, ...]


@lru_cache(maxsize=1)
def table() -> list[Paradigm]:
    """Return the rows of ``data/paradigms.tsv``."""
    found = []
    for verb_class, stem, endings, radicals, default, *cells in rows(
        "g2p/data/paradigms.tsv", "class", "stem", "endings", "radicals", "default", *TENSES
    ):
        patterns = {
            tense: tuple(cell.split(" "))
            for tense, cell in zip(TENSES, encode("\t".join(cells)).split("\t"), strict=True)
            if cell
        }
        default_tenses = tuple(default.split(" "))
        found.append(Paradigm(verb_class, stem, endings, radicals, patterns, default_tenses))
    return found


def labialise(pattern: str, places: str) -> str:
    """Return a pattern with the radicals at ``places`` labialised: ə → o, none → u, a → ʷa."""

    def sub(match: re.Match[str]) -> str:
        length, vowel = match[1], match[2]
        if vowel in ("a", "i", "e"):
            return f"{match[0][0]}ʷ{length}{vowel}"
        return match[0][0] + length + _LABIAL.get(vowel, vowel)

    for place in places:
        pattern = _PLACES[place].sub(sub, pattern)
    return pattern


def labialised(pattern: str, places: str, endings: str) -> tuple[str, ...]:
    """Return what a pattern is with radicals labialised, in a paradigm with these endings.

    A labialised last radical of a verb in -a keeps its ʷ before that vowel and loses it before u
    (ɡʷaɡʷːa, ɡʷaɡːu); so do reduplicated biradicals such as ʔankʷakʷːa (Leslau 1995, biradicals).
    """
    last = pattern.rstrip("ː")[-1]
    if endings != "a" or last not in places:
        return (labialise(pattern, places),)
    return labialise(pattern + "a", places)[:-1], labialise(pattern, places.replace(last, ""))


def forms(paradigm: Paradigm) -> Iterator[tuple[str, str]]:
    """Yield the tenses and patterns of a paradigm, with those that follow from others.

    ``ger1`` is the converb of the first person, whose last radical is long (səbɨɾːe); ``agt!`` and
    ``ins!`` are agent and instrument whose palatalised last radical has taken up the suffix's i
    (kəfat͡ʃ, məkfət͡ʃa).
    """
    for tense, patterns in paradigm.patterns.items():
        for pattern in patterns:
            yield tense, pattern
            if tense == "ger":
                last = "ʧ" if pattern[-1] == "t" else pattern[-1]
                yield "ger1", pattern if last == "ː" else pattern[:-1] + last + "ː"
            elif tense == "agt" and pattern[-1] == "i":
                yield "agt!", pattern[:-1]
            elif tense == "ins" and pattern.endswith("ija"):
                yield "ins!", pattern[:-3] + "a"
