from __future__ import annotations

from typing import Any

import pytest

from coqui_amharic_ext.coqui.letters import amharic_letters
from coqui_amharic_ext.coqui.romanisation import pieces_of, romanisations
from coqui_amharic_ext.coqui.vocabulary import phone_tokens
from coqui_amharic_ext.coqui.vocabulary_file import XttsVocabulary
from coqui_amharic_ext.g2p.phonology.inventory import LENGTH, inventory
from tests.coqui.vocabularies import xtts_like


@pytest.fixture(scope="module")
def old() -> Any:
    return XttsVocabulary(xtts_like(), "vocab.json").tokenizer()


def test_every_phone_has_a_row() -> None:
    assert inventory().keys() <= romanisations().keys()
    assert [phone for phone, ways in romanisations().items() if not ways] == [LENGTH]


def test_every_phone_and_letter_starts_from_something_known(old: Any) -> None:
    for token in (*phone_tokens(), *amharic_letters()):
        ids = pieces_of(token, old)
        assert 1 not in ids
        assert ids or token in (LENGTH, "\u135f"), token


@pytest.mark.parametrize(
    ("token", "written"),
    [
        ("ɨ", "ы"),  # the first way that is known
        ("ʃ", "sh"),
        ("ƙʷ", "qw"),
        ("ጎንደር", "gonder"),
        ("በ፟ላ", "bela"),
        ("water", "water"),  # a token of old pieces is taken as it is
        ("x☂x", "xx"),
        ("☂", ""),
    ],
)
def test_what_a_token_is_written_as(old: Any, token: str, written: str) -> None:
    assert "".join(old.id_to_token(number) for number in pieces_of(token, old)) == written


def test_a_way_that_is_not_known_is_passed_over() -> None:
    from tokenizers import Tokenizer, models

    latin = {"[UNK]": 0} | {letter: n for n, letter in enumerate("ehilmnqstuvwyz", 1)}
    tokenizer = Tokenizer(models.BPE(vocab=latin, merges=[], unk_token="[UNK]"))
    assert [tokenizer.id_to_token(n) for n in pieces_of("ɨ", tokenizer)] == ["i"]
    assert pieces_of("ɡ", tokenizer) == []
