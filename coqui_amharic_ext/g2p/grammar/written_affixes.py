"""Written prefixes and suffixes: what each may be, and how the two go together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

from coqui_amharic_ext.g2p.grammar import affixes
from coqui_amharic_ext.g2p.grammar.affixes import Affix, AffixIndex, Host

_MEMO_SIZE: Final = 1 << 10
_FEMININE: Final = (Host.FEMININE | Host.GER1).value


@dataclass(slots=True, eq=False)
class Frame:
    """A prefix and a suffix that go together.

    Attributes
    ----------
    cost, hosts, evidence
        Of both together, as in :class:`affixes.Affix`.
    before, after : str
        What is spoken before and after the stem.
    opening, bare, negative
        Of the prefix, as in :class:`affixes.Affix`.
    feminine : bool
        Whether the stem's last radical may be palatal.
    """

    cost: float
    hosts: int
    before: str
    after: str
    evidence: bool
    opening: str
    bare: bool
    negative: bool
    feminine: bool


@dataclass(slots=True, eq=False)
class WrittenAffix:
    """A written prefix or suffix.

    Attributes
    ----------
    written : str
        Its letters.
    size : int
        How many.
    cost : float
        The least cost of its readings.
    opens_in_a : bool or None
        Whether the stem after a prefix must begin with a; None: either.
    evidence : bool
        Whether a reading of it shows that the word is a verb.
    hosts : int
        Union of its readings' hosts.
    affixes : tuple of Affix
        Its readings.
    frames : dict
        For a prefix: its frames with each suffix, made when first needed.
    """

    written: str
    size: int
    cost: float
    opens_in_a: bool | None
    evidence: bool
    hosts: int
    affixes: tuple[Affix, ...]
    frames: dict[str, tuple[Frame, ...]] = field(default_factory=dict)


class NestedAffixes(dict[str, tuple[WrittenAffix, ...]]):
    """For each affix, every affix that a word with it also has at that edge, the cheapest first.

    For ``ስለም`` these are ``ስለ``, ``ስ``, none and itself. Put together when first needed.
    """

    def __init__(self, every: AffixIndex, cut: Callable[[str, int], str]) -> None:
        super().__init__()
        self.every = every
        self._cut = cut
        self._made: dict[str, WrittenAffix] = {}

    def __missing__(self, key: str) -> tuple[WrittenAffix, ...]:
        parts = [self._cut(key, size) for size in range(len(key) + 1)]
        found = [self._written_affix(part) for part in parts if part in self.every]
        result = self[key] = tuple(sorted(found, key=attrgetter("cost")))
        return result

    def _written_affix(self, key: str) -> WrittenAffix:
        """Return one affix, the same object every time."""
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = _written_affix(key, self.every[key])
        return found


def _written_affix(written: str, readings: tuple[Affix, ...]) -> WrittenAffix:
    hosts = 0
    for affix in readings:
        hosts |= affix.hosts
    openings = {affix.opening for affix in readings}
    opens_in_a = None if len(openings) > 1 or "" in openings else openings == {"a"}
    return WrittenAffix(
        written,
        len(written),
        min([affix.cost for affix in readings]),
        opens_in_a,
        any([affix.evidence for affix in readings]),
        hosts,
        readings,
    )


@lru_cache(maxsize=1)
def prefixes() -> NestedAffixes:
    """Return all prefixes."""
    return NestedAffixes(affixes.prefixes(), lambda key, size: key[:size])


@lru_cache(maxsize=1)
def suffixes() -> NestedAffixes:
    """Return all suffixes."""
    return NestedAffixes(affixes.suffixes(), lambda key, size: key[len(key) - size :])


Trie = dict[str, Any]
"""Letters to tries; under ``""``, the longest affix on the way so far."""


def trie(every: Iterable[str], step: int) -> Trie:
    """Return affixes as a trie, in which a word's longest is found in one step a letter.

    Parameters
    ----------
    every : iterable of str
        Their letters, ``""`` among them.
    step : {1, -1}
        -1 for suffixes, whose letters are walked from the end of the word.
    """
    root: Trie = {}
    for key in sorted(every, key=len):
        node = root
        for char in key[::step]:
            if char not in node:
                node[char] = {"": node[""]}
            node = node[char]
        node[""] = key
    return root


def frames(prefix: WrittenAffix, suffix: WrittenAffix) -> tuple[Frame, ...]:
    """Return how a written prefix and a written suffix go together, the cheapest way first."""
    found = prefix.frames.get(suffix.written)
    if found is None:
        if len(prefix.frames) >= _MEMO_SIZE:
            prefix.frames.clear()
        found = prefix.frames[suffix.written] = _frames(prefix, suffix)
    return found


def _frames(prefix: WrittenAffix, suffix: WrittenAffix) -> tuple[Frame, ...]:
    found = [
        Frame(
            before.cost + after.cost,
            before.hosts & after.hosts,
            before.spoken,
            after.spoken,
            before.evidence or after.evidence,
            before.opening,
            before.bare,
            before.negative,
            bool(after.hosts & _FEMININE),
        )
        for before in prefix.affixes
        for after in suffix.affixes
        if before.hosts & after.hosts and _persons_agree(before.person, after.person)
    ]
    return tuple(sorted(found, key=attrgetter("cost")))


def _persons_agree(prefix: str, suffix: str) -> bool:
    return not prefix or not suffix or prefix in suffix
