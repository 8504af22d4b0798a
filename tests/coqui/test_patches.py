from __future__ import annotations

import importlib
import logging
from pathlib import Path
from typing import Any

import pytest
from TTS.config import load_config
from TTS.tts.configs.vits_config import VitsConfig
from TTS.tts.layers.xtts import tokenizer as xtts_tokenizer
from TTS.tts.models import xtts
from TTS.tts.utils.text import phonemizers
from TTS.tts.utils.text.tokenizer import TTSTokenizer

import coqui_amharic_ext as am
from coqui_amharic_ext.coqui.patches import PATCHES
from coqui_amharic_ext.coqui.phonemizer import AmharicPhonemizer
from coqui_amharic_ext.errors import SettingsError, UnavailableError
from coqui_amharic_ext.patching import MARK, Patch, ProbeError, fingerprint, load
from tests.coqui.conftest import SENTENCES
from tests.patched import IN_PLACE, stock_only

CHANGES = [patch for patch in PATCHES if not patch.adds]


def _attribute(patch: Patch) -> Any:
    owner: Any = importlib.import_module(patch.module)
    *path, name = patch.qualname.split(".")
    for part in path:
        owner = getattr(owner, part)
    return vars(owner).get(name, "missing")


@stock_only
@pytest.mark.parametrize("patch", CHANGES, ids=lambda patch: patch.name)
def test_declared_source_is_the_installed_one(patch: Patch) -> None:
    am.deactivate()
    found = fingerprint(_attribute(patch))
    assert found in [(known.source_hash, known.signature) for known in patch.known]


@pytest.mark.parametrize("patch", CHANGES, ids=lambda patch: patch.name)
def test_probe_passes_on_the_installed_source(patch: Patch) -> None:
    am.deactivate()
    assert patch.probe is not None
    load(patch.probe)(_attribute(patch))


def _returns_none(*arguments: Any, **options: Any) -> None:
    return None


@pytest.mark.parametrize("patch", CHANGES, ids=lambda patch: patch.name)
def test_probe_fails_on_code_that_does_something_else(
    patch: Patch, monkeypatch: pytest.MonkeyPatch
) -> None:
    am.deactivate()
    monkeypatch.setattr(phonemizers, "PHONEMIZERS", {})
    monkeypatch.setattr(phonemizers, "DEF_LANG_TO_PHONEMIZER", {})
    assert patch.probe is not None
    with pytest.raises((ProbeError, TypeError)):
        load(patch.probe)(_returns_none)


def test_everything_is_applied() -> None:
    states = {p.name: p.state for p in am.status().patches}
    assert {states[patch.name] for patch in PATCHES} == IN_PLACE


def test_deactivation_puts_identical_objects_back() -> None:
    am.deactivate()
    phonemizers.get_default_phonemizer("be")  # fills the tables, with espeak-ng or without
    stock = {patch.name: _attribute(patch) for patch in PATCHES}
    tables = dict(phonemizers.PHONEMIZERS), dict(phonemizers.DEF_LANG_TO_PHONEMIZER)
    for _ in range(2):
        am.activate()
        assert phonemizers.get_default_phonemizer("am") == "amharic"
        am.deactivate()
        for patch in PATCHES:
            assert _attribute(patch) is stock[patch.name], patch.name
        assert (phonemizers.PHONEMIZERS, phonemizers.DEF_LANG_TO_PHONEMIZER) == tables


def test_a_module_that_imported_ours_by_name_gets_upstreams_back() -> None:
    # As when TTS.tts.models.xtts is imported after the tokenizer was patched.
    am.deactivate()
    stock = xtts.split_sentence
    am.activate()
    xtts.split_sentence = xtts_tokenizer.split_sentence
    from coqui_amharic_ext.coqui.sentences import restore_in_model

    restore_in_model()
    assert xtts.split_sentence is stock
    assert not hasattr(stock, MARK)


def test_live_tokenizers_go_on_after_deactivation() -> None:
    config = VitsConfig(use_phonemes=True, phoneme_language="am", text_cleaner="amharic_cleaners")
    tokenizer, config = TTSTokenizer.init_from_config(config)
    ids = [tokenizer.text_to_ids(text) for text in SENTENCES]
    am.deactivate()
    assert [tokenizer.text_to_ids(text) for text in SENTENCES] == ids


@stock_only
def test_a_new_tokenizer_after_deactivation_says_what_to_do(tmp_path: Path) -> None:
    config = VitsConfig(use_phonemes=True, phoneme_language="am")
    TTSTokenizer.init_from_config(config)
    config.save_json(tmp_path / "config.json")
    am.deactivate()
    config = load_config(tmp_path / "config.json")
    with pytest.raises(UnavailableError, match=r"call coqui_amharic_ext\.activate\(\)"):
        TTSTokenizer.init_from_config(config)


def test_a_phonemizer_keeps_the_settings_it_was_built_with(tmp_path: Path) -> None:
    lexicon = tmp_path / "mine.tsv"
    lexicon.write_text("word\tipa\nሰላም\tzəlam\n", encoding="utf-8")
    am.activate(am.Settings(g2p_backends=("rules",), lexicon=str(lexicon)))
    mine = phonemizers.get_phonemizer_by_name("amharic", language="am")
    assert mine.phonemize("ሰላም", "") == "zəlam"
    am.deactivate()
    am.activate()
    default = phonemizers.get_phonemizer_by_name("amharic", language="am")
    assert default.phonemize("ሰላም", "") == "səlam"
    assert mine.phonemize("ሰላም", "") == "zəlam"


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("COQUI_AMHARIC_G2P", "rulez", "transphone, epitran, rules"),
        ("COQUI_AMHARIC_XTTS_TEXT", "letters", "ipa, fidel"),
        ("COQUI_AMHARIC_TEXT", "latin=keep", "vocabulary of phones"),
        ("COQUI_AMHARIC_LEXICON", "/nowhere/words.tsv", "/nowhere/words.tsv"),
    ],
)
def test_a_bad_variable_stops_the_first_phonemizer(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str
) -> None:
    am.deactivate()
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=message):
        AmharicPhonemizer("am")
    am.deactivate()


def test_a_backend_that_cannot_serve_stops_the_first_phonemizer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.CRITICAL):
        am.activate(am.Settings(g2p_backends=("transphone",), transphone_dir="/nowhere"))
    try:
        with pytest.raises(UnavailableError, match="transphone"):
            phonemizers.get_phonemizer_by_name("amharic", language="am")
    finally:
        am.deactivate()
