"""The word lexicon and the homograph list, held to their format and to the letters they spell.

The letters are read here from their Unicode names, not through the package's own table, so that a
slip in either shows.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from importlib.resources import files
from itertools import pairwise
from typing import NamedTuple

import pytest

POS = {"noun", "adj", "adv", "num", "pron", "adp", "conj", "verb", "name", "loan", "interj", "part"}
CONFIDENCE = {"high", "medium", "low"}

CONSONANT = r"(?:t͡ʃʼ?|d͡ʒ|[ptksbdɡʔfvzʃʒhmnɲlɾwj](?:(?<=[ptks])ʼ)?)ʷ?ː?"
VOWEL = "[əuiaeɨo]"
PHONE = re.compile(f"{CONSONANT}|{VOWEL}")
IPA = re.compile(f"(?:{CONSONANT}|{VOWEL})+")

SONORITY = {"w": 3, "j": 3, "ɾ": 2, "l": 2, "m": 1, "n": 1, "ɲ": 1}


class Word(NamedTuple):
    word: str
    ipa: str
    pos: str
    gloss: str
    basis: str
    confidence: str
    comment: str


class Reading(NamedTuple):
    word: str
    ipa: str
    gloss: str
    default: str
    basis: str
    comment: str


def _text(name: str) -> str:
    resource = files("coqui_amharic_ext.g2p") / "data" / name
    return resource.read_bytes().decode("utf-8")


def _cells(name: str) -> list[list[str]]:
    return [line.split("\t") for line in _text(name).removesuffix("\n").split("\n")]


@pytest.fixture(scope="module")
def words() -> list[Word]:
    return [Word(*cells) for cells in _cells("words.tsv")[1:]]


@pytest.fixture(scope="module")
def readings() -> list[Reading]:
    return [Reading(*cells) for cells in _cells("homographs.tsv")[1:]]


@pytest.fixture(scope="module")
def entries(words: list[Word], readings: list[Reading]) -> list[Word | Reading]:
    return [*words, *readings]


CONSONANT_OF_NAME = {
    "H": "h", "HH": "h", "X": "h", "KX": "h", "L": "l", "M": "m", "SZ": "s", "S": "s", "R": "ɾ",
    "SH": "ʃ", "Q": "kʼ", "B": "b", "V": "v", "T": "t", "C": "t͡ʃ", "N": "n", "NY": "ɲ",
    "GLOTTAL ": "ʔ", "PHARYNGEAL ": "ʔ", "K": "k", "W": "w", "Z": "z", "ZH": "ʒ", "Y": "j",
    "D": "d", "J": "d͡ʒ", "G": "ɡ", "TH": "tʼ", "CH": "t͡ʃʼ", "PH": "pʼ", "TS": "sʼ", "TZ": "sʼ",
    "F": "f", "P": "p",
}  # fmt: skip
VOWEL_OF_NAME = {"A": "ə", "U": "u", "I": "i", "AA": "a", "EE": "e", "E": "", "O": "o"}
LABIOVELARS = {"Q", "X", "K", "KX", "G"}
"""The series with a full set of labialised letters; the others have one in -ʷa, named -WA."""
GUTTURALS = {"H", "HH", "X", "GLOTTAL ", "PHARYNGEAL "}
LETTER_NAME = re.compile(
    r"ETHIOPIC SYLLABLE (GLOTTAL |PHARYNGEAL |W(?=[AEIOU])|[^AEIOUW ]+)(W?)(AA|EE|[AEIOU])"
)


def skeleton_of_letters(word: str) -> str:
    """Return consonants and vowels as the letters' Unicode names have them, 6th order bare."""
    skeleton = []
    for letter in word:
        name = LETTER_NAME.fullmatch(unicodedata.name(letter))
        assert name is not None, f"{letter!r} in {word!r} is not a plain syllable"
        series, labial, order = name.groups()
        vowel = VOWEL_OF_NAME[order]
        if series == "GLOTTAL " and labial:
            skeleton.append("ʔə")
            continue
        if (series in GUTTURALS and order == "A" and not labial) or (
            labial and order == "A" and series not in LABIOVELARS
        ):
            vowel = "a"
        skeleton.append(CONSONANT_OF_NAME[series] + ("ʷ" if labial else "") + vowel)
    return "".join(skeleton)


