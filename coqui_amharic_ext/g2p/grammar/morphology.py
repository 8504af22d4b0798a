"""What a written word may be: prefix, stem and suffix, each with its length marks.

A word is read as a listed noun with its affixes, as a form of a verb or a noun made from one, and,
where neither is known, as a noun that is not listed. The reading of least cost is the default.
"""

from __future__ import annotations

from typing import Final

from coqui_amharic_ext.g2p.costs import cost
from coqui_amharic_ext.g2p.grammar import affixes, edges, nouns, verbs
from coqui_amharic_ext.g2p.grammar.nouns import CLITIC_COSTS, Reading
from coqui_amharic_ext.g2p.phonology.coding import VOWELS

_WINDOW: Final = cost("alternative")
_UNLISTED_COST: Final = cost("unlisted noun")
_SURE_COST: Final = cost("sure")


def likeliest(coded: str) -> Reading:
    """Return the likeliest reading of a written word.

    Parameters
    ----------
    coded : str
        What the letters say by themselves, one character per phone.
    """
    prefix, end = edges.longest_prefix(coded), edges.ending(coded)
    found, noun = nouns.readings(coded, prefix, end.cuts, every=False)
    if noun:
        best = min(found)
        if best.cost <= _SURE_COST and not verbs.may_be_verb(noun):
            return best
    found += _verbs(coded, prefix, end, found, 0.0)
    return min(found) if found else _unlisted_noun(coded, end)


def readings(coded: str) -> list[Reading]:
    """Return the ways to understand a written word, the likeliest first.

    Parameters
    ----------
    coded : str
        What the letters say by themselves, one character per phone.

    Returns
    -------
    list of Reading
        At least one; the others cost little more. Each spoken form is there once.
    """
    prefix, end = edges.longest_prefix(coded), edges.ending(coded)
    found, _ = nouns.readings(coded, prefix, end.cuts, every=True)
    found += _verbs(coded, prefix, end, found, _WINDOW)
    if not found or min(found).cost > _UNLISTED_COST - _WINDOW:
        found.append(_unlisted_noun(coded, end))
    found.sort()
    unique: dict[str, Reading] = {}
    for reading in found:
        if reading.cost <= found[0].cost + _WINDOW:
            unique.setdefault(reading.spoken, reading)
    return list(unique.values())


def _verbs(
    coded: str, prefix: str, end: edges.Ending, others: list[Reading], window: float
) -> list[Reading]:
    """Return the readings with a verb's stem, with a clitic only if none without is as cheap."""
    best = min(others).cost if others else _UNLISTED_COST
    found = verbs.readings(coded, prefix, end.suffix, "", best, window)
    if found:
        best = min(best, min(found).cost)
    clitic = end.clitic
    if clitic and best >= CLITIC_COSTS[clitic] and len(coded) > len(clitic) + 1:
        found += verbs.readings(coded, prefix, end.suffix_before, clitic, best, window)
    return found


def _unlisted_noun(coded: str, end: edges.Ending) -> Reading:
    """Read a word as a noun that is not listed, with the longest suffix that has a length mark."""
    clitic = end.clitic
    spoken = None
    if end.lengthenings_before and len(coded) > len(clitic) + 1:
        spoken = _lengthened(coded[: -len(clitic)], end.lengthenings_before)
        if spoken is not None:
            spoken = affixes.attach(spoken, affixes.clitics()[clitic])
    if spoken is None:
        spoken = _lengthened(coded, end.lengthenings) or coded
    return Reading(_UNLISTED_COST, spoken, "rules")


def _lengthened(word: str, lengthenings: tuple[edges.Lengthening, ...]) -> str | None:
    for suffix in lengthenings:
        if suffix.size + 2 <= len(word):
            stem = word[: -suffix.size]
            if suffix.hosts & (affixes.NOUN_V if stem[-1] in VOWELS else affixes.NOUN_C):
                return stem + suffix.spoken
    return None
