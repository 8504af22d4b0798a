"""The fidel table: every letter of Unicode, marks, and what is refused."""

from __future__ import annotations

import unicodedata

import pytest

from coqui_amharic_ext.g2p.phonology.coding import encode
from coqui_amharic_ext.g2p.phonology.inventory import inventory
from coqui_amharic_ext.g2p.phonology.letters import MARKS, TONAL_MARKS, coding, fidel, letters
from coqui_amharic_ext.g2p.realisation import realise

BLOCKS = ((0x1200, 0x139F), (0x2D80, 0x2DDF), (0xAB00, 0xAB2F), (0x1E7E0, 0x1E7FE))
LETTERS = [
    chr(point)
    for first, last in BLOCKS
    for point in range(first, last + 1)
    if unicodedata.category(chr(point)) == "Lo"
]


def test_every_ethiopic_letter_is_in_the_table_and_nothing_else() -> None:
    assert len(LETTERS) > 400
    # Python 3.10 knows Unicode 13, Ethiopic Extended-B came with 14.
    unheard_of = {letter for letter in fidel() if unicodedata.category(letter) == "Cn"}
    assert set(fidel()) - unheard_of == set(LETTERS)
    assert not unheard_of or unicodedata.unidata_version < "14"
    assert all(0x1E7E0 <= ord(letter) <= 0x1E7FE for letter in unheard_of)


@pytest.mark.parametrize("letter", LETTERS)
def test_every_letter_is_read_with_phones_of_the_inventory(letter: str) -> None:
    found = fidel()[letter]
    assert {*found.consonants, found.vowel} <= set(inventory())
    assert found.labialised == any("ʷ" in consonant for consonant in found.consonants)
    assert 1 <= found.order <= 8
    ipa = realise(letter).ipa
    assert ipa
    assert not any(unicodedata.name(char).startswith("ETHIOPIC") for char in ipa)


# Unicode's own names of the vowels (Ethiopic chart); A is /a/ only for gutturals.
VOWEL_NAMES = {"U": "u", "I": "i", "AA": "a", "EE": "e", "O": "o"}


@pytest.mark.parametrize("letter", [c for c in LETTERS if ord(c) < 0x135B])
def test_vowels_agree_with_unicode_names(letter: str) -> None:
    name = unicodedata.name(letter).removeprefix("ETHIOPIC SYLLABLE ")
    for ending in ("AA", "EE", "U", "I", "O"):
        if name.endswith(ending):
            assert fidel()[letter].vowel == VOWEL_NAMES[ending]
            return
    assert fidel()[letter].vowel in "əɨao"


@pytest.mark.parametrize(
    ("letter", "consonants", "vowel"),
    [
        # First-order gutturals are /a/; ኸ and ኧ are not (Leslau 1995, on the script).
        ("ሀ", "h", "a"), ("ሐ", "h", "a"), ("ኀ", "h", "a"), ("አ", "ʔ", "a"), ("ዐ", "ʔ", "a"),
        ("ኸ", "h", "ə"), ("ኧ", "ʔ", "ə"),
        ("ሏ", "lʷ", "a"), ("ቷ", "tʷ", "a"), ("ሷ", "sʷ", "a"),
        ("ሇ", "h", "o"), ("ቇ", "kʼ", "o"), ("ኇ", "h", "o"), ("ኯ", "k", "o"), ("ዏ", "w", "o"),
        ("ዯ", "j", "o"), ("ጏ", "ɡ", "o"),
        ("ቈ", "kʼʷ", "ə"), ("ቊ", "kʼʷ", "i"), ("ቋ", "kʼʷ", "a"), ("ቌ", "kʼʷ", "e"),
        ("ቍ", "kʼʷ", "ɨ"), ("ኰ", "kʷ", "ə"), ("ጕ", "ɡʷ", "ɨ"), ("ኍ", "hʷ", "ɨ"),
        ("ጸ", "sʼ", "ə"), ("ፀ", "sʼ", "ə"), ("ሠ", "s", "ə"), ("ቨ", "v", "ə"), ("ጰ", "pʼ", "ə"),
    ],
)  # fmt: skip
def test_letters_that_other_tables_get_wrong(letter: str, consonants: str, vowel: str) -> None:
    assert ("".join(fidel()[letter].consonants), fidel()[letter].vowel) == (consonants, vowel)


def test_coding_is_the_table_with_bare_sixth_orders() -> None:
    for letter, found in fidel().items():
        coded = letter.translate(coding())
        consonants = "".join(encode(consonant) for consonant in found.consonants)
        keeps_vowel = found.vowel != "ɨ" or found.labialised
        assert coded == consonants + (found.vowel if keeps_vowel else "")


def test_marks_belong_to_the_letter_before_them() -> None:
    found = letters("ለ\u135fመ\u135eደ\u135d")
    assert [(item.geminate, item.long_vowel) for item in found] == [
        (True, False), (False, True), (True, True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("word", "ipa"),
    [
        ("አለ\u135f", "ʔalːə"),  # against the other reading of the spelling, "he said"
        ("ገና\u135f", "ɡənːa"),
        ("ሰ\u135fበረ", "sːəbːəɾə"),  # adds to what is known
        ("ልብ\u135f", "lɨbː"),
        ("ዘዘዘመ\u135fደ", "zəzəzəmːədə"),  # an unknown word
        ("ሰላ\u135eም", "səlaːm"),
        ("ሰላ\u135dም", "səlːaːm"),
    ],
)
def test_marked_length_is_honoured(word: str, ipa: str) -> None:
    assert realise(word).ipa == ipa


def test_chant_marks_are_passed_over() -> None:
    assert realise("ሰ" + "".join(sorted(TONAL_MARKS)) + "ላም").ipa == realise("ሰላም").ipa


@pytest.mark.parametrize("mark", sorted(MARKS))
def test_a_mark_without_a_letter_is_named(mark: str) -> None:
    with pytest.raises(ValueError, match=f"U\\+{ord(mark):04X}"):
        letters(mark + "ሰላም")


@pytest.mark.parametrize("foreign", ["a", "1", "፩", "።", "፡", " ", "😀", "\ue000", "\u0301"])
def test_what_is_no_letter_is_named(foreign: str) -> None:
    for function in (letters, realise):
        with pytest.raises(ValueError, match=f"U\\+{ord(foreign):04X}.*normalise"):
            function("ሰላ" + foreign)


@pytest.mark.parametrize("thing", [None, b"\xe1\x88\xb0", 3, ["ሰ"]])
def test_what_is_no_text_is_refused(thing: object) -> None:
    for function in (letters, realise):
        with pytest.raises(TypeError, match=type(thing).__name__):
            function(thing)  # type: ignore[arg-type]
