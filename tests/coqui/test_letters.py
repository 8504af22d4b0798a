from __future__ import annotations

import unicodedata

import pytest

from coqui_amharic_ext.coqui.letters import BLOCKS, amharic_letters, to_amharic_letters
from coqui_amharic_ext.g2p.phonology.letters import fidel

ETHIOPIC = [chr(code) for first, last in BLOCKS for code in range(first, last + 1)]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("ሰላም", "ሰላም"),
        ("ቐለም", "ቀለም"),  # Tigrinya
        ("ጟ", "ኗ"),  # Bilin
        ("ፘ", "ርያ"),  # a Ge'ez ligature
        ("ᎁ", "ሙዊ"),  # Sebat Bet
        ("በ፝ላ፞", "በ፟ላ"),
        ("ሰ᎐ላ", "ሰላ"),  # a chant mark
        ("ሀ\u1249ሀ", "ሀሀ"),  # no letter
    ],
)
def test_what_amharic_does_not_write_is_written_as_it_sounds(written: str, read: str) -> None:
    assert to_amharic_letters(written) == read


def test_every_ethiopic_letter_becomes_letters_of_amharic() -> None:
    known = set(amharic_letters())
    assert len(known) == len(amharic_letters()) > 280
    for letter in ETHIOPIC:
        read = to_amharic_letters(letter)
        assert known.issuperset(read)
        # Chant and length marks aside, what Unicode calls a letter is never left out.
        assert read or unicodedata.category(letter) in ("Cn", "Mn")
        assert letter not in known or read == letter


def test_a_letter_and_its_reading_say_the_same() -> None:
    table = fidel()
    for letter in set(ETHIOPIC) & table.keys():
        read = to_amharic_letters(letter)
        if len(read) == 1:
            a, b = table[letter], table[read]
            assert (a.consonants, a.vowel, a.labialised) == (b.consonants, b.vowel, b.labialised)
        else:
            # ᎁ as ሙዊ: the same consonants, rounding as a syllable of its own, the same vowel.
            assert table[read[-1]].vowel == table[letter].vowel
