"""Verb forms, and nouns made from verbs, with their written_affixes.

A word's affixes decide where its stem may be, and its shape which of those stretches can be one.
"""

from __future__ import annotations

from functools import lru_cache
from operator import itemgetter
from typing import Final

from coqui_amharic_ext.g2p.grammar import affixes, stems, written_affixes
from coqui_amharic_ext.g2p.grammar.nouns import CLITIC_COSTS, Candidate

_JUSSIVE: Final = affixes.JUSS | affixes.JUSS_A
_BARE_IMPERFECTIVE: Final = affixes.IMPF | affixes.IMPF_A
_BARE_COSTS: Final = {"j": 0.5, "t": 2.0, "ʔ": 4.0}
"""An imperfective with a bare subject prefix wants its auxiliary, a negative one its -ም."""
_UNWRITTEN_SUBJECT: Final = frozenset("sbl")
"""Preverbs alone, before a first person that is not written."""
_SHORT: Final = 3
_SHORT_COST: Final = 4.0
"""Cost of a stem in a- of two letters after them: ላም and ላብ are nouns; ስጽፍ is "when I write"."""
_STEMS_SIZE: Final = 1 << 14

Step = tuple[float, slice, written_affixes.Edge, written_affixes.Edge]
"""Least cost; where the stem is; the written_affixes."""

_COST: Final = itemgetter(0)
_stems: dict[str, stems.Stems] = {}


@lru_cache(maxsize=1)
def index() -> stems.Index:
    """Return the patterns of stems by shape."""
    return stems.index()


def steps(prefix: str, suffix: str, clitic: str) -> tuple[Step, ...]:
    """Return where a word may have its stem, the cheapest way first.

    Parameters
    ----------
    prefix, suffix, clitic : str
        Its longest affixes, and what may follow them.
    """
    more, size = CLITIC_COSTS[clitic], len(clitic)
    ends = written_affixes.suffixes().known[suffix]
    found = [
        (before[2] + after[2] + more, slice(before[1], -(after[1] + size) or None), before, after)
        for before in written_affixes.prefixes().known[prefix]
        for after in ends
        if before[5] & after[5]
    ]
    found.sort(key=_COST)
    return tuple(found)


def readings(
    coded: str,
    shape: str,
    ways: tuple[Step, ...],
    clitic: str,
    best: float,
    window: float,
    found: list[Candidate],
) -> float:
    """Add the readings of a word as a verb form or a noun made from a verb.

    Parameters
    ----------
    coded, shape : str
        The word, one character per phone, and its shape.
    ways : tuple of Step
        Where its stem may be.
    clitic : str
        What they take for a clitic.
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
    shapes = index()
    limit = best + window
    for cost, place, before, after in [
        way for way in ways if way[0] <= limit and shape[way[1]] in shapes
    ]:
        if cost > best + window:
            break
        stretch = shape[place]
        opens = before[3]
        if opens is not None and (stretch[0] == "a") is not opens:
            continue
        groups = shapes[stretch]
        if isinstance(groups, list):
            groups = stems.make(shapes, stretch, groups)
        if not groups[0] & before[5] & after[5]:
            continue
        written = coded[place]
        both = _stems.get(written)
        if both is None:
            both = _remember(groups, written)
        matches = both[0]
        if both[1] and (before[4] or after[4]):
            matches += both[1]
        if matches:
            best = _combine(
                matches, written, before.ways.get(after[0]) or written_affixes.ways(before, after),
                clitic, CLITIC_COSTS[clitic], best, window, found,
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
    ways: tuple[written_affixes.Way, ...],
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
            total = cost + clitic_cost + stem_cost
            if total > best + window:
                break  # those that follow cost more
            takes &= pattern.takes
            if negated and negative:
                takes &= ~_JUSSIVE
            if not takes or (opens and opens != opening):
                continue
            if (palatal and not feminine) or not (known or evidence):
                continue
            if not evidence:
                total += pattern.alone
            if bare and takes & _BARE_IMPERFECTIVE and not (negated and negative):
                if before not in _UNWRITTEN_SUBJECT:
                    total += _BARE_COSTS[before[0]]
                elif opening == "a" and len(written) < _SHORT and not evidence:
                    total += _SHORT_COST
            if total <= best + window:
                spoken = before + stems.speak(written, pattern.inserts) + after
                if clitic:
                    spoken = affixes.attach(spoken, affixes.clitics()[clitic])
                found.append((total, spoken, "paradigm" if known else "rules", ""))
                best = min(best, total)
    return best


@lru_cache(maxsize=1 << 12)
def may_be_verb(stem: str) -> bool:
    """Return whether a listed noun is written like the stem of a verb."""
    shape = stem.translate(stems.SHAPE)
    shapes = index()
    groups = shapes.get(shape)
    if groups is None:
        return False
    if isinstance(groups, list):
        groups = stems.make(shapes, shape, groups)
    return bool(stems.readings(groups, stem).known)
