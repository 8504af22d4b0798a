"""What a written word may be: prefix, stem and suffix, each with its length marks.

A word is split at every prefix and suffix that it may have; what is left between them is looked up
as a noun and, by its shape, as a verb stem. The reading of least cost is the default.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from operator import itemgetter
from typing import Final, Literal, NamedTuple

from coqui_amharic_ext.g2p import inflection as infl
from coqui_amharic_ext.g2p import lexicon, stems
from coqui_amharic_ext.g2p.epenthesis import speak
from coqui_amharic_ext.g2p.symbols import VOWELS, decode, encode

Layer = Literal["lexicon", "paradigm", "rules"]

_NOUN: Final = infl.NOUN_C | infl.NOUN_V
_JUSSIVE: Final = infl.JUSS | infl.JUSS_A
_BARE_IMPERFECTIVE: Final = infl.IMPF | infl.IMPF_A
_BARE_COSTS: Final = {"j": 0.5, "t": 2.0, "ʔ": 4.0, "l": 4.0}
"""An imperfective with a bare subject prefix wants its auxiliary, a negative one its -ም."""
_CLITIC_COST: Final = 0.3
_CLITIC_COSTS: Final = {"m": 0.3, "n": 0.3, "na": 0.5, "s": 2.5}
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
    """A prefix and a suffix that go together.

    Attributes
    ----------
    before_ipa, after_ipa : str or None
        The affixes' IPA if no ɨ can depend on what they are put to, that is, if a vowel stands
        there, or a single consonant after a stem that ends in a vowel.
    """

    cost: float
    takes: int
    before: str
    after: str
    evidence: bool
    opening: str
    bare: bool
    negative: bool
    feminine: bool
    before_ipa: str | None
    after_ipa: str | None


class _Ways(NamedTuple):
    """All ways in which a written prefix and a written suffix go together, cheapest first."""

    nominal: tuple[_Way, ...]
    every: tuple[_Way, ...]


class _Noun(NamedTuple):
    """A known noun: how it is spoken before a consonant and before a vowel, and what it takes."""

    spoken: str
    before_vowel: str
    takes: int
    ipa: str
    ipa_before_vowel: str


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
    opens : bool or None
        Whether what follows a prefix must begin with a; None: either.
    evidence : bool
        Whether a reading of it shows that the word is a verb.
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
    opens: bool | None
    evidence: bool
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


_Step = tuple[float, int, int, int, bool | None, bool | None, bool, _Edge, _Edge]
"""Least cost, lengths of prefix and suffix, what both take; whether what is between must begin
with a, and end in a vowel (None: either); whether it must be a verb; the two."""
_Candidate = tuple[float, str, Layer, str]
"""A :class:`Reading` as a plain tuple, and its IPA where that needs no more syllables."""


class _Tables(NamedTuple):
    prefixes: dict[str, tuple[_Edge, ...]]
    prefix_sizes: dict[str, tuple[int, ...]]
    suffixes: dict[str, tuple[_Edge, ...]]
    suffix_sizes: dict[str, tuple[int, ...]]
    patterns: stems.Index
    nouns: dict[str, lexicon.Entry | _Noun]
    stems: dict[str, stems.Stems]
    plans: dict[tuple[str, str], tuple[_Step, ...]]


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    nouns: dict[str, lexicon.Entry | _Noun] = {
        key: entry for key, entry in lexicon.words().items() if entry.pos in lexicon.NOMINAL
    }
    prefixes = _edges(infl.prefixes(), lambda key, size: key[:size], slice(0, 2))
    suffixes = _edges(infl.suffixes(), lambda key, size: key[len(key) - size :], slice(-2, None))
    return _Tables(*prefixes, *suffixes, stems.index(), nouns, {}, {})


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
        openings = {affix.stem for affix in affixes}
        opens = None if len(openings) > 1 or "" in openings else openings == {"a"}
        evidence = any(affix.evidence for affix in affixes)
        edges[key] = _Edge(key, len(key), cost, opens, evidence, takes, affixes, {})
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


def _closed_ipa(before: str) -> str | None:
    return speak(before) if not before or before[-1] in VOWELS else None


def _opened_ipa(after: str) -> str | None:
    if not after:
        return ""
    if after[0] in VOWELS:
        return speak(after)
    second = after.replace("ː", "")[1:2]
    return speak("a" + after)[1:] if not second or second in VOWELS else None


def _agree(prefix: str, suffix: str) -> bool:
    return not prefix or not suffix or prefix in suffix


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
            _closed_ipa(before.spoken),
            _opened_ipa(after.spoken),
        )
        for before in prefix.affixes
        for after in suffix.affixes
        if before.takes & after.takes and _agree(before.person, after.person)
    )
    result = _Ways(tuple(way for way in found if way.takes & _NOUN), tuple(found))
    if len(prefix.ways) >= _MEMO_SIZE:
        prefix.ways.clear()
    prefix.ways[suffix.written] = result
    return result


def _plan(prefix: str, suffix: str, tables: _Tables) -> tuple[_Step, ...]:
    """Return how to split a word with these longest affixes, the cheapest way first."""
    found: list[_Step] = []
    for before in tables.prefixes[prefix]:
        _, start, before_cost, opens, before_evidence, before_takes, _, _ = before
        for after in tables.suffixes[suffix]:
            _, cut, cost, _, evidence, takes, _, _ = after
            takes &= before_takes
            if takes:
                # Only nouns end in a vowel: the stem of a verb goes up to its last radical.
                closes = True if takes == infl.NOUN_V else None if takes & infl.NOUN_V else False
                found.append(
                    (before_cost + cost, start, cut, takes, opens, closes,
                     before_evidence or evidence, before, after)
                )  # fmt: skip
    found.sort(key=itemgetter(0))
    if len(tables.plans) >= _PLANS_SIZE:
        tables.plans.clear()
    result = tables.plans[prefix, suffix] = tuple(found)
    return result


_VOWELS: Final = "əuiaeɨo"
_MEMO_SIZE: Final = 1 << 10
_PLANS_SIZE: Final = 1 << 13
_STEMS_SIZE: Final = 1 << 14
_CLITIC_ENDS: Final = "mnas"
_LAST_VOWEL: Final = re.compile("(?<=[əuiaeɨo][^əuiaeɨoːʷ])ɨ(?=[^əuiaeɨoːʷ]$)")


def _noun(written: str, entry: lexicon.Entry) -> _Noun:
    """Return a noun's forms; a last ɨ falls where a vowel opens the syllable (mɨdɨɾ, mɨdɾu)."""
    spoken = encode(entry.ipa)
    takes = infl.NOUN_V if written[-1] in VOWELS else infl.NOUN_C
    short = _LAST_VOWEL.sub("", spoken)
    ipa = entry.ipa if short == spoken else decode(short)
    return _Noun(spoken, short, takes, entry.ipa, ipa)


