"""The bounded memory for words."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from coqui_amharic_ext.g2p.cache import LONGEST_KEY, WordCache


def _lengths(words: list[str]) -> Mapping[str, int]:
    return {word: len(word) for word in words}


@given(st.lists(st.lists(st.text("abcd", max_size=3), max_size=12), max_size=30))
def test_whatever_was_forgotten_the_values_are_right(batches: list[list[str]]) -> None:
    cache: WordCache[int] = WordCache(4)
    for batch in batches:
        assert cache.lookup(batch, _lengths) == [len(word) for word in batch]
        assert len(cache) <= 8


def test_words_in_use_are_not_forgotten() -> None:
    computed: list[str] = []

    def compute(words: list[str]) -> Mapping[str, int]:
        computed.extend(words)
        return _lengths(words)

    cache: WordCache[int] = WordCache(10)
    for number in range(100):
        cache.lookup(["the", f"word{number}"], compute)
    assert computed.count("the") == 1


def test_endless_words_are_not_kept() -> None:
    cache: WordCache[int] = WordCache(10)
    assert cache.lookup(["a" * (LONGEST_KEY + 1)], _lengths) == [LONGEST_KEY + 1]
    assert len(cache) == 0
