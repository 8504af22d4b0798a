from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
from TTS.config import load_config
from TTS.tts.configs.shared_configs import BaseTTSConfig, CharactersConfig
from TTS.tts.configs.vits_config import VitsConfig
from TTS.tts.models.vits import VitsCharacters
from TTS.tts.utils.text.characters import BaseVocabulary, Graphemes, IPAPhonemes
from TTS.tts.utils.text.tokenizer import TTSTokenizer

from coqui_amharic_ext.coqui.characters import CLASS_PATH, AmharicPhonemes, missing_symbols
from coqui_amharic_ext.coqui.symbols import phone_symbols


def _config(**characters: object) -> VitsConfig:
    return VitsConfig(
        use_phonemes=True,
        phoneme_language="am",
        characters=CharactersConfig(characters_class=CLASS_PATH, **characters),
    )


def test_every_phone_has_an_id_of_its_own_and_comes_back() -> None:
    characters = AmharicPhonemes()
    ids = [characters.char_to_id(symbol) for symbol in phone_symbols()]
    assert len(set(ids)) == len(ids)
    assert [characters.id_to_char(i) for i in ids] == list(phone_symbols())
    assert missing_symbols(characters) == ()


def test_ids_of_the_stock_vocabulary_do_not_move() -> None:
    stock = IPAPhonemes()
    ours = AmharicPhonemes()
    assert ours.vocab[: stock.num_chars] == stock.vocab
    assert (ours.pad_id, ours.eos_id, ours.bos_id, ours.blank_id) == (
        stock.pad_id,
        stock.eos_id,
        stock.bos_id,
        stock.blank_id,
    )
    assert ours.num_chars == len(ours.vocab) == stock.num_chars + len(missing_symbols(stock))


@pytest.mark.parametrize("base", [VitsCharacters(), Graphemes(), IPAPhonemes()])
def test_a_trained_models_vocabulary_can_be_extended(base: BaseVocabulary) -> None:
    ours = AmharicPhonemes.extending(base)
    assert ours.vocab[: base.num_chars] == base.vocab
    for symbol in set(base.vocab):
        assert ours.char_to_id(symbol) == base.char_to_id(symbol)
    assert (ours.pad_id, ours.blank_id) == (base.pad_id, base.blank_id)
    assert missing_symbols(ours) == ()


@pytest.mark.parametrize(
    "characters",
    [
        AmharicPhonemes(),
        AmharicPhonemes(is_unique=True),
        AmharicPhonemes(is_sorted=False),
        AmharicPhonemes(is_unique=True, is_sorted=False),
        AmharicPhonemes(characters="cab", punctuations=" .", is_sorted=False),
        AmharicPhonemes(characters="aab", is_unique=True, is_sorted=False),
        AmharicPhonemes(eos=None, bos=None, blank=None),
        AmharicPhonemes.extending(VitsCharacters()),
    ],
)
def test_config_json_round_trip_keeps_every_id(characters: AmharicPhonemes, tmp_path: Path) -> None:
    config = VitsConfig(use_phonemes=True, phoneme_language="am", phonemizer="amharic")
    config.characters = characters.to_config()
    path = tmp_path / "config.json"
    for _ in range(2):
        config.save_json(path)
        config = load_config(path)
        tokenizer, config = TTSTokenizer.init_from_config(config)
        again = tokenizer.characters
        assert type(again) is AmharicPhonemes
        assert again.vocab == characters.vocab
        assert (again.pad, again.eos, again.bos, again.blank) == (
            characters.pad,
            characters.eos,
            characters.bos,
            characters.blank,
        )
        assert (again.is_sorted, again.is_unique) == (characters.is_sorted, characters.is_unique)
    assert json.loads(path.read_text())["characters"]["characters_class"] == CLASS_PATH


def test_a_saved_vocabulary_wins_over_a_later_inventory() -> None:
    # As a later release sees a model that was trained before some phone was added.
    trained = [symbol for symbol in AmharicPhonemes().vocab if symbol != phone_symbols()[-2]]
    config = _config(vocab_dict=trained, pad="<PAD>", eos="<EOS>", bos="<BOS>", blank="<BLNK>")
    characters, _ = AmharicPhonemes.init_from_config(config)
    assert characters.vocab == trained
    assert missing_symbols(characters) == (phone_symbols()[-2],)


def test_without_sorting_duplicates_keep_their_first_place() -> None:
    characters = AmharicPhonemes(characters="xaxb", is_unique=True, is_sorted=False)
    assert characters.vocab[4:7] == ["x", "a", "b"]


def test_a_config_that_only_names_the_class_gets_the_whole_default() -> None:
    characters, config = AmharicPhonemes.init_from_config(_config())
    assert characters.vocab == AmharicPhonemes().vocab
    assert config.characters.vocab_dict == characters.vocab


def test_a_config_without_characters_is_changed_in_place() -> None:
    config = BaseTTSConfig()
    characters, same = AmharicPhonemes.init_from_config(config)
    assert same is config
    assert config.characters.vocab_dict == characters.vocab


@pytest.mark.parametrize("vocabulary", [["a", ""], ["a", 3], "abc"])
def test_a_broken_vocabulary_is_refused(vocabulary: object) -> None:
    with pytest.raises(ValueError, match="vocab_dict must be a list of symbols"):
        AmharicPhonemes(vocabulary=vocabulary)  # type: ignore[arg-type]


def test_pickles() -> None:
    characters = AmharicPhonemes()
    assert pickle.loads(pickle.dumps(characters)).vocab == characters.vocab
