from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coqui_amharic_ext.coqui.symbols import drop_marks, phone_symbols, separate, to_coqui
from coqui_amharic_ext.errors import TranscriptionError
from coqui_amharic_ext.g2p.phonology.inventory import inventory

phone_strings = st.lists(st.sampled_from([*inventory(), " ", ".", ",", "?"]), max_size=40)


def test_every_phone_has_one_symbol_of_its_own() -> None:
    symbols = phone_symbols()
    assert len(symbols) == len(set(symbols)) == len(inventory())
    assert all(len(symbol) == 1 for symbol in symbols)


@pytest.mark.parametrize(
    ("ipa", "expected"),
    [
        # The longest phone wins: a labialised ejective affricate is one symbol, not four.
        ("t͡ʃʼʷ", "Ƈ"),
        ("t͡ʃʼ", "ƈ"),
        ("t͡ʃ", "ʧ"),
        ("t͡ʃʷ", "C"),
        ("kʼʷəkʷə", "ƘəKə"),
        ("sʼ sʼʷ s", "ȿ Ȿ s"),
        ("d͡ʒːa?", "ʤːa?"),
        ("", ""),
    ],
)
def test_longest_phone_wins(ipa: str, expected: str) -> None:
    assert to_coqui(ipa) == expected


phone_of = {phone.coqui_symbol: phone.symbol for phone in inventory().values()}


@given(phone_strings)
def test_one_symbol_per_phone_and_back(phones: list[str]) -> None:
    ipa = "".join(phones)
    symbols = to_coqui(ipa)
    assert len(symbols) == len(phones)
    assert [phone_of.get(symbol, symbol) for symbol in symbols] == phones


@pytest.mark.parametrize("alien", ["ሰ", "g", "ħ", "ʼ", "\u0361", "1", "-"])
def test_symbols_that_coqui_would_drop_are_refused_by_name(alien: str) -> None:
    with pytest.raises(TranscriptionError, match=f"U\\+{ord(alien):04X}"):
        to_coqui(f"səl{alien}am")


@given(phone_strings)
def test_separator_stands_between_the_phones_of_a_word_only(phones: list[str]) -> None:
    symbols = to_coqui("".join(phones))
    separated = separate(symbols, "|")
    assert separated.replace("|", "") == symbols
    assert separate(symbols, "") == symbols
    for word in separated.translate({ord(mark): " " for mark in ".,?"}).split():
        assert all(len(piece) == 1 for piece in word.split("|")), word


def test_dropped_marks_leave_one_space() -> None:
    assert drop_marks("a, b. c?", ".,?") == "a b c"
    assert drop_marks("a,b", ",") == "a b"
