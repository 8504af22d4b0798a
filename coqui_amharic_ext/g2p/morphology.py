"""What a written word may be: prefix, stem and suffix, each with its length marks.

A word is read as a listed noun with its affixes, as a form of a verb or a noun made from one, and,
where neither is known, as a noun that is not listed. The reading of least cost is the default.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from coqui_amharic_ext.g2p import affixes, nouns, stems, verbs
from coqui_amharic_ext.g2p import inflection as infl
from coqui_amharic_ext.g2p.nouns import CLITIC_COSTS, Candidate, Layer
from coqui_amharic_ext.g2p.symbols import VOWELS

WINDOW: Final = 1.2
"""How much costlier than the best a reading may be to be an alternative."""
_UNLISTED_COST: Final = 4.0
"""Cost of reading a word as a noun that is not listed."""
_SURE_COST: Final = 0.9
_NOUN: Final = infl.NOUN_C | infl.NOUN_V
_CLITICS_BY_END: Final = {"m": "m", "n": "n", "a": "na", "s": "s"}


class Reading(NamedTuple):
    """One way to understand a word.

    Attributes
    ----------
    cost : float
        The less, the likelier.
    spoken : str
        One character per phone, with length; ɨ only where it does not follow from the syllable.
    layer : {"lexicon", "paradigm", "rules"}
        What is known: the whole word or noun, its root, or only its shape.
    """

    cost: float
    spoken: str
    layer: Layer


def likeliest(coded: str) -> tuple[str, Layer, str]:
    """Return the likeliest reading of a written word: what is spoken, the layer, IPA if known.

    Parameters
    ----------
    coded : str
        What the letters say by themselves, one character per phone.
    """
    found: list[Candidate] = []
    prefix = affixes.longest_prefix(coded)
    noun = nouns.readings(coded, prefix, False, found)
    if noun:
        best = min(found) if len(found) > 1 else found[0]
        if best[0] <= _SURE_COST and not verbs.may_be_verb(noun):
            return best[1], "lexicon", best[3]
    _as_verb(coded, prefix, 0.0, found)
    if not found:
        found.append(_unlisted_noun(coded))
    _, spoken, layer, ipa = min(found)
    return spoken, layer, ipa


def readings(coded: str) -> list[Reading]:
    """Return the ways to understand a written word, the likeliest first.

    Parameters
    ----------
    coded : str
        What the letters say by themselves, one character per phone.

    Returns
    -------
    list of Reading
        At least one; the others cost at most ``WINDOW`` more.
    """
    found: list[Candidate] = []
    prefix = affixes.longest_prefix(coded)
    nouns.readings(coded, prefix, True, found)
    _as_verb(coded, prefix, WINDOW, found)
    if not found or min(found)[0] > _UNLISTED_COST - WINDOW:
        found.append(_unlisted_noun(coded))
    found.sort()
    unique: dict[str, Reading] = {}
    for cost, spoken, layer, _ in found:
        if cost <= found[0][0] + WINDOW:
            unique.setdefault(spoken, Reading(cost, spoken, layer))
    return list(unique.values())


def _as_verb(coded: str, prefix: str, window: float, found: list[Candidate]) -> None:
    """Add the readings with a verb's stem, with a clitic only if none without it is as cheap."""
    best = min(found)[0] if found else _UNLISTED_COST
    shape = coded.translate(stems.SHAPE)
    suffix = affixes.longest_suffix(coded)
    best = verbs.readings(coded, shape, prefix, suffix, "", best, window, found)
    clitic = _CLITICS_BY_END.get(coded[-1])
    if clitic is not None and best >= CLITIC_COSTS[clitic] and coded.endswith(clitic):
        size = len(coded) - len(clitic)
        if size > 1:
            body = coded[:size]
            if len(prefix) > size:
                prefix = affixes.longest_prefix(body)
            suffix = affixes.longest_suffix(body)
            verbs.readings(body, shape[:size], prefix, suffix, clitic, best, window, found)


def _unlisted_noun(coded: str) -> Candidate:
    """Read a word as a noun that is not listed, with the longest suffix that has a length mark."""
    clitic = _CLITICS_BY_END.get(coded[-1])
    if clitic is not None and coded.endswith(clitic) and len(coded) > len(clitic) + 1:
        body = coded[: -len(clitic)]
        spoken = _lengthened(body)
        if spoken is not None:
            return _UNLISTED_COST, infl.attach(spoken, infl.clitics()[clitic]), "rules", ""
    return _UNLISTED_COST, _lengthened(coded) or coded, "rules", ""


def _lengthened(body: str) -> str | None:
    for size, takes, spoken in _lengthening(affixes.longest_suffix(body)):
        if size + 2 <= len(body):
            stem = body[:-size]
            if takes & (infl.NOUN_V if stem[-1] in VOWELS else infl.NOUN_C):
                return stem + spoken
    return None


@lru_cache(maxsize=1 << 12)
def _lengthening(suffix: str) -> tuple[tuple[int, int, str], ...]:
    """Return the suffixes with a length mark of a word that has this longest suffix."""
    found = [
        (edge.size, affix.takes, affix.spoken)
        for edge in affixes.suffixes().known[suffix]
        for affix in edge.affixes
        if affix.takes & _NOUN and "ː" in affix.spoken and affix.cost < infl.LISTED_ONLY_COST
    ]
    return tuple(sorted(found, key=lambda item: -item[0]))
