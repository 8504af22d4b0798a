"""Scoring: what counts as the same phone, and the error rates."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coqui_amharic_ext.g2p import scoring
from coqui_amharic_ext.g2p.phonology.inventory import LENGTH, inventory


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("t͡ʃ", "tʃ"),
        ("t͡ʃ", "ʧ"),
        ("d͡ʒ", "ʤ"),
        ("ɡəɾə", "gere".replace("e", "ə")),
        ("sʼəhaj", "t͡sʼəħaj"),
        ("sʼəhaj", "ts'əxay".replace("y", "j")),
        ("kʷa", "kwa"),
        ("kʼʷːa", "kʼːwa"),
        ("abːat", "abbat"),
        ("ʔabːat", "abːat"),
        ("bət͡ʃːa", "bətt͡ʃa"),
        ("bət͡ʃʼːa", "bətːʃʼa"),
        ("fid͡ʒː", "fiddʒ"),
        ("tʼːa", "ttʼa"),
        ("ˈsə.lam", "səlam"),
        ("sälam", "səlam"),
    ],
)
def test_spellings_of_one_sound_are_the_same(left: str, right: str) -> None:
    assert scoring.fold(left, length=True) == scoring.fold(right, length=True)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("kʼa", "ka"),
        ("abːat", "abat"),
        ("səlam", "salam"),
        ("səʔat", "sat"),
        ("mɨn", "mn"),
        ("al lə", "alːə"),  # not across a space
        ("alʔlə", "alːə"),  # nor across a glottal stop
    ],
)
def test_different_sounds_stay_different(left: str, right: str) -> None:
    assert scoring.fold(left, length=True) != scoring.fold(right, length=True)


def test_without_length_only_length_is_forgiven() -> None:
    assert scoring.fold("abːat", length=False) == scoring.fold("abat", length=False)
    assert scoring.fold("abːat", length=False) != scoring.fold("apːat", length=False)


@pytest.mark.parametrize(
    ("first", "second", "distance"),
    [("", "", 0), ("abc", "", 3), ("kitten", "sitting", 3), ("flaw", "lawn", 2), ("ab", "ba", 2)],
)
def test_edit_distance_of_known_pairs(first: str, second: str, distance: int) -> None:
    assert scoring.edit_distance(first, second) == distance


@given(st.text("abc", max_size=8), st.text("abc", max_size=8))
def test_edits_are_as_many_as_the_distance_and_lead_to_the_target(a: str, b: str) -> None:
    found = scoring.edits(a, b)
    assert len(found) == scoring.edit_distance(a, b) == scoring.edit_distance(b, a)
    assert len(a) - len(b) == sum(not given for _, given in found) - sum(
        not wanted for wanted, _ in found
    )


def test_rates_count_phones_of_the_nearest_pronunciation_and_whole_words() -> None:
    gold = {"ሰላም": ("səlam",), "ምን": ("mɨn", "mɨnː"), "አባት": ("abːat",)}
    given_ = {"ሰላም": "səlam", "ምን": "mɨnː", "አባት": "abat"}
    with_length = scoring.score(gold, given_, length=True)
    assert (with_length.phone_errors, with_length.phones) == (1, 5 + 3 + 4)
    assert (with_length.wrong_words, with_length.words) == (1, 3)
    assert with_length.per == pytest.approx(100 / 12)
    without = scoring.score(gold, given_, length=False)
    assert without.per == without.wer == 0


def test_a_missing_word_costs_all_its_phones() -> None:
    assert scoring.score({"ሰላም": ("səlam",)}, {}, length=True).per == 100


@pytest.fixture(scope="module")
def reference(dev_data: Path) -> ModuleType:
    """Return the scorer that comes with the development data."""
    if importlib.util.find_spec("editdistance") is None:
        pytest.skip("the development data's scorer needs editdistance")
    spec = importlib.util.spec_from_file_location("per", dev_data / "g2p" / "per.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["per"] = module
    spec.loader.exec_module(module)
    return module


_PHONES = [*inventory(), "g", "r", "β", "x", "ts'", "tsʼ", "t͡sʼ", "ʧ", "ʤ", " ", "ˈ", "ä", "kw"]


@given(
    phones=st.lists(st.sampled_from([p for p in _PHONES if p != LENGTH]), max_size=10),
    long=st.sets(st.integers(0, 9)),
    length=st.booleans(),
)
def test_folding_is_that_of_the_reference_scorer(
    reference: ModuleType, phones: list[str], long: set[int], length: bool
) -> None:
    vowels = "əuiaeɨoä"
    # A closure of three stops is no word of any language; only there the two differ.
    kept = [p for i, p in enumerate(phones) if not (i > 1 and phones[i - 1][0] == p[0] == "t")]
    ipa = "".join(
        p + (LENGTH if i in long and p not in vowels and p.isalpha() else "")
        for i, p in enumerate(kept)
    )
    assert scoring.fold(ipa, length=length) == reference.norm(ipa, length)


def test_scores_are_those_of_the_reference_scorer(
    reference: ModuleType, dev_data: Path, epitran_installed: None
) -> None:
    from epitran.simple import SimpleEpitran

    gold = reference.load(dev_data / "g2p" / "wikipron_amh_dev.tsv")
    for code in ("amh-Ethi", "amh-Ethi-pp", "tir-Ethi"):
        read = SimpleEpitran(code).transliterate
        guesses = {word: read(word) for word in gold}
        expected = reference.score(gold, guesses)
        for key, length in (("nolen", False), ("len", True)):
            ours = scoring.score(gold, guesses, length=length)
            assert (ours.per, ours.wer) == pytest.approx(expected[key]), (code, key)
