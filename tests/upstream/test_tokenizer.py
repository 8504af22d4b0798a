"""``TTSTokenizer``: text to ids and back, blanks, ends, what is not in the vocabulary."""

from __future__ import annotations

import logging

import pytest

pytest.importorskip("TTS")

from TTS.tts.configs.shared_configs import BaseTTSConfig, CharactersConfig
from TTS.tts.utils.text import cleaners
from TTS.tts.utils.text.characters import Graphemes, IPAPhonemes
from TTS.tts.utils.text.tokenizer import TTSTokenizer

pytestmark = pytest.mark.usefixtures("either")
TEXTS = ("Hello world!", "a", "", "What's (this): one-two; three?")


class Upper:
    """A phonemizer that says what it was asked: capitals for phones."""

    @staticmethod
    def name() -> str:
        return "upper"

    def phonemize(self, text: str, separator: str = "|", language: str | None = None) -> str:
        return separator.join(f"{language}:{text}".upper() if language else text.upper())


def _graphemes(**changes: object) -> TTSTokenizer:
    return TTSTokenizer(characters=Graphemes(), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", TEXTS)
def test_ids_are_one_per_character_and_lead_back_to_the_text(text: str) -> None:
    tokenizer = _graphemes()
    ids = tokenizer.text_to_ids(text)
    assert ids == [tokenizer.characters.char_to_id(char) for char in text]
    assert tokenizer.ids_to_text(ids) == text


@pytest.mark.parametrize("text", TEXTS)
def test_blanks_stand_around_every_character(text: str) -> None:
    tokenizer = _graphemes(add_blank=True)
    ids = tokenizer.text_to_ids(text)
    assert ids[1::2] == _graphemes().text_to_ids(text)
    assert set(ids[0::2]) == {tokenizer.characters.blank_id}
    assert len(ids) == 2 * len(text) + 1


def test_the_ends_stand_outside_the_blanks() -> None:
    tokenizer = _graphemes(add_blank=True, use_eos_bos=True)
    vocabulary = tokenizer.characters
    blank = vocabulary.blank_id
    a = vocabulary.char_to_id("a")
    assert tokenizer.text_to_ids("a") == [vocabulary.bos_id, blank, a, blank, vocabulary.eos_id]


def test_special_ids_are_those_of_the_characters() -> None:
    tokenizer = _graphemes()
    assert tokenizer.pad_id == Graphemes().pad_id
    assert tokenizer.blank_id == Graphemes().blank_id


def test_an_unknown_character_is_left_out_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    tokenizer = _graphemes()
    with caplog.at_level(logging.WARNING):
        assert tokenizer.text_to_ids("a☃b☃") == tokenizer.text_to_ids("ab")
    assert tokenizer.not_found_characters == ["☃"]
    assert caplog.text.count("'☃' not found") == 1


def test_the_cleaner_comes_first_and_knows_the_language() -> None:
    seen: list[object] = []

    def clean(text: str, *, lang: str | None = None) -> str:
        seen.append(lang)
        return text.replace("x", "yy")

    tokenizer = _graphemes(text_cleaner=clean)
    assert tokenizer.ids_to_text(tokenizer.text_to_ids("axb", language="de")) == "ayyb"
    assert seen == ["de"]


def test_the_phonemizer_gets_text_and_language_and_no_separator() -> None:
    tokenizer = TTSTokenizer(characters=Graphemes(), use_phonemes=True, phonemizer=Upper())
    assert tokenizer.ids_to_text(tokenizer.text_to_ids("ab")) == "AB"
    assert tokenizer.ids_to_text(tokenizer.text_to_ids("ab", language="be")) == "BE:AB"


def test_phonemes_without_a_phonemizer_are_an_error() -> None:
    with pytest.raises(ValueError, match="phonemizer"):
        TTSTokenizer(characters=IPAPhonemes(), use_phonemes=True)


@pytest.mark.parametrize(
    ("cleaner", "text", "expected"),
    [
        ("basic_cleaners", "Two  WORDS", "two words"),
        (
            "english_cleaners",
            "Dr. Who has 3 cats & 1 dog.",
            "doctor who has three cats and one dog.",
        ),
        ("phoneme_cleaners", "3 cats", "three cats"),
        ("multilingual_cleaners", "«A»; b", "a, b"),
        ("chinese_mandarin_cleaners", "有50名士兵", "有五十名士兵"),
    ],
)
def test_cleaners_are_found_by_the_name_in_the_config(
    cleaner: str, text: str, expected: str
) -> None:
    letters = "".join(sorted({*expected, *"abcdefghijklmnopqrstuvwxyz"} - {*"!'(),-.:;? "}))
    config = BaseTTSConfig(text_cleaner=cleaner, characters=Graphemes(letters).to_config())
    tokenizer, _ = TTSTokenizer.init_from_config(config)
    assert tokenizer.text_cleaner is getattr(cleaners, cleaner)
    assert tokenizer.ids_to_text(tokenizer.text_to_ids(text, language="en")) == expected


def test_the_configs_characters_are_used_in_their_order() -> None:
    config = BaseTTSConfig(
        characters=CharactersConfig(
            pad="_", eos="~", bos="^", blank=None, characters="cab", punctuations="!",
            is_unique=False, is_sorted=False,
        )
    )  # fmt: skip
    tokenizer, new_config = TTSTokenizer.init_from_config(config)
    ids = tokenizer.text_to_ids("cab!")
    assert ids == sorted(ids)
    assert tokenizer.ids_to_text(ids) == "cab!"
    assert new_config.characters.characters_class == "TTS.tts.utils.text.characters.Graphemes"


@pytest.mark.parametrize(
    ("phonemes", "kind"), [(False, "Graphemes"), (True, "IPAPhonemes")], ids=["letters", "phones"]
)
def test_a_config_without_characters_gets_upstreams_default(phonemes: bool, kind: str) -> None:
    config = BaseTTSConfig(use_phonemes=phonemes, phoneme_language="be")
    tokenizer, new_config = TTSTokenizer.init_from_config(config)
    assert type(tokenizer.characters).__name__ == kind
    assert new_config.characters.characters_class.endswith(f".{kind}")
    assert (new_config.phonemizer == "be_phonemizer") is phonemes