def skeleton_of_ipa(ipa: str) -> str:
    return ipa.replace("ː", "").replace("ɨ", "")


HOMOPHONES = {"HHA": "HA", "XA": "HA", "SZA": "SA", "PHARYNGEAL A": "GLOTTAL A", "TZA": "TSA"}


def _folding() -> dict[int, str]:
    table = {}
    for source, target in HOMOPHONES.items():
        first = ord(unicodedata.lookup(f"ETHIOPIC SYLLABLE {source}"))
        base = ord(unicodedata.lookup(f"ETHIOPIC SYLLABLE {target}"))
        for order in range(7):
            table[first + order] = chr(base + order)
    for series in ("HA", "GLOTTAL A"):
        base = ord(unicodedata.lookup(f"ETHIOPIC SYLLABLE {series}"))
        fourths = [code for code, folded in table.items() if folded == chr(base + 3)]
        table.update(dict.fromkeys(fourths, chr(base)))
        table[base + 3] = chr(base)
    table[ord("ሧ")] = "ሷ"
    return table


FOLDING = _folding()


@pytest.mark.parametrize(
    ("word", "folded"),
    [("ሐኀኃሃ", "ሀሀሀሀ"), ("ሠሡሧ", "ሰሱሷ"), ("ዐዓኣዕ", "አአአእ"), ("ፀፅፆ", "ጸጽጾ"), ("ኸኋ", "ኸኋ")],
)
def test_homophones_fold_in_all_orders(word: str, folded: str) -> None:
    assert word.translate(FOLDING) == folded


@pytest.mark.parametrize(
    ("word", "skeleton"),
    [
        ("ሀገር", "haɡəɾ"),
        ("ዓይን", "ʔajn"),
        ("ኧረ", "ʔəɾə"),
        ("ቋንቋ", "kʼʷankʼʷa"),
        ("ጐን", "ɡʷən"),
        ("እሷ", "ʔsʷa"),
        ("ኸረ", "həɾə"),
        ("ፀሓይ", "sʼəhaj"),
        ("ወይን", "wəjn"),
        ("ዎች", "wot͡ʃ"),
    ],
)
def test_letters_are_read_from_their_unicode_names(word: str, skeleton: str) -> None:
    assert skeleton_of_letters(word) == skeleton


@pytest.mark.parametrize(("name", "row"), [("words.tsv", Word), ("homographs.tsv", Reading)])
def test_table_has_its_header_and_columns(name: str, row: type[Word] | type[Reading]) -> None:
    cells = _cells(name)
    assert tuple(cells[0]) == row._fields
    assert [c for c in cells if len(c) != len(row._fields)] == []
    assert [c for c in cells[1:] if any(cell != cell.strip() for cell in c)] == []


@pytest.mark.parametrize("name", ["words.tsv", "homographs.tsv"])
def test_table_is_nfc_with_plain_line_ends(name: str) -> None:
    text = _text(name)
    assert unicodedata.normalize("NFC", text) == text
    assert "\r" not in text
    assert text.endswith("\n")
    assert not text.startswith("\ufeff")


def test_there_are_at_least_1100_words(words: list[Word]) -> None:
    assert len(words) >= 1100


def test_every_ipa_uses_only_the_inventory_in_order(entries: list[Word | Reading]) -> None:
    assert [(w.word, w.ipa) for w in entries if not IPA.fullmatch(w.ipa)] == []


def test_part_of_speech_and_confidence_are_known(words: list[Word]) -> None:
    assert {w.pos for w in words} <= POS
    assert {w.confidence for w in words} <= CONFIDENCE


def test_every_row_has_gloss_and_basis_and_doubt_is_explained(words: list[Word]) -> None:
    assert [w.word for w in words if not w.gloss or not w.basis] == []
    assert [w.word for w in words if w.confidence != "high" and not w.comment] == []


def test_no_word_is_listed_twice_after_folding(words: list[Word]) -> None:
    counts = Counter(w.word.translate(FOLDING) for w in words)
    assert [word for word, count in counts.items() if count > 1] == []


def test_consonants_and_vowels_are_those_of_the_letters(entries: list[Word | Reading]) -> None:
    wrong = [
        (w.word, w.ipa)
        for w in entries
        if not w.comment.startswith("irregular:")
        and skeleton_of_ipa(w.ipa) != skeleton_of_letters(w.word)
    ]
    assert wrong == []


