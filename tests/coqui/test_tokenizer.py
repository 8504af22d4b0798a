from __future__ import annotations

import json
import logging
import pickle
from pathlib import Path

import pytest
from TTS.config import load_config
from TTS.config.shared_configs import BaseDatasetConfig
from TTS.tts.configs.shared_configs import BaseTTSConfig, CharactersConfig
from TTS.tts.configs.vits_config import VitsConfig
from TTS.tts.utils.text.characters import Graphemes, IPAPhonemes
from TTS.tts.utils.text.tokenizer import TTSTokenizer

from coqui_amharic_ext.coqui.characters import CLASS_PATH, AmharicPhonemes
from coqui_amharic_ext.coqui.symbols import phone_symbols
from tests.coqui.conftest import FIDEL, SENTENCES
from tests.patched import stock_only


def _amharic(**changes: object) -> VitsConfig:
    return VitsConfig(use_phonemes=True, phoneme_language="am", **changes)


@pytest.mark.parametrize("cleaner", [None, "amharic_cleaners", "phoneme_cleaners"])
def test_a_config_that_only_names_the_language_loses_nothing(cleaner: str | None) -> None:
    tokenizer, _ = TTSTokenizer.init_from_config(_amharic(text_cleaner=cleaner))
    for text in (*SENTENCES, FIDEL, " ".join(FIDEL)):
        ids = tokenizer.text_to_ids(text, language="am")
        assert ids
        assert tokenizer.ids_to_text(ids[1::2]).strip()
    assert tokenizer.not_found_characters == []


def test_ids_are_those_of_the_phones() -> None:
    tokenizer, _ = TTSTokenizer.init_from_config(_amharic(add_blank=False))
    vocabulary = tokenizer.characters
    expected = [vocabulary.char_to_id(symbol) for symbol in ("ƥ", "a", "w", "l", "o", "s", ".")]
    assert tokenizer.text_to_ids("ጳውሎስ።") == expected
    stock = IPAPhonemes()
    assert expected[1] == stock.char_to_id("a")
    assert expected[0] >= stock.num_chars


def test_the_config_is_changed_in_place_and_builds_the_same_tokenizer_again(tmp_path: Path) -> None:
    config = _amharic()
    tokenizer, returned = TTSTokenizer.init_from_config(config)
    assert returned is config
    assert config.phonemizer == "amharic"
    assert config.characters.characters_class == CLASS_PATH
    path = tmp_path / "config.json"
    config.save_json(path)
    saved = json.loads(path.read_text())
    assert saved["phonemizer"] == "amharic"
    again, _ = TTSTokenizer.init_from_config(load_config(path))
    for text in SENTENCES:
        assert again.text_to_ids(text) == tokenizer.text_to_ids(text)


@pytest.mark.parametrize("language", ["am", "am-ET", "amh"])
def test_language_variants(language: str) -> None:
    config = BaseTTSConfig(use_phonemes=True, phoneme_language=language)
    tokenizer, config = TTSTokenizer.init_from_config(config)
    assert type(tokenizer.characters) is AmharicPhonemes
    assert tokenizer.ids_to_text(tokenizer.text_to_ids("ሰላም")) == "səlam"


def test_naming_the_phonemizer_is_enough() -> None:
    config = BaseTTSConfig(use_phonemes=True, phonemizer="amharic")
    tokenizer, config = TTSTokenizer.init_from_config(config)
    assert config.phoneme_language == "am"
    assert tokenizer.ids_to_text(tokenizer.text_to_ids("ሰላም")) == "səlam"


def test_multi_phonemizer_with_an_amharic_data_set() -> None:
    datasets = [
        BaseDatasetConfig(language="am", path="a"),
        BaseDatasetConfig(language="be", path="b", phonemizer="be_phonemizer"),
    ]
    config = BaseTTSConfig(use_phonemes=True, phonemizer="multi_phonemizer", datasets=datasets[:1])
    tokenizer, config = TTSTokenizer.init_from_config(config)
    assert type(tokenizer.characters) is AmharicPhonemes
    ids = tokenizer.text_to_ids("ጳውሎስ!", language="am")
    assert tokenizer.ids_to_text(ids) == "ƥawlos!"
    other = BaseTTSConfig(use_phonemes=True, phonemizer="multi_phonemizer", datasets=datasets[1:])
    tokenizer, _ = TTSTokenizer.init_from_config(other)
    assert type(tokenizer.characters) is IPAPhonemes


@stock_only
def test_other_languages_get_what_upstream_gives() -> None:
    config = BaseTTSConfig(use_phonemes=True, phoneme_language="be")
    tokenizer, new_config = TTSTokenizer.init_from_config(config)
    assert type(tokenizer.characters) is IPAPhonemes
    # Upstream's own way is left alone, the copy included.
    assert new_config is not config
    assert config.characters is None


def test_graphemes_stay_upstreams() -> None:
    config = BaseTTSConfig(use_phonemes=False, phoneme_language="am")
    tokenizer, _ = TTSTokenizer.init_from_config(config)
    assert type(tokenizer.characters) is Graphemes


def test_characters_that_lack_phones_are_honoured_and_named(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stock = IPAPhonemes().to_config()
    config = BaseTTSConfig(use_phonemes=True, phoneme_language="am", characters=stock)
    with caplog.at_level(logging.WARNING):
        tokenizer, _ = TTSTokenizer.init_from_config(config)
    assert type(tokenizer.characters) is IPAPhonemes
    assert "ƥ" in caplog.text
    assert "AmharicPhonemes.extending" in caplog.text


def test_characters_given_as_an_object_are_used() -> None:
    given = AmharicPhonemes(punctuations=" .?")
    config = BaseTTSConfig(use_phonemes=True, phoneme_language="am", characters=given.to_config())
    tokenizer, config = TTSTokenizer.init_from_config(config, characters=given)
    assert tokenizer.characters.vocab == given.vocab
    assert config.characters.vocab_dict == given.vocab


def test_an_unknown_class_is_upstreams_error() -> None:
    config = _amharic(characters=CharactersConfig(characters_class="no_such_module.Characters"))
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        TTSTokenizer.init_from_config(config)


def test_pickled_tokenizer_gives_the_same_ids() -> None:
    tokenizer, _ = TTSTokenizer.init_from_config(_amharic(text_cleaner="amharic_cleaners"))
    again = pickle.loads(pickle.dumps(tokenizer))
    assert [again.text_to_ids(t) for t in SENTENCES] == [
        tokenizer.text_to_ids(t) for t in SENTENCES
    ]


def test_vocabulary_holds_every_phone_for_models_that_count_them() -> None:
    from TTS.tts.configs.vits_config import VitsArgs

    tokenizer, config = TTSTokenizer.init_from_config(_amharic(model_args=VitsArgs()))
    assert set(phone_symbols()) <= set(tokenizer.characters.vocab)
    assert len(config.characters.vocab_dict) == tokenizer.characters.num_chars