def likeliest(coded: str) -> _Candidate:
    """Return the likeliest reading of a written word: cost, spoken form, layer, IPA if known.

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
    for cost, spoken, layer, _ in found:
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
            if clitic[-1] == coded[-1] and coded.endswith(clitic) and len(coded) > len(clitic) + 1:
                size = len(coded) - len(clitic)
                cost = _CLITIC_COSTS[clitic]
                best = _split(
                    coded[:size], shape[:size], spoken, cost, best, window, tables, found
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
    prefixes, prefix_sizes, suffixes, suffix_sizes, patterns, nouns, known, plans = tables
    prefix = suffix = ""
    for length in prefix_sizes.get(coded[:2]) or prefix_sizes.get(coded[0], ()):
        if coded[:length] in prefixes:
            prefix = coded[:length]
            break
    for length in suffix_sizes.get(coded[-2:]) or suffix_sizes.get(coded[-1], ()):
        if coded[-length:] in suffixes:
            suffix = coded[-length:]
            break
    bound = best + window - clitic_cost
    for cost, start, cut, takes, opens, closes, evidence, before, after in (
        plans.get((prefix, suffix)) or _plan(prefix, suffix, tables)
    ):
        if cost > bound:
            break
        end = size - cut
        if (
            end <= start
            or (closes is not None and (coded[end - 1] in _VOWELS) is not closes)
            or (opens is not None and (coded[start] == "a") is not opens)
        ):
            continue
        written = coded[start:end]
        noun = None
        if takes & _NOUN:
            noun = nouns.get(written)
            if noun is None and opens is not False and written[0] == "a":
                noun = _elided(written, nouns)
        groups = patterns.get(shape[start:end])
        matches: tuple[stems.Stem, ...] = ()
        if groups is not None:
            if isinstance(groups, list):
                groups = stems.make(patterns, shape[start:end], groups)
            if groups[0] & takes:
                both = known.get(written) or _remember(groups, written, known)
                matches = both[0] + both[1] if evidence else both[0]
        if noun is None and not matches:
            continue
        ways = before.ways.get(after.written) or _ways(before, after)
        if noun is not None:
            if not isinstance(noun, _Noun):
                noun = nouns[written] = _noun(written, noun)
            best = _with_noun(noun, ways, clitic, clitic_cost, best, found)
        if matches:
            best = _with_stems(
                matches, written, ways, clitic, clitic_cost, best, window, found
            )
        bound = best + window - clitic_cost
    return best


def _elided(written: str, nouns: dict[str, lexicon.Entry | _Noun]) -> _Noun | None:
    """Return the noun that has lost its ʔ and a preposition's ə before it (ካገር for ከአገር)."""
    entry = nouns.get("ʔ" + written)
    if entry is None:
        return None
    whole = entry if isinstance(entry, _Noun) else _noun("ʔ" + written, entry)
    return _Noun(whole[0][1:], whole[1][1:], whole[2], whole[3][1:], whole[4][1:])