def test_irregular_words_are_irregular(words: list[Word]) -> None:
    needless = [
        w.word
        for w in words
        if w.comment.startswith("irregular:")
        and skeleton_of_ipa(w.ipa) == skeleton_of_letters(w.word)
    ]
    assert needless == []


def _phones(ipa: str) -> list[str]:
    return PHONE.findall(ipa)


def test_no_vowels_meet_and_no_word_begins_long(entries: list[Word | Reading]) -> None:
    for w in entries:
        phones = _phones(w.ipa)
        assert not phones[0].endswith("ː"), w
        pairs = pairwise(phones)
        assert not [p for p in pairs if re.fullmatch(VOWEL, p[0]) and re.fullmatch(VOWEL, p[1])], w


def test_a_final_cluster_does_not_rise_in_sonority(words: list[Word]) -> None:
    """Amharic breaks C+sonorant at the end by ɨ (fɨkʼɨɾ, bahɨl), as Leslau 1995 describes."""
    rising = []
    for w in words:
        *_, before, last = ["", *_phones(w.ipa)]
        if re.fullmatch(VOWEL, before or "a") or re.fullmatch(VOWEL, last):
            continue
        rank = SONORITY.get(last[0], 0)
        if rank > SONORITY.get(before[0], 0):
            rising.append((w.word, w.ipa))
    assert rising == []


def test_native_words_have_no_three_consonants_in_a_row(words: list[Word]) -> None:
    native = [w for w in words if w.pos != "name" and not w.basis.startswith("loan")]
    crowded = [
        (w.word, w.ipa)
        for w in native
        if "ccc" in "".join("v" if re.fullmatch(VOWEL, p) else "c" for p in _phones(w.ipa))
    ]
    assert crowded == []


def test_a_homograph_has_different_readings_of_which_one_is_the_default(
    readings: list[Reading],
) -> None:
    by_word: dict[str, list[Reading]] = {}
    for reading in readings:
        assert reading.default in {"yes", "no"}, reading
        by_word.setdefault(reading.word, []).append(reading)
    assert len(by_word) >= 30
    for word, found in by_word.items():
        assert len({r.ipa for r in found}) == len(found) >= 2, word
        assert [r.default for r in found].count("yes") == 1, word


def test_the_default_reading_is_the_one_in_the_lexicon(
    words: list[Word], readings: list[Reading]
) -> None:
    lexicon = {w.word.translate(FOLDING): w.ipa for w in words}
    for reading in readings:
        listed = lexicon.get(reading.word.translate(FOLDING))
        if listed is not None and reading.default == "yes":
            assert reading.ipa == listed, reading.word


# Readings on which the published descriptions (Leslau 1995 and others) agree.
@pytest.mark.parametrize(
    ("word", "ipa"),
    [
        ("ሁለት", "hulətː"),
        ("አራት", "ʔaɾatː"),
        ("ውስጥ", "wɨstʼ"),
        ("ደግሞ", "dəɡmo"),
        ("በጣም", "bətʼam"),
        ("ብቻ", "bɨt͡ʃːa"),
        ("ነው", "nəw"),
        ("ነበረ", "nəbːəɾə"),
        ("የለም", "jəlːəm"),
        ("አይደለም", "ʔajdəlːəm"),
        ("ነኝ", "nəɲː"),
        ("መንግሥት", "mənɡɨst"),
        ("ጸሓፊ", "sʼəhafi"),
        ("ሠራተኛ", "səɾːatəɲːa"),
        ("ምግብ", "mɨɡɨb"),
        ("ድንች", "dɨnːɨt͡ʃː"),
        ("ክረምት", "kɨɾəmt"),
        ("ትምህርት", "tɨmhɨɾt"),
        ("ቁጥር", "kʼutʼɨɾ"),
        ("ቀዝቃዛ", "kʼəzkʼazːa"),
    ],
)
def test_words_with_a_known_reading(words: list[Word], word: str, ipa: str) -> None:
    lexicon = {w.word.translate(FOLDING): w.ipa for w in words}
    assert lexicon[word.translate(FOLDING)] == ipa
