"""Verb forms, and nouns made from verbs, with their affixes.

A word's affixes decide where its stem may be, and its shape which of those stretches can be one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Final

from coqui_amharic_ext.g2p.costs import cost
from coqui_amharic_ext.g2p.grammar import affixes, stems, written_affixes
from coqui_amharic_ext.g2p.grammar.affixes import Host
from coqui_amharic_ext.g2p.grammar.nouns import CLITIC_COSTS, Reading
from coqui_amharic_ext.g2p.grammar.written_affixes import WrittenAffix

_JUSSIVE: Final = (Host.JUSS | Host.JUSS_A).value
_BARE_IMPERFECTIVE: Final = (Host.IMPF | Host.IMPF_A).value
_BARE_COSTS: Final = {subject: cost("bare imperfective", subject) for subject in "jtʔ"}
_UNWRITTEN_SUBJECT: Final = frozenset("sbl")
"""Preverbs alone, before a first person that is not written."""
_SHORT: Final = 3
_SHORT_COST: Final = cost("short stem in a")
_OPENING: Final = tuple("əuiaeo")
_LAST_VOWEL: Final = re.compile(
    "(?:(?<=^[^əuiaeɨoːʷ]{2})|(?<=[əuiaeɨo][^əuiaeɨoːʷ]))ɨ(?=[^əuiaeɨoːʷ]$)"
)
"""The ɨ of a stem's last syllable, which falls where a vowel follows."""
_STEMS_SIZE: Final = 1 << 14
_STRETCHES_SIZE: Final = 1 << 12


@dataclass(slots=True, eq=False)
class Stretch:
    """Where a word may have its stem.

    Attributes
    ----------
    cost : float
        The least cost of the affixes around it.
    place : slice
        The stem's place in the word.
    prefix, suffix : WrittenAffix
        What is around it.
    hosts : int
        The kinds of stem that both go with.
    evidence : bool
        Whether one of them shows that the word is a verb.
    """

    cost: float
    place: slice
    prefix: WrittenAffix
    suffix: WrittenAffix
    hosts: int
    evidence: bool


@lru_cache(maxsize=_STRETCHES_SIZE)
def _stretches(prefix: str, suffix: str, clitic: str) -> tuple[Stretch, ...]:
    """Return where a word may have its stem, the cheapest first, given its longest affixes."""
    found = [
        Stretch(
            before.cost + after.cost + CLITIC_COSTS[clitic],
            slice(before.size, -(after.size + len(clitic)) or None),
            before,
            after,
            before.hosts & after.hosts,
            before.evidence or after.evidence,
        )
        for before in written_affixes.prefixes()[prefix]
        for after in written_affixes.suffixes()[suffix]
        if before.hosts & after.hosts
    ]
    return tuple(sorted(found, key=attrgetter("cost")))


def readings(
    coded: str, prefix: str, suffix: str, clitic: str, best: float, window: float
) -> list[Reading]:
    """Return the readings of a word as a verb form or a noun made from a verb.

    Parameters
    ----------
    coded : str
        The word, one character per phone.
    prefix, suffix : str
        Its longest prefix, and its longest suffix before the clitic.
    clitic : str
        The clitic at its end, or "".
    best : float
        The least cost of a reading so far.
    window : float
        How much costlier than the best a reading may be.
    """
    found: list[Reading] = []
    shape, shapes = coded.translate(stems.SHAPE), stems.shapes()
    limit = best + window
    for stretch in _stretches(prefix, suffix, clitic):
        if stretch.cost > limit:
            break
        stem_shape = shape[stretch.place]
        if stem_shape not in shapes:
            continue
        opens_in_a = stretch.prefix.opens_in_a
        if opens_in_a is not None and (stem_shape[0] == "a") is not opens_in_a:
            continue
        if not stems.groups(stem_shape).hosts & stretch.hosts:
            continue
        written = coded[stretch.place]
        matches = _stems(stem_shape, written)
        candidates = matches.known + matches.unknown if stretch.evidence else matches.known
        if candidates:
            new = _in_frames(stretch, candidates, written, clitic, best, window)
            if new:
                found += new
                best = min(best, min(new).cost)
                limit = best + window
    return found


@lru_cache(maxsize=_STEMS_SIZE)
def _stems(shape: str, written: str) -> stems.Stems:
    return stems.readings(stems.groups(shape), written)


def _in_frames(
    stretch: Stretch,
    candidates: tuple[stems.Stem, ...],
    written: str,
    clitic: str,
    best: float,
    window: float,
) -> list[Reading]:
    """Return the readings of a word with these stems in the affixes of a stretch."""
    found: list[Reading] = []
    frames = stretch.prefix.frames.get(stretch.suffix.written) or written_affixes.frames(
        stretch.prefix, stretch.suffix
    )
    clitic_cost = CLITIC_COSTS[clitic]
    negated = clitic == "m"
    opening = "a" if written[0] == "a" else "C"
    for stem in candidates:
        pattern = stem.pattern
        for frame in frames:
            total = frame.cost + clitic_cost + stem.cost
            if total > best + window:
                break  # those that follow cost more
            hosts = frame.hosts & pattern.hosts
            negative = negated and frame.negative
            if negative:
                hosts &= ~_JUSSIVE
            if not hosts or (frame.opening and frame.opening != opening):
                continue
            if (stem.feminine and not frame.feminine) or not (stem.known or frame.evidence):
                continue
            if not frame.evidence:
                total += pattern.cost_alone
            if frame.bare and hosts & _BARE_IMPERFECTIVE and not negative:
                if frame.before not in _UNWRITTEN_SUBJECT:
                    total += _BARE_COSTS[frame.before[0]]
                elif opening == "a" and len(written) < _SHORT and not frame.evidence:
                    total += _SHORT_COST
            if total <= best + window:
                spoken = frame.before + stems.speak(written, pattern.inserts)
                if frame.after[:1] in _OPENING:
                    spoken = _LAST_VOWEL.sub("", spoken)  # jɨlɨk, jɨlkal
                spoken += frame.after
                if clitic:
                    spoken = affixes.attach(spoken, affixes.clitics()[clitic])
                found.append(Reading(total, spoken, "paradigm" if stem.known else "rules"))
                best = min(best, total)
    return found


@lru_cache(maxsize=1 << 12)
def may_be_verb(stem: str) -> bool:
    """Return whether a listed noun is written like the stem of a verb."""
    shape = stem.translate(stems.SHAPE)
    return shape in stems.shapes() and bool(_stems(shape, stem).known)
