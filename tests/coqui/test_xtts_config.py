from __future__ import annotations

import copy
import gc
import json
import pickle
from pathlib import Path

import pytest
from TTS.config import load_config
from TTS.tts.configs.xtts_config import XttsConfig
from TTS.tts.layers.xtts.trainer.gpt_trainer import GPTTrainerConfig

import coqui_amharic_ext as am
from coqui_amharic_ext.coqui.xtts_config import LANGUAGES

STOCK = "en es fr de it pt pl tr ru nl cs ar zh-cn hu ko ja hi".split()


@pytest.mark.parametrize("kind", [XttsConfig, GPTTrainerConfig])
def test_new_configs_list_amharic_after_upstreams_languages(kind: type[XttsConfig]) -> None:
    config = kind()
    assert config.languages == [*STOCK, "am"]
    assert config["languages"] == config.languages
    assert config.to_dict()["languages"] == config.languages


def test_files_written_before_load_with_amharic(tmp_path: Path) -> None:
    am.deactivate()
    path = tmp_path / "config.json"
    XttsConfig().save_json(path)
    assert "am" not in json.loads(path.read_text())["languages"]
    am.activate()
    assert load_config(path).languages == [*STOCK, "am"]
    config = XttsConfig()
    config.load_json(path)
    assert config.languages == [*STOCK, "am"]
    assert config["languages"] == config.languages


@pytest.mark.parametrize("given", [STOCK, ["en"], ["en", "am"], ["am"]])
def test_from_dict_lists_it_once(given: list[str]) -> None:
    config = XttsConfig()
    config.from_dict({"languages": given})
    assert config.languages.count("am") == 1
    assert [x for x in config.languages if x != "am"] == [x for x in given if x != "am"]


def test_the_callers_list_is_not_touched() -> None:
    given = ["en"]
    assert XttsConfig(languages=given).languages == ["en", "am"]
    assert given == ["en"]


def test_new_from_dict_without_languages_gets_the_default() -> None:
    # Coqpit looks the default up on the class, where it finds our descriptor.
    assert XttsConfig.new_from_dict({"model": "xtts"}).languages == [*STOCK, "am"]


def test_copies_and_pickles() -> None:
    config = XttsConfig()
    for again in (copy.deepcopy(config), pickle.loads(pickle.dumps(config)), config.copy()):
        assert again == config
        assert again.languages == config.languages


def test_configs_built_before_activation_are_covered_and_get_their_list_back() -> None:
    am.deactivate()
    config = XttsConfig()
    assert config.languages == STOCK
    am.activate()
    assert config.languages == [*STOCK, "am"]
    am.deactivate()
    assert config.languages == STOCK
    assert "languages" not in vars(XttsConfig)


def test_an_amharic_list_of_the_users_own_stays_after_deactivation() -> None:
    config = XttsConfig(languages=["am", "en"])
    am.deactivate()
    assert config.languages == ["am", "en"]


def test_configs_are_not_kept_alive() -> None:
    config = XttsConfig()
    key = id(config)
    assert key in LANGUAGES._changed
    del config
    gc.collect()
    assert key not in LANGUAGES._changed
