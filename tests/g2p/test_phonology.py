"""The shared pass: segments of a backend, any string of letters, spellings, narrow output."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import coqui_amharic_ext as am
from coqui_amharic_ext.g2p.phonology.inventory import inventory, split
from coqui_amharic_ext.g2p.phonology.letters import MARKS, fidel
from coqui_amharic_ext.g2p.realisation import fold, realise
from coqui_amharic_ext.g2p.types import Word
from coqui_amharic_ext.settings import Settings

LETTERS = sorted(fidel())
COMMON = [letter for letter in LETTERS if "ሀ" <= letter <= "ፗ"]


@given(st.text(st.sampled_from(LETTERS), min_size=1, max_size=12))
def test_any_letters_give_phones_of_the_inventory(word: str) -> None:
    found = realise(word)
    assert found.ipa
    for ipa in (found.ipa, *found.alternatives):
        assert set(split(ipa)) <= set(inventory())


@given(st.text(st.sampled_from(COMMON + sorted(MARKS)), min_size=1, max_size=12))
def test_any_letters_and_marks_give_phones_of_the_inventory(word: str) -> None:
    assert set(split(realise(word).ipa)) <= set(inventory())


@given(st.text(st.sampled_from(COMMON), min_size=1, max_size=8))
def test_consonants_and_vowels_are_those_that_are_written(word: str) -> None:
    found = realise(word)
    if found.source == "lexicon" or any("ʷ" in c for w in word for c in fidel()[w].consonants):
        return  # a listed word may be irregular, a labialised letter be an older spelling
    written = [p for w in word for p in (*fidel()[w].consonants, fidel()[w].vowel) if p != "ɨ"]
    assert [p for p in split(found.ipa) if p not in ("ɨ", "ː")] == written


@given(st.text(st.sampled_from(COMMON), min_size=1, max_size=8))
def test_the_letters_own_segments_change_nothing(word: str) -> None:
    own = [p for w in word for p in (*fidel()[w].consonants, fidel()[w].vowel)]
    assert realise(word, segments=own).ipa == realise(word).ipa or "ʷ" in "".join(own)


@given(st.text(st.sampled_from(COMMON), max_size=8))
def test_the_same_word_is_always_read_the_same(word: str) -> None:
    assert realise(word) == realise(word)
    assert realise(word).alternatives == realise(word).alternatives


def test_an_empty_word_says_nothing() -> None:
    assert realise("").ipa == ""
    assert realise("").alternatives == ()


def test_homophone_letters_are_read_alike() -> None:
    for one, other in (("ሐሳብ", "ሀሳብ"), ("ሠራ", "ሰራ"), ("ዓመት", "አመት"), ("ፀሐይ", "ጸሀይ")):
        assert realise(one).ipa == realise(other).ipa


@pytest.mark.parametrize(
    ("word", "raw", "ipa"),
    [
        # Length and ɨ come from the written word, consonants and vowels from the backend.
        ("ይፈልጋል", "jfələɡal".replace("lə", "l"), "jɨfəlːɨɡal"),
        ("ይፈልጋል", "jɨfalɨgal", "jɨfalːɨɡal"),
        ("ሰበረ", "ʃəbərə", "ʃəbːəɾə"),
        ("ፒቮዦች", "bivoʒotʃ", "bivoʒot͡ʃː"),
        # A phone too few is kept from the letters, one too many is dropped.
        ("ሰበረ", "səbəɾ", "səbːəɾə"),
        ("ሰበረ", "səbəɾəm", "səbːəɾə"),
        # A vowel for a consonant is not an identity.
        ("ሰበረ", "səəəɾə", "səbːəɾə"),
        # A listed word stays as it is.
        ("ሁለት", "hulat", "hulətː"),
    ],
)
def test_segments_are_merged_with_the_written_word(word: str, raw: str, ipa: str) -> None:
    assert realise(word, segments=fold(raw)).ipa == ipa


@pytest.mark.parametrize("raw", ["", "lam", "kotoko", "ipuvatezo"])
def test_segments_of_another_word_are_refused(raw: str) -> None:
    with pytest.raises(ValueError, match="not the same word"):
        realise("ይፈልጋል", segments=fold(raw))


def test_a_long_refusal_is_short() -> None:
    with pytest.raises(ValueError, match="not the same word") as caught:
        realise("ፒቮ" * 500, segments=["k", "a"] * 5000)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("word", "ipa"),
    [
        ("ቍጥር", "kʼʷɨtʼɨɾ"),  # its length is that of ቁጥር, which is listed
        ("ጐንደር", "ɡʷəndəɾ"),
        ("ቈጠረ", "kʼʷətʼːəɾə"),  # of the root of ቆጠረ
        ("ተቈላለፈ", "təkʼʷəlalːəfə"),
        ("ጐጐ", "ɡʷəɡʷə"),
        ("ፐቍዝ", "pəkʼʷɨz"),  # as written
        ("ፒጐዝ", "piɡʷəz"),
    ],
)
def test_labialised_letters_sound_as_written(word: str, ipa: str) -> None:
    assert realise(word).ipa == ipa


def test_narrow_output_has_the_allophones() -> None:
    narrow = Settings(g2p_backends=("rules",), narrow=True)

    def read(text: str) -> Word:
        return am.transcribe(text, settings=narrow).words[0]

    assert read("አንበሳ").ipa == realise("አንበሳ").ipa.replace("nb", "mb")
    assert "β" in read("ዝናብ").ipa
    assert "β" not in read("ሰበረ").ipa  # long
    assert all("nb" not in other for other in read("አንበሳ").alternatives)
    assert read("ደንባራ").quality.ok, "measured before allophones are written"


@pytest.mark.parametrize("letter", ["ሰ", "ስ", "ስበ", "ቍ", "ም\u135f"])
def test_time_grows_in_proportion(letter: str) -> None:
    def seconds(count: int) -> float:
        found = []
        for _ in range(3):
            start = time.process_time()
            realise(letter * count)
            found.append(time.process_time() - start)
        return min(found)

    # Sixteen times the letters: a square would take 256 times as long.
    assert seconds(64_000) < 64 * max(seconds(4_000), 0.002)


@settings(max_examples=30)
@given(
    st.text(st.sampled_from(COMMON), min_size=1, max_size=8),
    st.lists(st.sampled_from([*inventory(), "q", "θ", "ሰ"]), max_size=10),
)
def test_any_segments_are_merged_or_refused(word: str, segments: list[str]) -> None:
    try:
        found = realise(word, segments=segments)
    except ValueError as error:
        assert "not the same word" in str(error)
    else:
        assert set(split(found.ipa)) <= set(inventory())
