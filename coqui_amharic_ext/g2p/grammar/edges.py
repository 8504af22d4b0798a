"""The edges of a word: its longest prefix and suffix, and what follows from them for a noun."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Final, NamedTuple

from coqui_amharic_ext.g2p.costs import cost
from coqui_amharic_ext.g2p.grammar import affixes, nouns, written_affixes
from coqui_amharic_ext.g2p.grammar.written_affixes import Trie

_CLITICS_BY_LAST: Final = {"m": "m", "n": "n", "a": "na", "s": "s"}


class Lengthening(NamedTuple):
    """A suffix with a length mark: its letters, the hosts it goes with, how it is spoken."""

    size: int
    hosts: int
    spoken: str


class Ending(NamedTuple):
    """The end of a word.

    Attributes
    ----------
    suffix : str
        The longest suffix of the whole word.
    clitic, suffix_before : str
        The clitic that the word may have, "" if none, and its longest suffix without it.
    cuts : tuple of nouns.Cut
        Where a noun may end.
    lengthenings, lengthenings_before : tuple of Lengthening
        What is long in a noun that is not listed, the longest suffix first: in the whole word, and
        in the word before the clitic.
    """

    suffix: str
    clitic: str
    suffix_before: str
    cuts: tuple[nouns.Cut, ...]
    lengthenings: tuple[Lengthening, ...]
    lengthenings_before: tuple[Lengthening, ...]


@lru_cache(maxsize=1)
def _prefixes() -> Trie:
    return written_affixes.trie(affixes.prefixes(), 1)


@lru_cache(maxsize=1)
def _suffixes() -> Trie:
    return written_affixes.trie(affixes.suffixes(), -1)


def longest_prefix(coded: str) -> str:
    """Return the longest prefix of a word, one character per phone."""
    node = _prefixes()
    for char in coded:
        if char not in node:
            break
        node = node[char]
    prefix: str = node[""]
    return prefix


def _longest_suffix(coded: str) -> str:
    node = _suffixes()
    for char in coded[::-1]:
        if char not in node:
            break
        node = node[char]
    suffix: str = node[""]
    return suffix


def ending(coded: str) -> Ending:
    """Return what the end of a word says, one character per phone."""
    clitic = _CLITICS_BY_LAST.get(coded[-1], "")
    if clitic and coded.endswith(clitic):
        return _ending(_longest_suffix(coded), clitic, _longest_suffix(coded[: -len(clitic)]))
    return _ending(_longest_suffix(coded), "", "")


@cache
def _ending(suffix: str, clitic: str, suffix_before: str) -> Ending:
    return Ending(
        suffix,
        clitic,
        suffix_before,
        nouns.cuts(suffix, clitic, suffix_before),
        _lengthenings(suffix),
        _lengthenings(suffix_before) if clitic else (),
    )


@cache
def _lengthenings(suffix: str) -> tuple[Lengthening, ...]:
    found = [
        Lengthening(written.size, affix.hosts, affix.spoken)
        for written in written_affixes.suffixes()[suffix]
        for affix in written.affixes
        if affix.hosts & affixes.NOUN
        and "ː" in affix.spoken
        and affix.cost < cost("unlisted lengthening")
    ]
    return tuple(sorted(found, key=lambda item: -item.size))
