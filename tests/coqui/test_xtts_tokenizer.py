from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer

import coqui_amharic_ext as am
from coqui_amharic_ext.coqui import xtts_tokenizer
from coqui_amharic_ext.coqui.symbols import PUNCTUATION, phone_symbols
from coqui_amharic_ext.coqui.xtts_tokenizer import CHAR_LIMIT, read_amharic
from tests.coqui.conftest import FIDEL, SENTENCES

LANGUAGES = "ar cs de en es fr hi hu it ja ko nl pl pt ru tr zh".split()
TEXT = {
    "en": "Dr. Jones paid $20.50 on the 1st & left 14% @ home.",
    "de": "Dr. Müller zahlt 12,5 € am 1. Tag & geht.",
    "es": "La Dra. Martinez pagó $20 & 1er día.",
    "fr": "Mme. Moreau paie 20,15€ le 1er & part.",
    "it": "Il sig. Rossi paga 20€ & 1° giorno.",
    "pt": "A Sra. Costa pagou $20 & 1º dia.",
    "pl": "Dr. Kowalski zapłaci 20€ & 12,5 dnia.",
    "ar": "كان هناك 50 جنديًا & 14%.",
    "cs": "Za 12,5 vteřiny & 14%.",
    "ru": "Через 12.5 секунды г-н Иванов & 14%.",
    "nl": "Dhr. Jansen betaalt $20 & 12,5.",
    "tr": "50 asker vardı, Dr. Ayşe & %14 İÖÜ.",
    "zh": "在12.5秒内有50名士兵。",
    "hu": "12,5 másodperc alatt 50 katona & 14%.",
    "ko": "12.5 초 안에 50 명.",
    "ja": "これは50です。",
    "hi": "पचास 50 सैनिक थे।",
}


@pytest.fixture
def fidel_mode() -> Iterator[None]:
    am.activate(am.Settings(xtts_text="fidel"))
    yield
    am.deactivate()


@pytest.mark.parametrize("language", ["am", "am-ET", "amh"])
def test_phones_are_one_character_each(language: str) -> None:
    text = VoiceBpeTokenizer().preprocess_text("ጳውሎስ፣ ሰላም።", language)
    assert text == "ƥawlos, səlam."


@pytest.mark.usefixtures("fidel_mode")
def test_fidel_mode_gives_normalised_letters() -> None:
    text = VoiceBpeTokenizer().preprocess_text("ጳውሎስ፣  5 ሰላም፡፡", "am")
    assert text == "ጳውሎስ, አምስት ሰላም."


@pytest.mark.usefixtures("fidel_mode")
def test_fidel_mode_holds_no_capitals_and_no_ethiopic_marks() -> None:
    for sentence in (*SENTENCES, "USA እና WHO፨"):
        text = VoiceBpeTokenizer().preprocess_text(sentence, "am")
        assert text == text.lower()
        assert not set(text) & set("፡።፣፤፥፦፧፨")
        assert not re.search(r"\d", text)