def _remember(
    groups: stems.Groups, written: str, known: dict[str, stems.Stems]
) -> stems.Stems:
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
    spoken, before_vowel, noun_takes, ipa, ipa_before_vowel = noun
    opening = "a" if spoken[0] == "a" else "C"
    for cost, takes, before, after, _, opens, _, _, _, before_ipa, after_ipa in ways.nominal:
        if not takes & noun_takes or opens != opening:
            continue
        cost += clitic_cost
        shortened = after != "" and after[0] in VOWELS and after[0] != "ɨ"
        whole = before + (before_vowel if shortened else spoken) + after
        if clitic:
            found.append((cost, infl.attach(whole, clitic), "lexicon", ""))
        elif before_ipa is None or after_ipa is None or (
            noun_takes == infl.NOUN_C and after and after[0] not in VOWELS
        ):
            found.append((cost, whole, "lexicon", ""))
        else:
            middle = ipa_before_vowel if shortened else ipa
            found.append((cost, whole, "lexicon", before_ipa + middle + after_ipa))
        if cost < best:
            best = cost
    return best


def _with_stems(
    matches: tuple[stems.Stem, ...],
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
    every = ways.every
    for stem_cost, pattern, known, palatal in matches:
        for cost, takes, before, after, evidence, opens, bare, negative, feminine, _, _ in every:
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
                    spoken = infl.attach(spoken, clitic)
                found.append((total, spoken, "paradigm" if known else "rules", ""))
                best = min(best, total)
    return best


def _unlisted_noun(coded: str, tables: _Tables) -> _Candidate:
    """Read a word as a noun that is not listed, with the longest suffix that has a length mark."""
    bodies = [(coded, "", 0.0)]
    for written, spoken in infl.clitics().items():
        if coded.endswith(written) and len(coded) > len(written) + 1:
            bodies.append((coded[: -len(written)], spoken, _CLITIC_COSTS[written]))
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
                    return (_UNLISTED_COST + suffix.cost + cost, spoken, "rules", "")
    return (_UNLISTED_COST, coded, "rules", "")
