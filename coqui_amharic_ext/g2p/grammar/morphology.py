"""What a written word may be: prefix, stem and suffix, each with its length marks.

A word is read as a listed noun with its affixes, as a form of a verb or a noun made from one, and,
where neither is known, as a noun that is not listed. The reading of least cost is the default.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from coqui_amharic_ext.g2p.grammar import affixes, edges, nouns, stems, verbs
from coqui_amharic_ext.g2p.grammar.nouns import CLITIC_COSTS, Candidate, Layer
from coqui_amharic_ext.g2p.phonology.coding import VOWELS

WINDOW: Final = 1.2
"""How much costlier than the best a reading may be to be an alternative."""
_UNLISTED_COST: Final = 4.0
"""Cost of reading a word as a noun that is not listed."""
_SURE_COST: Final = 0.9


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
    start, end = edges.beginning(coded), edges.ending(coded)
    noun = nouns.readings(coded, start.prepositions, end.cuts, False, found)
    if noun:
        best = min(found) if len(found) > 1 else found[0]
        if best[0] <= _SURE_COST and not verbs.may_be_verb(noun):
            return best[1], "lexicon", best[3]
    _as_verb(coded, start, end, 0.0, found)
    if not found:
        found.append(_unlisted_noun(coded, end))
    _, spoken, layer, ipa = min(found) if len(found) > 1 else found[0]
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
    start, end = edges.beginning(coded), edges.ending(coded)
    nouns.readings(coded, start.prepositions, end.cuts, True, found)
    _as_verb(coded, start, end, WINDOW, found)
    if not found or min(found)[0] > _UNLISTED_COST - WINDOW:
        found.append(_unlisted_noun(coded, end))
    found.sort()
    unique: dict[str, Reading] = {}
    for cost, spoken, layer, _ in found:
        if cost <= found[0][0] + WINDOW:
            unique.setdefault(spoken, Reading(cost, spoken, layer))
    return list(unique.values())


def _as_verb(
    coded: str, start: edges.Beginning, end: edges.Ending, window: float, found: list[Candidate]
) -> None:
    """Add the readings with a verb's stem, with a clitic only if none without it is as cheap."""
    best = min(found)[0] if found else _UNLISTED_COST
    shape = coded.translate(stems.SHAPE)
    steps = start.steps[""].get(end.suffix)
    if steps is None:
        steps = start.make_steps(end.suffix, "")
    if steps:
        best = verbs.readings(coded, shape, steps, "", best, window, found)
    clitic = end.clitic
    if clitic and best >= CLITIC_COSTS[clitic] and len(coded) > len(clitic) + 1:
        steps = start.steps[clitic].get(end.before)
        if steps is None:
            steps = start.make_steps(end.before, clitic)
        verbs.readings(coded, shape, steps, clitic, best, window, found)


def _unlisted_noun(coded: str, end: edges.Ending) -> Candidate:
    """Read a word as a noun that is not listed, with the longest suffix that has a length mark."""
    clitic = end.clitic
    if end.lengthening_before and len(coded) > len(clitic) + 1:
        spoken = _lengthened(coded[: -len(clitic)], end.lengthening_before)
        if spoken is not None:
            return _UNLISTED_COST, affixes.attach(spoken, affixes.clitics()[clitic]), "rules", ""
    return _UNLISTED_COST, _lengthened(coded, end.lengthening) or coded, "rules", ""


def _lengthened(body: str, suffixes: tuple[edges.Lengthening, ...]) -> str | None:
    for size, takes, spoken in suffixes:
        if size + 2 <= len(body):
            stem = body[:-size]
            if takes & (affixes.NOUN_V if stem[-1] in VOWELS else affixes.NOUN_C):
                return stem + spoken
    return None
