"""Amharic reaches our normaliser as it was written, whatever cleaner a config names."""

from __future__ import annotations

import logging
import pickle

import pytest
from TTS.config.shared_configs import BaseDatasetConfig
from TTS.tts.configs.shared_configs import CharactersConfig
from TTS.tts.configs.vits_config import VitsConfig
from TTS.tts.utils.text import cleaners
from TTS.tts.utils.text.characters import Graphemes
from TTS.tts.utils.text.phonemizers.multi_phonemizer import MultiPhonemizer
from TTS.tts.utils.text.tokenizer import TTSTokenizer

import coqui_amharic_ext as am
from coqui_amharic_ext.coqui.characters import AmharicPhonemes
from coqui_amharic_ext.coqui.phonemizer import AmharicPhonemizer
from tests.coqui.conftest import FIDEL, SENTENCES

CLEANERS = [name for name in dir(cleaners) if name.endswith("_cleaners")]
WRITTEN = (
    "በ3:30 ሰዓት መጣ",
    "ነው::ልጁ",
    "ሙቀቱ -5 ዲግሪ ነው",
    "ከ2010-2015 ዓ.ም",
    "(1983 ዓ.ም) [ሰላም]",
    "USB ገዛ",
    "ዮሐ. 3:16",
    "Mr. አበበ በ12:45 COVID-19 & «IT»; 50% አሉ",
    "መስመር\nአንድ፤\tሁለት - ሦስት",
)


@pytest.fixture(autouse=True)
def _rules() -> None:
    am.activate(am.Settings(g2p_backends=("rules",)))


def _tokenizer(cleaner: str | None, **changes: object) -> TTSTokenizer:
    config = VitsConfig(
        use_phonemes=True, phoneme_language="am", text_cleaner=cleaner, add_blank=False, **changes
    )
    return TTSTokenizer.init_from_config(config)[0]


@pytest.mark.parametrize("cleaner", CLEANERS)
@pytest.mark.parametrize("language", ["am", "am-ET", "en", None])
def test_ids_are_those_of_no_cleaner(cleaner: str, language: str | None) -> None:
    """Also with the language that tts-server sends where nobody chose one."""
    plain, cleaning = _tokenizer(None), _tokenizer(cleaner)
    for text in (*WRITTEN, *SENTENCES):
        assert cleaning.text_to_ids(text, language) == plain.text_to_ids(text, language), text
    assert cleaning.text_cleaner is getattr(cleaners, cleaner)


def test_every_cleaner_of_upstreams_is_tried() -> None:
    assert {"multilingual_cleaners", "english_cleaners", "uroman_cleaners"} < set(CLEANERS)
    assert len(CLEANERS) >= 14


def test_a_tokenizer_that_is_built_by_hand_and_pickled() -> None:
    phonemizer = AmharicPhonemizer("am")
    built = {
        cleaner: TTSTokenizer(
            use_phonemes=True,
            characters=AmharicPhonemes(),
            phonemizer=phonemizer,
            text_cleaner=cleaner,
        )
        for cleaner in (None, cleaners.english_cleaners)
    }
    again = pickle.loads(pickle.dumps(built[cleaners.english_cleaners]))
    for text in WRITTEN:
        assert again.text_to_ids(text) == built[None].text_to_ids(text)


class _AsWritten:
    """A phonemizer that shows what reaches it."""

    def phonemize(self, text: str, separator: str = "|", language: str | None = None) -> str:
        return text


def test_other_languages_of_one_model_are_cleaned_as_before() -> None:
    multi = MultiPhonemizer({"am": None})
    multi.lang_to_phonemizer["en"] = _AsWritten()
    plain, cleaning = (
        TTSTokenizer(
            use_phonemes=True,
            characters=AmharicPhonemes.extending(Graphemes(punctuations="[]-:, ")),
            phonemizer=multi,
            text_cleaner=cleaner,
        )
        for cleaner in (None, cleaners.multilingual_cleaners)
    )
    for text in WRITTEN:
        assert cleaning.text_to_ids(text, "am") == plain.text_to_ids(text, "am")
    assert cleaning.ids_to_text(cleaning.text_to_ids("one: T-[wo]", "en")) == "one, t wo"
    assert plain.ids_to_text(plain.text_to_ids("one: T-[wo]", "en")) == "one: T-[wo]"


