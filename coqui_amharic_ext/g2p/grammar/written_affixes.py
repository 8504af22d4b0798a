"""The edges of a written word: which prefixes and suffixes it may have, found at one go."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Final, NamedTuple

from coqui_amharic_ext.g2p.grammar import affixes

_MEMO_SIZE: Final = 1 << 10


class Way(NamedTuple):
    """A prefix and a suffix that go together; fields as in :class:`affixes.Affix`."""

    cost: float
    takes: int
    before: str
    after: str
    evidence: bool
    opening: str
    bare: bool
    negative: bool
    feminine: bool


class Edge(NamedTuple):
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
    affixes: tuple[affixes.Affix, ...]
    ways: dict[str, tuple[Way, ...]]


Trie = dict[str, Any]
"""Letters to tries; under ``""``, what is known of the longest affix on the way so far."""


class Edges(NamedTuple):
    """All prefixes, or all suffixes.

    Attributes
    ----------
    every : dict
        Their readings, by their letters.
    known : dict
        For each affix, every affix that a word with it also has at that edge (for ``ስለም``: ``ስለ``,
        ``ስ`` and none), itself included, the cheapest first; made when first needed.
    """

    every: dict[str, tuple[affixes.Affix, ...]]
    known: _Known


@lru_cache(maxsize=1)
def prefixes() -> Edges:
    """Return all prefixes."""
    every = affixes.prefixes()
    return Edges(every, _Known(every, lambda key, size: key[:size]))


@lru_cache(maxsize=1)
def suffixes() -> Edges:
    """Return all suffixes."""
    every = affixes.suffixes()
    return Edges(every, _Known(every, lambda key, size: key[len(key) - size :]))


def trie(every: Iterable[str], step: int, make: Callable[[str], object]) -> Trie:
    """Return the affixes as a trie, so that finding a word's longest takes one step a letter.

    Parameters
    ----------
    every : iterable of str
        Their letters, ``""`` among them.
    step : {1, -1}
        -1 for suffixes, whose letters are walked from the end of the word.
    make : callable
        Makes what is known of one.
    """
    root: Trie = {}
    for key in sorted(every, key=len):
        node = root
        for char in key[::step]:
            if char not in node:
                node[char] = {"": node[""]}
            node = node[char]
        node[""] = make(key)
    return root


class _Known(dict[str, tuple[Edge, ...]]):
    """Affixes within affixes, put together when first needed."""

    def __init__(
        self, every: dict[str, tuple[affixes.Affix, ...]], cut: Callable[[str, int], str]
    ) -> None:
        super().__init__()
        self.every = every
        self.cut = cut
        self.edges: dict[str, Edge] = {}

    def __missing__(self, key: str) -> tuple[Edge, ...]:
        parts = [self.cut(key, size) for size in range(len(key) + 1)]
        found = [self.edge(part) for part in parts if part in self.every]
        self[key] = result = tuple(sorted(found, key=lambda edge: edge.cost))
        return result

    def edge(self, key: str) -> Edge:
        """Return one affix, the same object every time."""
        edge = self.edges.get(key)
        if edge is None:
            affixes = self.every[key]
            takes = 0
            for affix in affixes:
                takes |= affix.takes
            cost = min([affix.cost for affix in affixes])
            openings = {affix.stem for affix in affixes}
            opens = None if len(openings) > 1 or "" in openings else openings == {"a"}
            evidence = any([affix.evidence for affix in affixes])
            edge = Edge(key, len(key), cost, opens, evidence, takes, affixes, {})
            self.edges[key] = edge
        return edge


def ways(prefix: Edge, suffix: Edge) -> tuple[Way, ...]:
    """Return the ways in which a written prefix and a written suffix go together."""
    found = prefix.ways.get(suffix.written)
    if found is None:
        if len(prefix.ways) >= _MEMO_SIZE:
            prefix.ways.clear()
        found = prefix.ways[suffix.written] = tuple(
            sorted(
                [
                    Way(
                        before.cost + after.cost,
                        before.takes & after.takes,
                        before.spoken,
                        after.spoken,
                        before.evidence or after.evidence,
                        before.stem,
                        before.bare,
                        before.negative,
                        bool(after.takes & (affixes.FEMININE | affixes.GER1)),
                    )
                    for before in prefix.affixes
                    for after in suffix.affixes
                    if before.takes & after.takes and _agree(before.person, after.person)
                ]
            )
        )
    return found


def _agree(prefix: str, suffix: str) -> bool:
    return not prefix or not suffix or prefix in suffix
