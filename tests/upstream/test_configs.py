"""Training configs survive the way through a file, and mean the same with the extension."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("TTS")

from TTS.config import load_config, register_config
from TTS.config.shared_configs import BaseDatasetConfig
from TTS.tts.configs.shared_configs import CharactersConfig
from TTS.tts.configs.vits_config import VitsConfig
from TTS.tts.configs.xtts_config import XttsConfig
from TTS.tts.layers.xtts.trainer.gpt_trainer import GPTArgs, GPTTrainerConfig

import coqui_amharic_ext as am

LANGUAGES = ["en", "es", "fr", "de", "it", "pt", "pl", "tr", "ru", "nl", "cs", "ar", "zh-cn",
             "hu", "ko", "ja", "hi"]  # fmt: skip


def _vits() -> Any:
    return VitsConfig(
        run_name="english",
        batch_size=7,
        use_phonemes=True,
        phoneme_language="en-us",
        text_cleaner="english_cleaners",
        characters=CharactersConfig(
            characters_class="TTS.tts.utils.text.characters.IPAPhonemes",
            pad="_", eos="", bos="", blank="", characters="abc", punctuations="!? ", phonemes=None,
        ),
        datasets=[BaseDatasetConfig(formatter="ljspeech", path="data", language="en")],
        test_sentences=[["Hello."]],
        lr=0.0003,
    )  # fmt: skip


def _xtts() -> Any:
    return XttsConfig(run_name="many", temperature=0.3, languages=["en", "de"])


def _gpt() -> Any:
    return GPTTrainerConfig(
        run_name="tuned",
        epochs=3,
        batch_size=2,
        optimizer="AdamW",
        optimizer_params={"betas": [0.9, 0.96], "eps": 1e-8, "weight_decay": 1e-2},
        lr_scheduler="MultiStepLR",
        lr_scheduler_params={"milestones": [100, 200], "gamma": 0.5, "last_epoch": -1},
        model_args=GPTArgs(gpt_layers=2, max_wav_length=1234, tokenizer_file="vocab.json"),
        test_sentences=[{"text": "Hello.", "speaker_wav": ["a.wav"], "language": "en"}],
    )


MADE = {"vits": _vits, "xtts": _xtts, "gpt": _gpt}


def _without_amharic(values: dict[str, Any]) -> dict[str, Any]:
    if isinstance(values.get("languages"), list):
        values = {**values, "languages": [x for x in values["languages"] if x != "am"]}
    return values


@pytest.mark.parametrize("name", MADE)
def test_a_config_comes_back_from_its_file(either: str, name: str, tmp_path: Path) -> None:
    config = MADE[name]()
    path = tmp_path / "config.json"
    config.save_json(path)
    again = type(config)()
    again.load_json(path)
    assert again.to_dict() == config.to_dict()
    assert type(again.model_args) is type(config.model_args)


@pytest.mark.parametrize("name", ["vits", "xtts"])
def test_the_file_alone_says_what_kind_of_config_it_is(
    either: str, name: str, tmp_path: Path
) -> None:
    config = MADE[name]()
    path = tmp_path / "config.json"
    config.save_json(path)
    again = load_config(path)
    assert type(again) is type(config) is register_config(config.model)
    assert again.to_dict() == config.to_dict()


@pytest.mark.parametrize("name", MADE)
def test_the_same_values_are_written_with_and_without_the_extension(
    name: str, tmp_path: Path
) -> None:
    written = []
    for switch in (am.deactivate, am.activate):
        switch()
        path = tmp_path / f"{len(written)}.json"
        MADE[name]().save_json(path)
        written.append(_without_amharic(json.loads(path.read_text(encoding="utf-8"))))
    am.deactivate()
    assert written[0] == written[1]


@pytest.mark.parametrize("name", MADE)
def test_a_file_of_one_is_read_by_the_other(name: str, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    for write, read in ((am.activate, am.deactivate), (am.deactivate, am.activate)):
        write()
        config = MADE[name]()
        config.save_json(path)
        expected = _without_amharic(config.to_dict())
        read()
        again = type(config)()
        again.load_json(path)
        assert _without_amharic(again.to_dict()) == expected
    am.deactivate()


def test_xttss_own_languages_stay_in_their_order(either: str) -> None:
    found = list(XttsConfig().languages)
    assert [language for language in found if language != "am"] == LANGUAGES
    assert ("am" in found) is (either == "extended")
