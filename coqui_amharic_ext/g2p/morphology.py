"""What a written word may be: prefix, stem and suffix, each with its length marks.

A word is split at every prefix and suffix that it may have; what is left between them is looked up
as a noun and, by its shape, as a verb stem. The reading of least cost is the default.
"""

from __future__ import annotations

import re
from collections.abc import Callable
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


class _Way(NamedTuple):
    """A prefix and a suffix that go together."""

    cost: float
    takes: int
    before: str
    after: str
    evidence: bool
    opening: str
    bare: bool
    negative: bool
    feminine: bool


class _Ways(NamedTuple):
    """All ways in which a written prefix and a written suffix go together, cheapest first."""

    nominal: tuple[_Way, ...]
    every: tuple[_Way, ...]


class _Noun(NamedTuple):
    """A known noun: how it is spoken before a consonant and before a vowel, and what it takes."""

    spoken: str
    before_vowel: str
    takes: int


class _Edge(NamedTuple):
    """A written prefix or suffix.

    Attributes
    ----------
    written : str
        Its letters.
    size : int
        How many.
    cost : float
        The least cost of its readings.
    takes : int
        Union of what its readings take.
    affixes : tuple of Affix
        Its readings.
    ways : dict
        For a prefix: the ways to go with each suffix, made when first needed.
    """

    written: str
    size: int
    cost: float
    takes: int
    affixes: tuple[infl.Affix, ...]
    ways: dict[str, _Ways]


class _Edges(NamedTuple):
    """All prefixes, or all suffixes.

    Attributes
    ----------
    known : dict
        For each affix, every affix that a word with it also has at that edge (for ``ስለም``: ``ስለ``,
        ``ስ`` and none), itself included, the cheapest first.
    sizes : dict
        Lengths to try, longest first, by the one or two characters at the edge.
    """

    known: dict[str, tuple[_Edge, ...]]
    sizes: dict[str, tuple[int, ...]]


_Candidate = tuple[float, str, Layer]
"""A :class:`Reading` as a plain tuple, which is made in a third of the time."""


class _Tables(NamedTuple):
    prefixes: dict[str, tuple[_Edge, ...]]
    prefix_sizes: dict[str, tuple[int, ...]]
    suffixes: dict[str, tuple[_Edge, ...]]
    suffix_sizes: dict[str, tuple[int, ...]]
    patterns: stems.Index
    raw: dict[str, list[stems.Raw]]
    nouns: dict[str, lexicon.Entry | _Noun]
    stems: dict[str, list[stems.Stem]]


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    nouns: dict[str, lexicon.Entry | _Noun] = {
        key: entry for key, entry in lexicon.words().items() if entry.pos in lexicon.NOMINAL
    }
    prefixes = _edges(infl.prefixes(), lambda key, size: key[:size], slice(0, 2))
    suffixes = _edges(infl.suffixes(), lambda key, size: key[len(key) - size :], slice(-2, None))
    patterns = stems.index()
    return _Tables(*prefixes, *suffixes, patterns, patterns.raw, nouns, {})


def _edges(
    table: dict[str, tuple[infl.Affix, ...]], cut: Callable[[str, int], str], edge: slice
) -> _Edges:
    edges = {}
    sizes: dict[str, set[int]] = {}
    for key, affixes in table.items():
        takes = 0
        for affix in affixes:
            takes |= affix.takes
        cost = min(affix.cost for affix in affixes)
        edges[key] = _Edge(key, len(key), cost, takes, affixes, {})
        if key:
            sizes.setdefault(key[edge], set()).add(len(key))
    for pair, lengths in sizes.items():
        if pair[0 if edge.start == 0 else -1] in table:
            lengths.add(1)
    known = {}
    for key in table:
        parts = (cut(key, size) for size in range(len(key) + 1))
        found = [edges[part] for part in parts if part in edges]
        known[key] = tuple(sorted(found, key=lambda edge: edge.cost))
    return _Edges(known, {pair: tuple(sorted(s, reverse=True)) for pair, s in sizes.items()})


