"""A bounded cache for words that needs no lock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Generic, TypeVar

V = TypeVar("V")

LONGEST_KEY: Final = 64
"""Longer keys are not kept: running text has no such words, and they would be large."""


class WordCache(Generic[V]):
    """Remembers what was computed for a word, the most recently used ones.

    Two generations of at most ``size`` words: new words go to the young one; when it is full it
    becomes the old one and the former old one is dropped; a word found in the old one is young
    again. Every step is one dictionary operation, so threads can at worst compute a word twice,
    and a fork in the middle leaves nothing locked.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._young: dict[str, V] = {}
        self._old: dict[str, V] = {}

    def lookup(
        self, words: Sequence[str], compute: Callable[[list[str]], Mapping[str, V]]
    ) -> list[V]:
        """Return the value of each word; those not remembered are computed together."""
        young = self._young
        try:
            return [young[word] for word in words]
        except KeyError:
            return self._lookup_mixed(words, compute)

    def _lookup_mixed(
        self, words: Sequence[str], compute: Callable[[list[str]], Mapping[str, V]]
    ) -> list[V]:
        young, old = self._young, self._old
        found: dict[str, V] = {}
        unknown: list[str] = []
        aged: list[str] = []
        for word in dict.fromkeys(words):
            if word in young:
                found[word] = young[word]
            elif word in old:
                found[word] = old[word]
                aged.append(word)
            else:
                unknown.append(word)
        if unknown:
            found.update(compute(unknown))
        self._store((word, found[word]) for word in (*aged, *unknown))
        return [found[word] for word in words]

    def _store(self, items: Iterable[tuple[str, V]]) -> None:
        for word, value in items:
            if len(word) > LONGEST_KEY:
                continue
            young = self._young
            if len(young) >= self._size:
                self._old, self._young = young, {}
                young = self._young
            young[word] = value

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def clear(self) -> None:
        """Forget everything."""
        self._old, self._young = {}, {}