@pytest.mark.parametrize("number", ["1900", "1234567", "12,345.67", "2015", "፲፱፻"])
def test_numbers_never_go_through_num2words(number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # num2words raises on 1900 and does not come back from 1234567 in Amharic.
    from TTS.tts.layers.xtts import tokenizer as upstream

    def forbidden(*arguments: object, **options: object) -> str:
        raise AssertionError(f"num2words{arguments}{options}")

    monkeypatch.setattr(upstream, "num2words", forbidden)
    text = VoiceBpeTokenizer().preprocess_text(f"በ{number} ሰዎች", "am")
    assert set(text) <= {*phone_symbols(), *PUNCTUATION, " "}
    assert len(text.split()) >= 3


@pytest.mark.parametrize("mode", ["ipa", "fidel"])
def test_every_sentence_encodes_and_decodes_without_unknown_tokens(
    mode: str, tmp_path: Path
) -> None:
    from coqui_amharic_ext.demo.tiny import write_vocab

    am.activate(am.Settings(xtts_text=mode))
    try:
        letters = "".join(phone_symbols()) if mode == "ipa" else FIDEL
        path = write_vocab(tmp_path / "vocab.json", symbols=letters + ".,;:?!")
        tokenizer = VoiceBpeTokenizer(path)
        unknown = tokenizer.tokenizer.token_to_id("[UNK]")
        for sentence in (*SENTENCES, " ".join(FIDEL)):
            ids = tokenizer.encode(sentence, "am")
            assert unknown not in ids
            assert ids[0] == tokenizer.tokenizer.token_to_id("[am]")
            assert tokenizer.decode(ids) == "[am]" + tokenizer.preprocess_text(sentence, "am")
            assert read_amharic(tokenizer.tokenizer, sentence) == (ids, [])
    finally:
        am.deactivate()


def test_one_token_per_phone(vocabulary: Path) -> None:
    tokenizer = VoiceBpeTokenizer(vocabulary)
    # [am], ƥ a w l o s, [SPACE], s ə l a m
    assert len(tokenizer.encode("ጳውሎስ ሰላም", "am")) == 1 + 6 + 1 + 5


@pytest.mark.parametrize("language", ["am", "am-ET", "amh"])
def test_language_token_is_that_of_amharic(vocabulary: Path, language: str) -> None:
    tokenizer = VoiceBpeTokenizer(vocabulary)
    assert tokenizer.encode("ሰላም", language) == tokenizer.encode("ሰላም", "am")


def test_what_a_vocabulary_lacks_is_named_once(
    stock_vocabulary: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xtts_tokenizer, "_warned", set())
    tokenizer = VoiceBpeTokenizer(stock_vocabulary)
    assert read_amharic(tokenizer.tokenizer, "ጳውሎስ")[1] == ["[am]", "ƥ"]
    with caplog.at_level(logging.WARNING):
        tokenizer.encode("ጳውሎስ", "am")
        tokenizer.encode("ጳውሎስ", "am")
        tokenizer.encode("hello", "en")
    messages = [r.getMessage() for r in caplog.records if "vocabulary lacks" in r.getMessage()]
    assert len(messages) == 1
    assert "'[am]', 'ƥ'" in messages[0]


def test_latin_letters_are_kept_for_xtts_if_asked(vocabulary: Path) -> None:
    am.activate(am.Settings(text="latin=keep"))
    try:
        tokenizer = VoiceBpeTokenizer(vocabulary)
        assert tokenizer.preprocess_text("ሰላም USA", "am") == "səlam usa"
    finally:
        am.deactivate()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_seventeen_languages_of_xtts_read_as_without_us(language: str) -> None:
    def read() -> object:
        try:
            return VoiceBpeTokenizer().preprocess_text(TEXT[language], language)
        except (ImportError, NotImplementedError) as error:
            # Japanese and Chinese need packages of their own; num2words has no Hindi.
            return repr(error)

    with_us = read()
    am.deactivate()
    assert read() == with_us


def test_upstreams_cleaner_reads_amharic_for_the_fine_tuning_demo() -> None:
    from TTS.tts.layers.xtts import tokenizer as upstream

    assert upstream.multilingual_cleaners("ሰላም፣  ሰላም።", "am") == "ሰላም, ሰላም."
    assert upstream.multilingual_cleaners("Two  Words", "en") == "two words"


def test_unknown_languages_are_still_refused() -> None:
    with pytest.raises(NotImplementedError, match="'xx'"):
        VoiceBpeTokenizer().preprocess_text("text", "xx")


def test_upstream_refuses_amharic_without_us() -> None:
    am.deactivate()
    with pytest.raises(NotImplementedError, match="'am'"):
        VoiceBpeTokenizer().preprocess_text("ሰላም", "am")


def test_char_limits_know_amharic_in_new_and_in_earlier_objects() -> None:
    am.deactivate()
    earlier = VoiceBpeTokenizer()
    stock = dict(earlier.char_limits)
    assert "am" not in stock
    am.activate()
    assert earlier.char_limits == VoiceBpeTokenizer().char_limits == {**stock, "am": CHAR_LIMIT}
    am.deactivate()
    assert earlier.char_limits == stock


def test_char_limits_can_still_be_set() -> None:
    tokenizer = VoiceBpeTokenizer()
    tokenizer.char_limits["am"] = 90
    assert tokenizer.char_limits["am"] == 90
    tokenizer.char_limits = {"en": 10}
    assert tokenizer.char_limits == {"en": 10, "am": CHAR_LIMIT}


def test_text_beyond_the_limit_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    tokenizer = VoiceBpeTokenizer()
    with caplog.at_level(logging.WARNING):
        tokenizer.check_input_length("ሰ" * CHAR_LIMIT, "am")
        assert not caplog.records
        tokenizer.check_input_length("ሰ" * (CHAR_LIMIT + 1), "am-ET")
    assert f"character limit of {CHAR_LIMIT} for language 'am'" in caplog.text


def test_text_at_the_limit_fits_into_the_model(vocabulary: Path) -> None:
    from TTS.tts.configs.xtts_config import XttsArgs

    words = " ".join(SENTENCES[i % 2] for i in range(20))
    longest = VoiceBpeTokenizer(vocabulary).encode(words[:CHAR_LIMIT], "am")
    assert len(longest) < XttsArgs().gpt_max_text_tokens


@pytest.mark.parametrize("value", [None, b"x", 3])
def test_what_is_not_text_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match=f"got {type(value).__name__}"):
        VoiceBpeTokenizer().preprocess_text(value, "am")
