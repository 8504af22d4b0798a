"""What a written word may be: prefix, stem and suffix, each with its length marks.

A word is split at every prefix and suffix that it may have; what is left between them is looked up
as a noun and, by its shape, as a verb stem. The reading of least cost is the default.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from coqui_amharic_ext.g2p import inflection as infl
from coqui_amharic_ext.g2p import lexicon, paradigms, roots
from coqui_amharic_ext.g2p.symbols import VOWELS, encode

Layer = Literal["lexicon", "paradigm", "rules"]

_NOUN: Final = infl.NOUN_C | infl.NOUN_V
_UNLISTED_NOUN_COST: Final = 4.0
_NOMINAL_PATTERN_COST: Final = 2.0
_SHAPE: Final = str.maketrans(dict.fromkeys("pbtdkɡʔƥƭƙȿʧʤƈfvszʃʒhmnɲlɾwj", "C"))
_JUSSIVE: Final = infl.JUSS | infl.JUSS_A
_BARE_IMPERFECTIVE: Final = infl.IMPF | infl.IMPF_A
_BARE_COST: Final = 2.0
"""An imperfective with a bare subject prefix wants its auxiliary, a negative one its -ም."""
_TENSE_COST: Final = {"imp": 0.2, "juss": 0.1}
_MEMO_SIZE: Final = 1 << 16


class Reading(NamedTuple):
    """One way to understand a word.

    Attributes
    ----------
    cost : float
        The less, the likelier.
    spoken : str
        One character per phone, with length; ɨ only where it does not follow from the syllable.
    layer : {"lexicon", "paradigm", "rules"}
        What is known: the whole word, its stem or root, or only its shape.
    """

    cost: float
    spoken: str
    layer: Layer


class _Stem(NamedTuple):
    spoken: str
    takes: int
    cost: float
    layer: Layer
    feminine: int


class _Tables(NamedTuple):
    prefixes: dict[str, tuple[infl.Affix, ...]]
    suffixes: dict[str, tuple[infl.Affix, ...]]
    clitics: dict[str, str]
    patterns: dict[str, tuple[paradigms.Pattern, ...]]
    roots: dict[str, dict[str, roots.Known]]
    words: dict[str, lexicon.Entry]
    longest_prefix: int
    longest_suffix: int


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    known, _ = roots.load()
    labialised = {
        tuple(name.split(".")) for classes in known.values() for name in classes if "." in name
    }
    prefixes, suffixes = infl.prefixes(), infl.suffixes()
    return _Tables(
        prefixes,
        suffixes,
        infl.clitics(),
        paradigms.index(labialised),  # type: ignore[arg-type]
        known,
        lexicon.words(),
        max(map(len, prefixes)),
        max(map(len, suffixes)),
    )


_stems: dict[str, tuple[_Stem, ...]] = {}


def _stem(written: str) -> tuple[_Stem, ...]:
    """Return what a written stem may be."""
    found = _stems.get(written)
    if found is None:
        if len(_stems) >= _MEMO_SIZE:
            _stems.clear()
        found = _stems[written] = tuple(_find_stems(written))
    return found


def _find_stems(written: str) -> list[_Stem]:
    tables = _tables()
    found = _nouns(written, tables)
    for pattern in tables.patterns.get(written.translate(_SHAPE), ()):
        if any(written[place] != char for place, char in pattern.literals):
            continue
        if any(written[one] != written[other] for one, other in pattern.same):
            continue
        radicals = "".join([written[place] for place in pattern.radicals])
        match = _root(radicals, pattern, tables)
        if match is None:
            continue
        cost, layer, palatal = match
        spoken = written
        for place, sign in pattern.inserts:
            spoken = spoken[:place] + sign + spoken[place:]
        found.append(_Stem(spoken, pattern.takes, cost, layer, palatal))
    return found


def _root(
    radicals: str, pattern: paradigms.Pattern, tables: _Tables
) -> tuple[float, Layer, bool] | None:
    """Return cost and layer of a pattern for radicals, and whether the last one is palatalised."""
    if not radicals:
        # Irregular verbs have no radicals to look up, plurals of adjectives need none.
        cost = _NOMINAL_PATTERN_COST if pattern.verb_class == "N" else 0.0
        return cost, "paradigm", False
    if pattern.palatal != "must":
        known = tables.roots.get(radicals)
        if known and pattern.verb_class in known:
            return _listed(known[pattern.verb_class], pattern), "paradigm", False
    if pattern.palatal in ("must", "may"):
        for plain in paradigms.DEPALATAL.get(radicals[-1], ""):
            known = tables.roots.get(radicals[:-1] + plain)
            if known and pattern.verb_class in known:
                return _listed(known[pattern.verb_class], pattern) + 0.1, "paradigm", True
        if pattern.palatal == "must":
            known = tables.roots.get(radicals)
            if known and pattern.verb_class in known and radicals[-1] in paradigms.DEPALATAL:
                return _listed(known[pattern.verb_class], pattern) + 0.1, "paradigm", False
    if pattern.unknown is not None:
        return pattern.unknown + pattern.cost, "rules", False
    return None


def _listed(known: roots.Known, pattern: paradigms.Pattern) -> float:
    cost = _TENSE_COST.get(pattern.tense, 0.0) + pattern.rarity
    own = known.stems.get(pattern.stem)
    if own is not None:
        return cost + own
    return cost + known.cost + (1.5 if pattern.stem == "base" else pattern.cost)


def _nouns(written: str, tables: _Tables) -> list[_Stem]:
    entry = tables.words.get(written)
    if entry is None or entry.pos not in lexicon.NOMINAL:
        return []
    takes = infl.NOUN_V if written[-1] in VOWELS else infl.NOUN_C
    return [_Stem(encode(entry.ipa), takes, 0.0, "lexicon", False)]


_LAST_VOWEL: Final = re.compile("(?<=[əuiaeɨo][^əuiaeɨoːʷ])ɨ(?=[^əuiaeɨoːʷ]$)")


def join(stem: str, suffix: str) -> str:
    """Put a suffix to a noun; a last ɨ falls where the suffix opens the syllable (mɨdɨɾ, mɨdɾu)."""
    if suffix and suffix[0] in VOWELS and suffix[0] != "ɨ":
        stem = _LAST_VOWEL.sub("", stem)
    return stem + suffix


def readings(coded: str) -> list[Reading]:
    """Return every way to understand a written word, the likeliest first.

    Parameters
    ----------
    coded : str
        What the letters say by themselves, one character per phone.
    """
    tables = _tables()
    found: dict[str, Reading] = {}
    for body, clitic, cost in _without_clitics(coded, tables):
        negated = clitic == "m"
        for reading in _split(body, tables, negated):
            spoken = infl.attach(reading.spoken, clitic) if clitic else reading.spoken
            total = reading.cost + cost
            before = found.get(spoken)
            if before is None or total < before.cost:
                found[spoken] = Reading(total, spoken, reading.layer)
    if not found or min(found.values()).cost >= _UNLISTED_NOUN_COST / 2:
        for reading in _unlisted_noun(coded, tables):
            found.setdefault(reading.spoken, reading)
    return sorted(found.values())


def _without_clitics(coded: str, tables: _Tables) -> list[tuple[str, str, float]]:
    found = [(coded, "", 0.0)]
    for written, spoken in tables.clitics.items():
        if coded.endswith(written) and len(coded) > len(written) + 1:
            body = coded[: -len(written)]
            found.append((body, spoken, 0.3))
    return found


def _unlisted_noun(coded: str, tables: _Tables) -> list[Reading]:
    """Read a word as a noun that is not listed, with the longest suffix that has a length mark."""
    for body, clitic, cost in reversed(_without_clitics(coded, tables)):
        for length in range(min(tables.longest_suffix, len(body) - 2), 0, -1):
            stem = body[:-length]
            takes = infl.NOUN_V if stem[-1] in VOWELS else infl.NOUN_C
            for suffix in tables.suffixes.get(body[-length:], ()):
                if suffix.takes & takes and "ː" in suffix.spoken:
                    spoken = stem + suffix.spoken
                    spoken = infl.attach(spoken, clitic) if clitic else spoken
                    total = _UNLISTED_NOUN_COST + suffix.cost + cost
                    return [Reading(total, spoken, "rules")]
    return [Reading(_UNLISTED_NOUN_COST, coded, "rules")]


def _split(coded: str, tables: _Tables, negated: bool) -> list[Reading]:
    found = []
    size = len(coded)
    ends = []
    for length in range(min(tables.longest_suffix, size - 1) + 1):
        for suffix in tables.suffixes.get(coded[size - length :], ()):
            ends.append((size - length, suffix))
    for length in range(min(tables.longest_prefix, size - 1) + 1):
        for prefix in tables.prefixes.get(coded[:length], ()):
            if prefix.stem == "a" and coded[length : length + 1] != "a":
                continue
            if prefix.stem == "C" and coded[length : length + 1] == "a":
                continue
            for end, suffix in ends:
                if end <= length:
                    continue
                takes = prefix.takes & suffix.takes
                if negated and prefix.negative:
                    takes &= ~_JUSSIVE
                if not takes:
                    continue
                for stem in _stem(coded[length:end]):
                    if not stem.takes & takes:
                        continue
                    if stem.feminine and not suffix.takes & (infl.FEMININE | infl.GER1 | _NOUN):
                        continue
                    if stem.layer == "rules" and not (prefix.evidence or suffix.evidence):
                        continue
                    cost = prefix.cost + suffix.cost + stem.cost
                    if stem.takes & takes & _BARE_IMPERFECTIVE and prefix.bare and not (
                        negated and prefix.negative
                    ):
                        cost += _BARE_COST
                    middle = (
                        join(stem.spoken, suffix.spoken)
                        if stem.layer == "lexicon"
                        else stem.spoken + suffix.spoken
                    )
                    spoken = prefix.spoken + middle
                    found.append(Reading(cost, spoken, stem.layer))
    return found