def test_names_that_a_vocabulary_lacks_are_kept_by_the_tokenizer_itself() -> None:
    tokenizer = _tokenizer(
        "basic_cleaners", characters=CharactersConfig(characters="s", punctuations=" ")
    )
    tokenizer.text_to_ids("ሰላም")
    assert "l" in tokenizer.not_found_characters


def _letters(cleaner: str | None, marks: str = ".,;:?! ", **changes: object) -> TTSTokenizer:
    characters = CharactersConfig(
        characters_class="TTS.tts.utils.text.characters.Graphemes",
        characters="".join(filter(str.isalpha, FIDEL)) + "abcdefghijklmnopqrstuvwxyz",
        punctuations=marks,
        pad="_",
        blank="#",
    )
    config = VitsConfig(text_cleaner=cleaner, characters=characters, add_blank=False, **changes)
    return TTSTokenizer.init_from_config(config)[0]


@pytest.mark.parametrize("cleaner", ["basic_cleaners", "english_cleaners", "multilingual_cleaners"])
def test_letters_are_normalised_before_a_cleaner_sees_them(cleaner: str) -> None:
    tokenizer = _letters(cleaner)
    for text in WRITTEN:
        wanted = am.normalize(text)
        found = tokenizer.ids_to_text(tokenizer.text_to_ids(text, "am"))
        assert _words(found) == _words(wanted), text
    # Without a language the model's own decides: its data sets are all in Amharic, or not.
    dataset = BaseDatasetConfig(language="am", path="a")
    only = _letters(cleaner, datasets=[dataset])
    assert only.text_to_ids("በ3:30") == tokenizer.text_to_ids("በ3:30", "am")
    assert tokenizer.text_to_ids("በ3:30") != tokenizer.text_to_ids("በ3:30", "am")
    assert tokenizer.text_to_ids("A-b", "en") == tokenizer.text_to_ids(
        getattr(cleaners, cleaner)("A-b", lang="en"), "en"
    )


def _words(text: str) -> list[str]:
    return "".join(c if c.isalpha() else " " for c in text).split()


def test_letters_without_a_cleaner_are_the_users_own() -> None:
    for cleaner in (None, "no_cleaners"):
        tokenizer = _letters(cleaner)
        assert tokenizer.ids_to_text(tokenizer.text_to_ids("በ ሰዓት;", "am")) == "በ ሰዓት;"


def test_ethiopic_marks_that_a_vocabulary_of_letters_has_are_kept() -> None:
    text = "ሰላም፣ በ5 ሰዓት።"
    marked = _letters("basic_cleaners", marks="።፣ ")
    assert marked.ids_to_text(marked.text_to_ids(text, "am")) == "ሰላም፣ በአምስት ሰዓት።"


def _replacing(text: str, lang: str | None = None) -> str:
    return text.replace("ኣ", "አ")


def _losing(text: str, lang: str | None = None) -> str:
    return cleaners.multilingual_cleaners(_replacing(text), lang)


@pytest.mark.parametrize(("own", "named"), [(_replacing, False), (_losing, True)])
def test_a_cleaner_of_the_users_own_is_run_and_what_it_loses_is_named(
    own: cleaners.TextCleaner,
    named: bool,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(cleaners, "own_cleaners", own, raising=False)
    with caplog.at_level(logging.WARNING):
        tokenizer = _tokenizer("own_cleaners")
    assert ("text_cleaner='own_cleaners' makes '3,30' of '3:30'" in caplog.text) == named
    assert tokenizer.text_to_ids("ኣበበ") == _tokenizer(None).text_to_ids("አበበ")
