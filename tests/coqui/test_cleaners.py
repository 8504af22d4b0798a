from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from TTS.tts.utils.text import cleaners

import coqui_amharic_ext as am
from coqui_amharic_ext.coqui.cleaners import amharic_cleaners
from tests.coqui.conftest import FIDEL, SENTENCES


def test_upstream_finds_it_by_name() -> None:
    assert getattr(cleaners, "amharic_cleaners") is amharic_cleaners  # noqa: B009


@pytest.mark.parametrize("language", ["am", "am-ET", None, ""])
def test_signature_of_upstreams_cleaners(language: str | None) -> None:
    assert cleaners.amharic_cleaners("ሰላም፣  ዓለም።", lang=language) == "ሰላም, ዓለም."


@pytest.mark.parametrize(
    ("written", "cleaned"),
    [
        ("ሰላም። ሰላም፣ ሰላም፤ ሰላም፧", "ሰላም. ሰላም, ሰላም; ሰላም?"),
        ("ሰላም፡ሰላም፡፡", "ሰላም ሰላም."),
        ("«ሰላም» ሰላም!", "ሰላም ሰላም!"),
        ("ሰላም\n\nሰላም", "ሰላም ሰላም"),
        ("", ""),
    ],
)
def test_punctuation_and_space(written: str, cleaned: str) -> None:
    assert amharic_cleaners(written) == cleaned


def test_numbers_are_words() -> None:
    assert amharic_cleaners("5 ሰዎች").split() == ["አምስት", "ሰዎች"]


@pytest.mark.parametrize("text", [*SENTENCES, FIDEL])
def test_cleaning_first_changes_no_phone(text: str) -> None:
    # Cleaner and phonemizer read numbers and punctuation alike, so a recipe may name the cleaner
    # or leave it out.
    assert am.phonemize(amharic_cleaners(text)) == am.phonemize(text)


@pytest.mark.parametrize("text", SENTENCES)
def test_cleaning_again_changes_nothing(text: str) -> None:
    once = amharic_cleaners(text)
    assert amharic_cleaners(once) == once


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_one_line_without_ethiopic_marks(text: str) -> None:
    cleaned = amharic_cleaners(text)
    assert cleaned == " ".join(cleaned.split())
    assert not set(cleaned) & set("፠፡።፣፤፥፦፧፨")


def test_other_languages_of_a_multilingual_model_keep_their_words() -> None:
    text = "Hello;  World 5"
    assert amharic_cleaners(text, lang="en") == cleaners.multilingual_cleaners(text, "en")


@pytest.mark.parametrize("value", [None, b"x", 3])
def test_what_is_not_text_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match=f"got {type(value).__name__}"):
        amharic_cleaners(value)  # type: ignore[arg-type]