def _ways(prefix: _Edge, suffix: _Edge) -> _Ways:
    """Return the ways in which a written prefix and a written suffix go together."""
    found = sorted(
        _Way(
            before.cost + after.cost,
            before.takes & after.takes,
            before.spoken,
            after.spoken,
            before.evidence or after.evidence,
            before.stem,
            before.bare,
            before.negative,
            bool(after.takes & (infl.FEMININE | infl.GER1)),
        )
        for before in prefix.affixes
        for after in suffix.affixes
        if before.takes & after.takes
    )
    result = _Ways(tuple(way for way in found if way.takes & _NOUN), tuple(found))
    if len(prefix.ways) >= _MEMO_SIZE:
        prefix.ways.clear()
    prefix.ways[suffix.written] = result
    return result


_MEMO_SIZE: Final = 1 << 10
_STEMS_SIZE: Final = 1 << 14
_CLITIC_ENDS: Final = "mnas"
_LAST_VOWEL: Final = re.compile("(?<=[əuiaeɨo][^əuiaeɨoːʷ])ɨ(?=[^əuiaeɨoːʷ]$)")


def _noun(written: str, entry: lexicon.Entry) -> _Noun:
    """Return a noun's forms; a last ɨ falls where a vowel opens the syllable (mɨdɨɾ, mɨdɾu)."""
    spoken = encode(entry.ipa)
    takes = infl.NOUN_V if written[-1] in VOWELS else infl.NOUN_C
    return _Noun(spoken, _LAST_VOWEL.sub("", spoken), takes)


def likeliest(coded: str) -> _Candidate:
    """Return the likeliest reading of a written word: its cost, what is spoken, the layer.

    Parameters
    ----------
    coded : str
        What the letters say by themselves, one character per phone.
    """
    found = _candidates(coded, 0.0)
    return min(found) if found else _unlisted_noun(coded, _tables())


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
    found = sorted(_candidates(coded, WINDOW))
    if not found or found[0][0] > _UNLISTED_COST - WINDOW:
        found = sorted([*found, _unlisted_noun(coded, _tables())])
    unique: dict[str, Reading] = {}
    for cost, spoken, layer in found:
        if cost <= found[0][0] + WINDOW:
            unique.setdefault(spoken, Reading(cost, spoken, layer))
    return list(unique.values())


def _candidates(coded: str, window: float) -> list[_Candidate]:
    """Return readings with known parts; all of those that cost at most ``window`` too much."""
    tables = _tables()
    shape = coded.translate(stems.SHAPE)
    found: list[_Candidate] = []
    best = _split(coded, shape, "", 0.0, _UNLISTED_COST, window, tables, found)
    if best >= _CLITIC_COST and coded[-1] in _CLITIC_ENDS:
        for clitic, spoken in infl.clitics().items():
            if coded.endswith(clitic) and len(coded) > len(clitic) + 1:
                size = len(coded) - len(clitic)
                best = _split(
                    coded[:size], shape[:size], spoken, _CLITIC_COST, best, window, tables, found
                )
    return found


def _split(
    coded: str,
    shape: str,
    clitic: str,
    clitic_cost: float,
    best: float,
    window: float,
    tables: _Tables,
    found: list[_Candidate],
) -> float:
    """Add the readings of a word, put a clitic to each; return the least cost so far."""
    size = len(coded)
    prefixes, prefix_sizes, suffixes, suffix_sizes, patterns, raw, nouns, known = tables
    starts = prefixes[""]
    for length in prefix_sizes.get(coded[:2]) or prefix_sizes.get(coded[0], ()):
        if coded[:length] in prefixes:
            starts = prefixes[coded[:length]]
            break
    ends = suffixes[""]
    for length in suffix_sizes.get(coded[-2:]) or suffix_sizes.get(coded[-1], ()):
        if coded[-length:] in suffixes:
            ends = suffixes[coded[-length:]]
            break
    for before in starts:
        _, start, start_cost, start_takes, _, start_ways = before
        bound = best + window - start_cost - clitic_cost
        for after in ends:
            ending, cut, cost, takes, _, _ = after
            if cost > bound:
                break
            takes &= start_takes
            end = size - cut
            if not takes or end <= start:
                continue
            noun = nouns.get(coded[start:end]) if takes & _NOUN else None
            form = shape[start:end]
            groups = patterns.get(form)
            if groups is None and form in raw:
                groups = patterns.make(form)
            if groups is None or not groups[0] & takes:
                if noun is None:
                    continue
                matches = None
            else:
                matches = known.get(coded[start:end])
                if matches is None:
                    matches = _remember(groups, coded[start:end], known)
                if not matches and noun is None:
                    continue
            written = coded[start:end]
            ways = start_ways.get(ending) or _ways(before, after)
            if noun is not None:
                if not isinstance(noun, _Noun):
                    noun = nouns[written] = _noun(written, noun)
                best = _with_noun(noun, ways, clitic, clitic_cost, best, found)
            if matches:
                best = _with_stems(
                    matches, written, ways, clitic, clitic_cost, best, window, found
                )
            bound = best + window - start_cost - clitic_cost
    return best


