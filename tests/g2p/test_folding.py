"""Other systems' symbols, folded into ours."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coqui_amharic_ext.g2p.phonology.inventory import LENGTH, inventory, split, vowels
from coqui_amharic_ext.g2p.realisation import fold


@pytest.mark.parametrize(
    ("raw", "phones"),
    [
        ("gerə", "ɡ e ɾ ə"),
        ("bäβa", "b ə b a"),
        ("xaħa", "h a h a"),
        ("tʃaʧa", "t͡ʃ a t͡ʃ a"),
        ("dʒaʤa", "d͡ʒ a d͡ʒ a"),
        ("tʃ'a", "t͡ʃʼ a"),
        ("t͡sʼə", "sʼ ə"),
        ("tsʼːə", "sʼ ː ə"),
        ("t͡sə", "t s ə"),
        ("səbbərə", "s ə b ː ə ɾ ə"),
        ("tːʃa", "t͡ʃ ː a"),
        ("ddʒa", "d͡ʒ ː a"),
        ("ttʼa", "tʼ ː a"),
        ("kʷʼa", "kʼʷ a"),
        ("kwa", "kʷ a"),
        ("hwala", "hʷ a l a"),
        ("tʰa", "t a"),
        ("ˈsə.la.m", "s ə l a m"),
        ("s ə l a m", "s ə l a m"),
        ("ŋa", "n a"),
    ],
)
def test_symbols_for_the_same_phone_become_one(raw: str, phones: str) -> None:
    assert fold(raw) == tuple(phones.split())


def test_what_is_unknown_is_kept_for_the_quality_check() -> None:
    assert "ሰ" in fold("ሰa")
    assert "q" in fold("qa")
    assert "θ" in fold("θa")


@given(st.lists(st.sampled_from(sorted(set(inventory()) - {LENGTH})), max_size=12))
def test_our_own_phones_stay_as_they_are(phones: list[str]) -> None:
    for one, other in itertools.pairwise(phones):
        if one == other or other == "w" or one + "ʼ" == other or one in ("t", "d", "tʼ"):
            return  # two symbols that another notation writes for one phone
    assert fold("".join(phones)) == tuple(phones)


@given(st.text(max_size=40))
def test_any_text_can_be_folded(raw: str) -> None:
    found = fold(raw)
    assert all(found)
    for before, phone in itertools.pairwise(found):
        if phone == LENGTH:
            assert before != LENGTH and before not in vowels()


def test_length_is_an_item_of_its_own() -> None:
    assert fold("fəlːəɡə") == tuple(split("fəlːəɡə"))
