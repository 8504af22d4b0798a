"""The table of verb roots: its form, and that spelling, type and IPA of each row agree.

The expected reading of a citation form is worked out here from the Unicode names of its letters
and from where the type puts its geminate (Leslau, Reference Grammar of Amharic, 1995, on the verb
types), by nothing that the package itself uses.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import pytest

HEADER = ["citation", "type", "ipa", "stem", "gloss", "basis", "confidence", "comment"]
PREFIXES = {
    "base": (),
    "t": ("ተን", "ተ", "ታ"),
    "a": ("አን", "አ"),
    "as": ("አስ", "አሳ"),
    "ast": ("አስተ", "አስታ"),
}

# First part of a letter's Unicode name -> phone. A first-order guttural is /a/, except KXA.
CONSONANTS = {
    "H": "h", "HH": "h", "X": "h", "KX": "h", "L": "l", "M": "m", "S": "s", "SZ": "s",
    "R": "ɾ", "SH": "ʃ", "Q": "kʼ", "B": "b", "V": "v", "T": "t", "C": "t͡ʃ", "N": "n",
    "NY": "ɲ", "GLOTTAL ": "ʔ", "PHARYNGEAL ": "ʔ", "K": "k", "W": "w", "Z": "z", "ZH": "ʒ",
    "Y": "j", "D": "d", "J": "d͡ʒ", "G": "ɡ", "TH": "tʼ", "CH": "t͡ʃʼ", "PH": "pʼ", "TS": "sʼ",
    "TZ": "sʼ", "F": "f", "P": "p",
}  # fmt: skip
VOWELS = {"A": "ə", "U": "u", "I": "i", "AA": "a", "EE": "e", "E": "", "O": "o"}
LOW_GUTTURALS = {"H", "HH", "X", "GLOTTAL ", "PHARYNGEAL "}
PHONE = re.compile(r"(?:t͡ʃ|d͡ʒ|[pbtdkɡʔfvszʃʒhmnɲlɾwj])ʼ?ʷ?ː?|[əuiaeɨo]")
HOMOPHONES = (("ሐ", "ሀ"), ("ኀ", "ሀ"), ("ሠ", "ሰ"), ("ዐ", "አ"), ("ፀ", "ጸ"))


class Row(NamedTuple):
    """One row of the table."""

    citation: str
    type: str
    ipa: str
    stem: str
    gloss: str
    basis: str
    confidence: str
    comment: str


class Letter(NamedTuple):
    """One letter of a word: its consonant and its vowel, "" for the sixth order."""

    consonant: str
    vowel: str


TEXT = (files("coqui_amharic_ext.g2p") / "data" / "roots.tsv").read_bytes().decode("utf-8")
LINES = TEXT.split("\n")
ROWS = [Row(*line.split("\t")) for line in LINES[1:] if line.count("\t") == len(HEADER) - 1]
BY_CITATION = {row.citation: row for row in ROWS}


def fold(word: str) -> str:
    """Replace letters that sound alike today by the one of them that look-up uses."""
    for row, kept in HOMOPHONES:
        for order in range(8):
            word = word.replace(chr(ord(row) + order), chr(ord(kept) + order))
    # The fourth order of a guttural sounds like its first.
    return word.replace("ሃ", "ሀ").replace("ኣ", "አ")


def read_letter(char: str) -> Letter:
    """Read a letter from its Unicode name, such as ETHIOPIC SYLLABLE QWA."""
    name = unicodedata.name(char).removeprefix("ETHIOPIC SYLLABLE ")
    for consonant in sorted(CONSONANTS, key=len, reverse=True):
        rest = name.removeprefix(consonant)
        if rest == name:
            continue
        if rest in VOWELS:
            low = consonant in LOW_GUTTURALS and rest == "A"
            return Letter(CONSONANTS[consonant], "a" if low else VOWELS[rest])
        if rest == "WA":
            # The eighth order of every series; in the K series the name stands for kʷə.
            vowel = "ə" if char in "ቈኈኰጐ" else "a"
            return Letter(CONSONANTS[consonant] + "ʷ", vowel)
        if rest == "WAA":
            return Letter(CONSONANTS[consonant] + "ʷ", "a")
    raise ValueError(f"{char!r} ({name}) is no letter that a verb is written with")


def read_ipa(ipa: str) -> list[Letter]:
    """Group IPA into consonants with the vowel that follows; ɨ counts as none."""
    letters: list[Letter] = []
    for phone in PHONE.findall(ipa):
        if phone in "əuiaeɨo":
            letters[-1] = Letter(letters[-1].consonant, "" if phone == "ɨ" else phone)
        else:
            letters.append(Letter(phone, ""))
    return letters


def prefix_of(row: Row) -> str:
    """Return the written stem prefix; አን and ተን only where the comment says so."""
    for prefix in PREFIXES[row.stem]:
        if len(prefix) == 2 and row.stem in "ta" and "n-stem" not in row.comment:
            continue
        if row.citation.startswith(prefix):
            return prefix
    return ""


def root_of(row: Row) -> tuple[list[Letter], int]:
    """Return the letters of the root and the place in the word of the first of them.

    A radical ʔ that is lost between ተ, አስ or አስተ and its vowel a counts as a letter.
    """
    prefix = prefix_of(row)
    letters = [read_letter(char) for char in row.citation[len(prefix) :]]
    if prefix in ("ታ", "አሳ", "አስታ"):
        return [Letter("ʔ", "a"), *letters], len(prefix) - 1
    return letters, len(prefix)


def is_weak(row: Row) -> bool:
    """Return whether one radical of the root is not written."""
    return "final weak" in row.comment or "hollow" in row.comment


def expected_lengths(row: Row) -> set[int]:
    """Return which letters of the citation form are geminate by type, stem and weakness."""
    root, offset = root_of(row)
    geminates: set[int] = set()
    if row.type in "AB":
        if "hollow" not in row.comment:
            geminates.add(1)
    elif row.type == "C":
        geminates.add(next(i for i, letter in enumerate(root) if letter.vowel == "a") + 1)
    else:
        # The penult radical; a final-weak verb has lost the last.
        geminates.add(len(root) - (1 if is_weak(row) else 2))
    if "first radical geminate" in row.comment:
        geminates.add(0)
    return {offset + place for place in geminates}


REGULAR = [row for row in ROWS if not row.comment.startswith("irregular:")]


def test_header_and_columns() -> None:
    assert LINES[0].split("\t") == HEADER
    assert LINES[-1] == "", "the last line ends with LF"
    assert [line for line in LINES[1:-1] if line.count("\t") != len(HEADER) - 1] == []
    assert "\r" not in TEXT


def test_text_is_nfc_and_trimmed() -> None:
    assert unicodedata.normalize("NFC", TEXT) == TEXT
    assert [row.citation for row in ROWS if any(cell != cell.strip() for cell in row)] == []


def test_there_are_enough_roots() -> None:
    assert len(ROWS) >= 700
    assert sum(row.stem == "base" for row in ROWS) >= 600


@pytest.mark.parametrize(
    ("column", "allowed"),
    [
        ("type", {"A", "B", "C", "Q"}),
        ("stem", set(PREFIXES)),
        ("confidence", {"high", "medium", "low"}),
    ],
)
def test_vocabulary_of_columns(column: str, allowed: set[str]) -> None:
    assert [row for row in ROWS if getattr(row, column) not in allowed] == []


def test_every_row_is_glossed_and_has_a_basis() -> None:
    assert [row.citation for row in ROWS if not row.gloss or not row.basis] == []


def test_no_citation_twice_after_homophone_folding() -> None:
    counts = Counter(fold(row.citation) for row in ROWS)
    assert [word for word, count in counts.items() if count > 1] == []


def test_ipa_holds_only_symbols_of_the_inventory() -> None:
    assert [row.ipa for row in ROWS if PHONE.sub("", row.ipa)] == []


def test_inventory_agrees_with_the_symbols_allowed_here() -> None:
    from coqui_amharic_ext.g2p.phonology.inventory import inventory

    used = {phone.removesuffix("ː") for row in ROWS for phone in PHONE.findall(row.ipa)}
    assert used - set(inventory()) == set()


def test_prefix_of_the_stem_is_written() -> None:
    assert [row for row in ROWS if PREFIXES[row.stem] and not prefix_of(row)] == []


def test_citation_ends_like_a_perfective() -> None:
    assert [row for row in ROWS if row.ipa[-1] not in "əa"] == []


def test_segments_are_those_of_the_letters() -> None:
    wrong = []
    for row in ROWS:
        written = [read_letter(char) for char in row.citation]
        spoken = [Letter(c.removesuffix("ː"), v) for c, v in read_ipa(row.ipa)]
        if written != spoken:
            wrong.append((row.citation, row.ipa))
    assert wrong == []


def test_length_is_where_the_type_puts_it() -> None:
    wrong = []
    for row in REGULAR:
        spoken = read_ipa(row.ipa)
        long = {i for i, letter in enumerate(spoken) if letter.consonant.endswith("ː")}
        if long != expected_lengths(row):
            wrong.append((row.citation, row.type, row.stem, row.ipa))
    assert wrong == []


def test_number_of_radicals_fits_the_type() -> None:
    allowed = {"A": {3}, "B": {3}, "C": {3, 4, 5}, "Q": {4, 5}}
    wrong = []
    for row in REGULAR:
        radicals = len(root_of(row)[0]) + is_weak(row)
        if radicals not in allowed[row.type]:
            wrong.append((row.citation, row.type, radicals))
    assert wrong == []


def test_a_within_a_root_means_type_c_or_a_hollow_verb() -> None:
    wrong = []
    for row in REGULAR:
        root, _ = root_of(row)
        # After a guttural, a is only the first order's vowel and tells nothing of the type.
        if "hollow" in row.comment or root[0].consonant in "ʔh":
            continue
        has_a = any(item.vowel == "a" and item.consonant != "h" for item in root[:-1])
        if has_a != (row.type == "C"):
            wrong.append((row.citation, row.type))
    assert wrong == []


def test_irregular_rows_are_few_and_explained() -> None:
    irregular = [row for row in ROWS if row not in REGULAR]
    assert len(irregular) < 0.03 * len(ROWS)
    assert [row.citation for row in irregular if len(row.comment) < len("irregular:") + 10] == []


# Types named in grammars of the language for verbs that every textbook has (Leslau 1995;
# Appleyard, Colloquial Amharic, 1995).
TEXTBOOK = [
    ("A", "ሰበረ ነገረ ከፈለ ከፈተ ገደለ ወሰደ ወረደ ወደቀ ወደደ ፈቀደ ለበሰ ረዘመ ፈረደ ሰረቀ ገረፈ አሰረ አወቀ አለፈ አመነ"),
    ("A", "ሰማ በላ ገዛ መጣ ወጣ ገባ ሰራ ረሳ ፈራ ጠላ ሰጠ ቀረ መሸ ቆመ ሞተ ሄደ ሳመ ላከ ጻፈ ሮጠ ዞረ ሆነ ኖረ"),
    ("B", "ፈለገ ጀመረ ጨረሰ አሰበ ለመነ መለሰ ጠየቀ ጠበቀ ቀጠለ ፈተነ ለወጠ ጨመረ ቀነሰ ለየ ቆየ ለካ ተቀበለ ቀየረ ወሰነ"),
    ("C", "ባረከ ማረከ ጋበዘ ናፈቀ ተናገረ ተሳተፈ ተካፈለ"),
    ("Q", "መሰከረ ሰበሰበ ለመለመ ደነገጠ ተረጎመ ዘነጋ ዘገየ ሰነበተ ተመለከተ አመሰገነ ጎበኘ"),
]


@pytest.mark.parametrize(
    ("verb_type", "citation"), [(kind, verb) for kind, verbs in TEXTBOOK for verb in verbs.split()]
)
def test_types_of_textbook_verbs(verb_type: str, citation: str) -> None:
    assert BY_CITATION[citation].type == verb_type


@pytest.mark.parametrize(
    ("citation", "ipa"),
    [
        ("ሰበረ", "səbːəɾə"),
        ("ፈለገ", "fəlːəɡə"),
        ("ባረከ", "baɾːəkə"),
        ("መሰከረ", "məsəkːəɾə"),
        ("ሰማ", "səmːa"),
        ("ቆመ", "kʼomə"),
        ("አየ", "ʔajːə"),
        ("ዘገየ", "zəɡəjːə"),
        ("ተናገረ", "tənaɡːəɾə"),
        ("አደረገ", "ʔadəɾːəɡə"),
        ("አመሰገነ", "ʔaməsəɡːənə"),
        ("አስተማረ", "ʔastəmaɾə"),
        ("ቆጠረ", "kʼotʼːəɾə"),
        ("አዘጋጀ", "ʔazːəɡad͡ʒːə"),
        ("ተንቀሳቀሰ", "tənkʼəsakʼːəsə"),
        ("አብረቀረቀ", "ʔabɾəkʼəɾːəkʼə"),
        ("ተቋቋመ", "təkʼʷakʼʷamə"),
    ],
)
def test_citation_forms_of_every_class(citation: str, ipa: str) -> None:
    assert BY_CITATION[citation].ipa == ipa


def fold_ipa(ipa: str) -> list[str]:
    """Return phones without length in the symbols that error rates are counted in."""
    from coqui_amharic_ext.g2p.scoring import fold as fold_phones

    return fold_phones(ipa, length=False)


def development_list() -> Path:
    """Return the development word list, or skip the test that asks for it."""
    beside = Path(__file__).parents[2].parent / "shared" / "data"
    folder = Path(os.environ.get("COQUI_AMHARIC_DEV_DATA", beside))
    path = folder / "g2p" / "wikipron_amh_dev.tsv"
    if not path.is_file():
        pytest.skip(f"no development list at {path}; COQUI_AMHARIC_DEV_DATA names its folder")
    return path


def test_segments_agree_with_the_development_list() -> None:
    # Without length: the list leaves out some geminates (ከለከለ as kələkələ).
    checked = []
    for line in development_list().read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or "\t" not in line:
            continue
        word, phones = line.split("\t")
        row = BY_CITATION.get(word)
        if row is None:
            continue
        # The list has t͡s t͡sʼ for a long t͡sʼ, which is our sʼ.
        gold = phones.replace(" ", "").replace("t͡st͡sʼ", "t͡sʼ")
        checked.append((word, fold_ipa(row.ipa), fold_ipa(gold)))
    assert len(checked) >= 3
    assert [item for item in checked if item[1] != item[2]] == []
