"""Verb forms, and nouns made from verbs, with their affixes.

A word's affixes decide where its stem may be, and its shape which of those stretches can be one.
"""

from __future__ import annotations

from functools import lru_cache
from operator import itemgetter
from typing import Final

from coqui_amharic_ext.g2p import affixes, stems
from coqui_amharic_ext.g2p import inflection as infl
from coqui_amharic_ext.g2p.nouns import CLITIC_COSTS, Candidate

_JUSSIVE: Final = infl.JUSS | infl.JUSS_A
_BARE_IMPERFECTIVE: Final = infl.IMPF | infl.IMPF_A
_BARE_COSTS: Final = {"j": 0.5, "t": 2.0, "ʔ": 4.0, "l": 4.0}
"""An imperfective with a bare subject prefix wants its auxiliary, a negative one its -ም."""
_STEMS_SIZE: Final = 1 << 14
_PLANS_SIZE: Final = 1 << 13

_Step = tuple[float, int, int | None, int, bool | None, bool, affixes.Edge, affixes.Edge]
"""Least cost; where the stem begins and, from the end of the word, ends; what both affixes take;
whether the stem must begin with a; whether it must be a verb's; the affixes."""

_plans: dict[tuple[str, str], list[_Step]] = {}
_stems: dict[str, stems.Stems] = {}


@lru_cache(maxsize=1)
def _index() -> stems.Index:
    return stems.index()


def _plan(prefix: str, suffix: str) -> list[_Step]:
    """Return where a word with these longest affixes may have its stem, the cheapest way first."""
    found: list[_Step] = []
    ends = affixes.suffixes().known[suffix]
    for before in affixes.prefixes().known[prefix]:
        _, start, before_cost, opens, before_evidence, before_takes, _, _ = before
        for after in ends:
            _, cut, cost, _, evidence, takes, _, _ = after
            takes &= before_takes
            if takes:
                proof = before_evidence or evidence
                total = before_cost + cost
                found.append((total, start, -cut or None, takes, opens, proof, before, after))
    found.sort(key=itemgetter(0))
    if len(_plans) >= _PLANS_SIZE:
        _plans.clear()
    _plans[prefix, suffix] = found
    return found


def readings(
    coded: str,
    shape: str,
    prefix: str,
    suffix: str,
    clitic: str,
    best: float,
    window: float,
    found: list[Candidate],
) -> float:
    """Add the readings of a word as a verb form or a noun made from a verb.

    Parameters
    ----------
    coded, shape : str
        The word, without the clitic, one character per phone, and its shape.
    prefix, suffix : str
        Its longest affixes.
    clitic : str
        What was cut off.
    best : float
        The least cost of a reading so far.
    window : float
        How much costlier than the best a reading may be.
    found : list of Candidate
        What to add to.

    Returns
    -------
    float
        The least cost of a reading now.
    """
    index = _index()
    plan = _plans.get((prefix, suffix)) or _plan(prefix, suffix)
    possible = [step for step in plan if shape[step[1] : step[2]] in index]
    if not possible:
        return best
    clitic_cost = CLITIC_COSTS[clitic]
    for cost, start, end, takes, opens, evidence, before, after in possible:
        if cost + clitic_cost > best + window:
            break
        if opens is not None and (coded[start] == "a") is not opens:
            continue
        groups = index[shape[start:end]]
        if isinstance(groups, list):
            groups = stems.make(index, shape[start:end], groups)
        if not groups[0] & takes:
            continue
        written = coded[start:end]
        both = _stems.get(written)
        if both is None:
            both = _remember(groups, written)
        matches = both[0]
        if evidence and both[1]:
            matches += both[1]
        if matches:
            best = _combine(
                matches, written, before.ways.get(after[0]) or affixes.ways(before, after),
                clitic, clitic_cost, best, window, found,
            )  # fmt: skip
    return best


def _remember(groups: stems.Groups, written: str) -> stems.Stems:
    if len(_stems) >= _STEMS_SIZE:
        _stems.clear()
    result = _stems[written] = stems.readings(groups, written)
    return result


def _combine(
    matches: tuple[stems.Stem, ...],
    written: str,
    ways: tuple[affixes.Way, ...],
    clitic: str,
    clitic_cost: float,
    best: float,
    window: float,
    found: list[Candidate],
) -> float:
    """Add the readings of a word whose middle may be these stems."""
    negated = clitic == "m"
    opening = "a" if written[0] == "a" else "C"
    for stem_cost, pattern, known, palatal in matches:
        for cost, takes, before, after, evidence, opens, bare, negative, feminine in ways:
            takes &= pattern.takes
            if negated and negative:
                takes &= ~_JUSSIVE
            if not takes or (opens and opens != opening):
                continue
            if (palatal and not feminine) or not (known or evidence):
                continue
            total = cost + clitic_cost + stem_cost
            if not evidence:
                total += pattern.alone
            if bare and takes & _BARE_IMPERFECTIVE and not (negated and negative):
                total += _BARE_COSTS[before[0]]
            if total <= best + window:
                spoken = before + stems.speak(written, pattern.inserts) + after
                if clitic:
                    spoken = infl.attach(spoken, infl.clitics()[clitic])
                found.append((total, spoken, "paradigm" if known else "rules", ""))
                best = min(best, total)
    return best


@lru_cache(maxsize=1 << 12)
def may_be_verb(stem: str) -> bool:
    """Return whether a listed noun is written like the stem of a verb."""
    shape = stem.translate(stems.SHAPE)
    index = _index()
    groups = index.get(shape)
    if groups is None:
        return False
    if isinstance(groups, list):
        groups = stems.make(index, shape, groups)
    return bool(stems.readings(groups, stem).known)
