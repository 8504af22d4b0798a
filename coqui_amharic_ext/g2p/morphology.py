"""What a written word may be: prefix, stem and suffix, each with its length marks.

A word is split at every prefix and suffix that it may have; what is left between them is looked up
as a noun and, by its shape, as a verb stem. The reading of least cost is the default.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from coqui_amharic_ext.g2p import inflection as infl
from coqui_amharic_ext.g2p import lexicon, stems
from coqui_amharic_ext.g2p.symbols import VOWELS, encode

Layer = Literal["lexicon", "paradigm", "rules"]

_NOUN: Final = infl.NOUN_C | infl.NOUN_V
_JUSSIVE: Final = infl.JUSS | infl.JUSS_A
_BARE_IMPERFECTIVE: Final = infl.IMPF | infl.IMPF_A
_BARE_COST: Final = 2.0
"""An imperfective with a bare subject prefix wants its auxiliary, a negative one its -ም."""
_CLITIC_COST: Final = 0.3
_UNLISTED_COST: Final = 4.0
"""Cost of reading a word as a noun that is not listed."""
WINDOW: Final = 1.2
"""How much costlier than the best a reading may be to be an alternative."""


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


class _Tables(NamedTuple):
    prefixes: dict[str, tuple[infl.Affix, ...]]
    prefix_sizes: dict[str, tuple[int, ...]]
    suffixes: dict[str, tuple[infl.Affix, ...]]
    suffix_sizes: dict[str, tuple[int, ...]]
    patterns: stems.Index
    nouns: dict[str, lexicon.Entry]


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    prefixes, suffixes = infl.prefixes(), infl.suffixes()
    nouns = {k: e for k, e in lexicon.words().items() if e.pos in lexicon.NOMINAL}
    return _Tables(
        prefixes, _sizes(prefixes, 0), suffixes, _sizes(suffixes, -1), stems.index(), nouns
    )


def _sizes(affixes: dict[str, tuple[infl.Affix, ...]], edge: int) -> dict[str, tuple[int, ...]]:
    """Return the lengths of the affixes that have each character at an edge."""
    found: dict[str, set[int]] = {}
    for affix in affixes:
        if affix:
            found.setdefault(affix[edge], set()).add(len(affix))
    return {char: tuple(sorted(sizes)) for char, sizes in found.items()}


_LAST_VOWEL: Final = re.compile("(?<=[əuiaeɨo][^əuiaeɨoːʷ])ɨ(?=[^əuiaeɨoːʷ]$)")


def join(noun: str, suffix: str) -> str:
    """Put a suffix to a noun; a last ɨ falls where the suffix opens the syllable (mɨdɨɾ, mɨdɾu)."""
    if suffix and suffix[0] in VOWELS and suffix[0] != "ɨ":
        noun = _LAST_VOWEL.sub("", noun)
    return noun + suffix


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
    tables = _tables()
    shape = coded.translate(stems.SHAPE)
    found: dict[str, Reading] = {}
    limit = _split(coded, shape, "", 0.0, _UNLISTED_COST + WINDOW, tables, found)
    if limit > _CLITIC_COST:
        for clitic, spoken in infl.clitics().items():
            if coded.endswith(clitic) and len(coded) > len(clitic) + 1:
                size = len(coded) - len(clitic)
                body = coded[:size]
                limit = _split(body, shape[:size], spoken, _CLITIC_COST, limit, tables, found)
    if limit >= _UNLISTED_COST:
        reading = _unlisted_noun(coded, tables)
        found.setdefault(reading.spoken, reading)
        limit = min(limit, reading.cost + WINDOW)
    if len(found) == 1:
        return list(found.values())
    return sorted(reading for reading in found.values() if reading.cost <= limit)


def _split(
    coded: str,
    shape: str,
    clitic: str,
    clitic_cost: float,
    limit: float,
    tables: _Tables,
    found: dict[str, Reading],
) -> float:
    """Add the readings of a word, put a clitic to each; return the cost that others may have."""
    size = len(coded)
    ends = [(size, suffix) for suffix in tables.suffixes[""]]
    for length in tables.suffix_sizes.get(coded[-1], ()):
        if length < size:
            for suffix in tables.suffixes.get(coded[-length:], ()):
                ends.append((size - length, suffix))
    starts = [(0, prefix) for prefix in tables.prefixes[""]]
    for length in tables.prefix_sizes.get(coded[0], ()):
        if length < size:
            for prefix in tables.prefixes.get(coded[:length], ()):
                starts.append((length, prefix))
    negated = clitic == "m"
    patterns, nouns = tables.patterns, tables.nouns
    for start, (before, before_takes, before_cost, proof, opens, bare, negative) in starts:
        if opens and (opens == "a") != (coded[start] == "a"):
            continue
        before_cost += clitic_cost
        for end, (after, after_takes, after_cost, after_proof, _, _, _) in ends:
            takes = before_takes & after_takes
            if not takes or end <= start:
                continue
            cost = before_cost + after_cost
            if cost > limit:
                continue
            if negative and negated:
                takes &= ~_JUSSIVE
            if takes & _NOUN:
                written = coded[start:end]
                entry = nouns.get(written)
                if entry is not None:
                    ending = infl.NOUN_V if written[-1] in VOWELS else infl.NOUN_C
                    if takes & ending:
                        spoken = before + join(encode(entry.ipa), after)
                        limit = _add(found, cost, spoken, clitic, "lexicon", limit)
            groups = patterns.groups(shape[start:end])
            if not groups:
                continue
            written = coded[start:end]
            for stem_cost, pattern, known, feminine in stems.readings(
                groups, written, takes, proof or after_proof
            ):
                if feminine and not after_takes & (infl.FEMININE | infl.GER1):
                    continue
                total = cost + stem_cost
                if bare and pattern.takes & takes & _BARE_IMPERFECTIVE and not (
                    negated and negative
                ):
                    total += _BARE_COST
                if total <= limit:
                    spoken = before + stems.speak(written, pattern.inserts) + after
                    layer: Layer = "paradigm" if known else "rules"
                    limit = _add(found, total, spoken, clitic, layer, limit)
    return limit


def _add(
    found: dict[str, Reading], cost: float, spoken: str, clitic: str, layer: Layer, limit: float
) -> float:
    if clitic:
        spoken = infl.attach(spoken, clitic)
    known = found.get(spoken)
    if known is None or cost < known.cost:
        found[spoken] = Reading(cost, spoken, layer)
    return min(limit, cost + WINDOW)


def _unlisted_noun(coded: str, tables: _Tables) -> Reading:
    """Read a word as a noun that is not listed, with the longest suffix that has a length mark."""
    bodies = [(coded, "", 0.0)]
    for written, spoken in infl.clitics().items():
        if coded.endswith(written) and len(coded) > len(written) + 1:
            bodies.append((coded[: -len(written)], spoken, _CLITIC_COST))
    for body, clitic, cost in reversed(bodies):
        for length in reversed(tables.suffix_sizes.get(body[-1], ())):
            if length > len(body) - 2:
                continue
            stem = body[:-length]
            takes = infl.NOUN_V if stem[-1] in VOWELS else infl.NOUN_C
            for suffix in tables.suffixes.get(body[-length:], ()):
                if suffix.takes & takes and "ː" in suffix.spoken:
                    spoken = stem + suffix.spoken
                    spoken = infl.attach(spoken, clitic) if clitic else spoken
                    return Reading(_UNLISTED_COST + suffix.cost + cost, spoken, "rules")
    return Reading(_UNLISTED_COST, coded, "rules")
