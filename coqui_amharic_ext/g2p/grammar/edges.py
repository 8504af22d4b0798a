"""What a word's affixes say about where a noun or a verb's stem can be in it, made once for each.

A word's longest prefix and longest suffix are found by walking along its letters; what follows
from them is made when they are first met.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Final

from coqui_amharic_ext.g2p.grammar import affixes, nouns, verbs, written_affixes

_NOUN: Final = affixes.NOUN_C | affixes.NOUN_V
_REMEMBERED: Final = 512
"""Suffixes for which a prefix remembers where the stem may be."""
_CLITICS_BY_END: Final = {"m": "m", "n": "n", "a": "na", "s": "s"}

Lengthening = tuple[int, int, str]
"""Size of a suffix with a length mark, what it takes, what is spoken."""


class Beginning:
    """A longest prefix.

    Attributes
    ----------
    prefix : str
        Its letters.
    prepositions : tuple of nouns.Start
        Where a noun may begin.
    steps : dict
        Where a verb's stem may be, by the longest suffix and the clitic after it.
    """

    __slots__ = ("prefix", "prepositions", "steps")

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.prepositions = nouns.starts(prefix)
        self.steps: dict[str, dict[str, tuple[verbs.Step, ...]]] = {
            clitic: {} for clitic in nouns.CLITIC_COSTS
        }

    def make_steps(self, suffix: str, clitic: str) -> tuple[verbs.Step, ...]:
        """Return where a verb's stem may be, and remember it."""
        if len(self.steps[clitic]) >= _REMEMBERED:
            self.steps[clitic].clear()
        result = self.steps[clitic][suffix] = verbs.steps(self.prefix, suffix, clitic)
        return result


class Ending:
    """A longest suffix, or one before a clitic.

    Attributes
    ----------
    suffix : str
        The longest suffix of the whole word.
    clitic, before : str
        The clitic that it may have, "" if none, and its longest suffix without it.
    cuts : tuple of nouns.Cut
        Where a noun may end.
    lengthening, lengthening_before : tuple of Lengthening
        What is long in a noun that is not listed, the longest suffix first, for a word without and
        with the clitic.
    with_clitic : dict
        The endings of words with this suffix and a clitic, by that and the suffix before it.
    """

    __slots__ = (
        "before", "clitic", "cuts", "lengthening", "lengthening_before", "suffix", "with_clitic",
    )  # fmt: skip

    def __init__(self, suffix: str, clitic: str = "", before: str = "") -> None:
        self.suffix, self.clitic, self.before = suffix, clitic, before
        self.cuts = nouns.cuts(suffix, clitic, before)
        self.lengthening = _lengthening(suffix)
        self.lengthening_before = _lengthening(before) if clitic else ()
        self.with_clitic: dict[tuple[str, str], Ending] = {}


@lru_cache(maxsize=1)
def _prefixes() -> written_affixes.Trie:
    return written_affixes.trie(written_affixes.prefixes().every, 1, lambda prefix: prefix)


@lru_cache(maxsize=1)
def _suffixes() -> written_affixes.Trie:
    return written_affixes.trie(written_affixes.suffixes().every, -1, lambda suffix: suffix)


_beginnings: dict[str, Beginning] = {}
_endings: dict[str, Ending] = {}


def beginning(coded: str) -> Beginning:
    """Return what the beginning of a word says, one character per phone."""
    node = _prefixes()
    for char in coded:
        if char not in node:
            break
        node = node[char]
    prefix = node[""]
    found = _beginnings.get(prefix)
    if found is None:
        found = _beginnings[prefix] = Beginning(prefix)
    return found


def ending(coded: str) -> Ending:
    """Return what the end of a word says, one character per phone."""
    root = node = _suffixes()
    for char in coded[::-1]:
        if char not in node:
            break
        node = node[char]
    suffix = node[""]
    found = _endings.get(suffix)
    if found is None:
        found = _endings[suffix] = Ending(suffix)
    last = coded[-1]
    if last not in _CLITICS_BY_END:
        return found
    clitic = _CLITICS_BY_END[last]
    if last == "a" and coded[-2:] != clitic:
        return found
    node = root
    for char in coded[-1 - len(clitic) :: -1]:
        if char not in node:
            break
        node = node[char]
    before = node[""]
    with_clitic = found.with_clitic.get((clitic, before))
    if with_clitic is None:
        with_clitic = found.with_clitic[clitic, before] = Ending(suffix, clitic, before)
    return with_clitic


@cache
def _lengthening(suffix: str) -> tuple[Lengthening, ...]:
    found = [
        (edge.size, affix.takes, affix.spoken)
        for edge in written_affixes.suffixes().known[suffix]
        for affix in edge.affixes
        if affix.takes & _NOUN and "ː" in affix.spoken and affix.cost < affixes.LISTED_ONLY_COST
    ]
    return tuple(sorted(found, key=lambda item: -item[0]))