def _remember(
    groups: stems.Groups, written: str, known: dict[str, list[stems.Stem]]
) -> list[stems.Stem]:
    if len(known) >= _STEMS_SIZE:
        known.clear()
    matches = known[written] = stems.readings(groups, written)
    return matches


def _with_noun(
    noun: _Noun,
    ways: _Ways,
    clitic: str,
    clitic_cost: float,
    best: float,
    found: list[_Candidate],
) -> float:
    """Add the readings of a word whose middle is a known noun."""
    for way in ways.nominal:
        if way.takes & noun.takes:
            after = way.after
            opens = after and after[0] in VOWELS and after[0] != "ɨ"
            spoken = way.before + (noun.before_vowel if opens else noun.spoken) + after
            cost = way.cost + clitic_cost
            found.append((cost, infl.attach(spoken, clitic) if clitic else spoken, "lexicon"))
            if cost < best:
                best = cost
    return best


def _with_stems(
    matches: list[stems.Stem],
    written: str,
    ways: _Ways,
    clitic: str,
    clitic_cost: float,
    best: float,
    window: float,
    found: list[_Candidate],
) -> float:
    """Add the readings of a word whose middle may be these stems."""
    negated = clitic == "m"
    opening = "a" if written[0] == "a" else "C"
    for stem_cost, pattern, known, palatal in matches:
        for cost, takes, before, after, evidence, opens, bare, negative, feminine in ways.every:
            takes &= pattern.takes
            if negated and negative:
                takes &= ~_JUSSIVE
            if not takes or (opens and opens != opening):
                continue
            if (palatal and not feminine) or not (known or evidence):
                continue
            total = cost + clitic_cost + stem_cost
            if bare and takes & _BARE_IMPERFECTIVE and not (negated and negative):
                total += _BARE_COST
            if total <= best + window:
                spoken = before + stems.speak(written, pattern.inserts) + after
                if clitic:
                    spoken = infl.attach(spoken, clitic)
                found.append((total, spoken, "paradigm" if known else "rules"))
                best = min(best, total)
    return best


def _unlisted_noun(coded: str, tables: _Tables) -> _Candidate:
    """Read a word as a noun that is not listed, with the longest suffix that has a length mark."""
    bodies = [(coded, "", 0.0)]
    for written, spoken in infl.clitics().items():
        if coded.endswith(written) and len(coded) > len(written) + 1:
            bodies.append((coded[: -len(written)], spoken, _CLITIC_COST))
    for body, clitic, cost in reversed(bodies):
        sizes = tables.suffix_sizes
        for length in sizes.get(body[-2:]) or sizes.get(body[-1], ()):
            if length > len(body) - 2:
                continue
            stem = body[:-length]
            takes = infl.NOUN_V if stem[-1] in VOWELS else infl.NOUN_C
            for suffix in infl.suffixes().get(body[-length:], ()):
                if suffix.takes & takes and "ː" in suffix.spoken:
                    spoken = stem + suffix.spoken
                    spoken = infl.attach(spoken, clitic) if clitic else spoken
                    return (_UNLISTED_COST + suffix.cost + cost, spoken, "rules")
    return (_UNLISTED_COST, coded, "rules")
