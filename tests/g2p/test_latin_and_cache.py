"""Latin letter names, and the bounded memory for words."""

from __future__ import annotations

import string
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coqui_amharic_ext.g2p.cache import LONGEST_KEY, WordCache
from coqui_amharic_ext.g2p.latin import letter_names, spell
from coqui_amharic_ext.g2p.phonology.letters import letters


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("BBC", ["ቢ", "ቢ", "ሲ"]),
        ("hm", ["ኤች", "ኤም"]),
        ("é", ["ኢ"]),
        ("ß", ["ኤስ", "ኤስ"]),
        ("don't", ["ዲ", "ኦ", "ኤን", "ቲ"]),
        ("Ж", []),
        ("", []),
    ],
)
def test_letters_are_read_by_their_amharic_names(word: str, names: list[str]) -> None:
    assert spell(word) == names


def test_every_letter_has_a_name_that_the_fidel_table_reads() -> None:
    assert sorted(letter_names()) == list(string.ascii_lowercase)
    assert all(letters(name) for name in letter_names().values())


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
