"""What a model cannot do is refused from its files alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

from coqui_amharic_ext.coqui.request import ModelFiles, usable_device
from coqui_amharic_ext.demo import tiny
from coqui_amharic_ext.errors import SynthesisError, UnavailableError
from tests.coqui.model_folders import (
    save,
    write_config,
    write_speakers,
    write_vits,
    write_xtts,
)

TWO = {"use_speaker_embedding": True, "speakers": ["አበበ", "ከበደ"]}


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        ({}, "XTTS needs a recording of the voice"),
        ({"speaker": "nobody"}, "no speaker 'nobody'; it has none: give a recording"),
        ({"speaker_wav": [Path("nope.wav")]}, "the recording nope.wav does not exist"),
        ({"speaker_wav": ["v"], "speaker": "x"}, "either the speaker 'x' or recordings, not both"),
        ({"speaker_wav": ["v"], "language": "sw"}, "does not speak 'sw'; it has am, en"),
        ({"speaker_wav": ["v"], "options": {"volume": 2}}, "volume: not an option of XTTS"),
        ({"speaker_wav": ["v"], "options": {"speed": 0}}, "speed must be above 0, got 0"),
        ({"speaker_wav": ["v"], "options": {"temperature": float("nan")}}, "temperature must be"),
        ({"speaker_wav": ["v"], "text": "።፣"}, "nothing to say in '።፣'"),
    ],
)
def test_xtts(request_: dict[str, Any], says: str, tmp_path: Path) -> None:
    files = ModelFiles.find(write_xtts(tmp_path))
    with pytest.raises(SynthesisError, match=says):
        files.check(**{"text": "ሰላም", "language": "am", **request_})


def test_xtts_with_its_own_speakers(tmp_path: Path) -> None:
    write_speakers(write_xtts(tmp_path), "አበበ", "ከበደ")
    files = ModelFiles.find(tmp_path)
    for language in ("am", "am-ET", "amh", "en-us"):
        files.check("ሰላም", language, speaker="ከበደ")
    with pytest.raises(SynthesisError, match="no speaker 'x'; it has አበበ, ከበደ"):
        files.check("ሰላም", "am", speaker="x")


def test_xtts_that_never_learned_amharic(tmp_path: Path) -> None:
    write_xtts(tmp_path)
    vocab = json.loads((tmp_path / "vocab.json").read_text(encoding="utf-8"))
    known = vocab["model"]["vocab"]
    known["[sw]"] = known.pop("[am]")
    vocab["added_tokens"] = [t for t in vocab["added_tokens"] if t["content"] != "[am]"]
    (tmp_path / "vocab.json").write_text(json.dumps(vocab), encoding="utf-8")
    with pytest.raises(UnavailableError, match=r"no \[am\] token.*extend"):
        ModelFiles.find(tmp_path).check("ሰላም", "am", speaker_wav=[Path("none.wav")])


def test_files_that_do_not_fit(tmp_path: Path) -> None:
    def refused(says: str, **files: Path) -> None:
        with pytest.raises(SynthesisError, match=says):
            ModelFiles.find(tmp_path, **files)

    write_xtts(tmp_path)
    other = tiny.write_vocab(tmp_path / "other.json", symbols="abc")
    refused("rows for 84 text tokens and .*other.json has 9", vocab=other)
    config = json.loads((tmp_path / "config.json").read_text())
    for name, found in (("gpt_layers", 2), ("gpt_n_model_channels", 64)):
        write_config(tmp_path, **config | {"model_args": config["model_args"] | {name: 7}})
        refused(f"model.pth has {name}={found} and its config 7")
    write_config(tmp_path, model="vits")
    refused("config.json is of a vits, but .*model.pth holds an XTTS model")
    write_config(tmp_path, model="xtts")
    for name, says in (
        ("text_embedding.weight", "holds an XTTS GPT alone; to speak, give the whole model"),
        ("codebook.embed", "is of an xtts, but .*model.pth holds a DVAE"),
        ("text_encoder.emb.weight", "is of an xtts, but .*model.pth holds a VITS model"),
    ):
        save({name: (84, 64)}, tmp_path / "model.pth")
        refused(says)


@pytest.mark.parametrize(
    ("config", "rows", "request_", "says"),
    [
        ({}, 0, {"speaker": "አበበ"}, "no speaker 'አበበ'; it has one voice alone"),
        (TWO, 2, {}, "several speakers; give one of አበበ, ከበደ"),
        (TWO, 2, {"speaker": "x"}, "no speaker 'x'; it has አበበ, ከበደ"),
        (TWO, 3, {"speaker": "አበበ"}, "has 3 speakers and its config 2"),
        ({"phoneme_language": "am"}, 0, {"language": "sw"}, "not speak 'sw'; it has am"),
        ({"datasets": [{"language": "en"}]}, 0, {}, "not speak 'am'; it has en"),
        ({"languages": ["en", "am"]}, 0, {"language": "fr"}, "not speak 'fr'; it has en, am"),
        ({}, 0, {"speaker_wav": ["v"], "options": {"speed": 1}}, "speaker_wav, speed: only XTTS"),
    ],
)
def test_vits(
    config: dict[str, Any], rows: int, request_: dict[str, Any], says: str, tmp_path: Path
) -> None:
    write_vits(tmp_path, rows, **config)
    with pytest.raises(SynthesisError, match=says):
        ModelFiles.find(tmp_path).check(**{"text": "ሰላም", "language": "am", **request_})


@pytest.mark.parametrize(
    ("config", "speaker"),
    [
        ({}, None),
        ({"languages": []}, None),
        (TWO, "ከበደ"),
        ({"model_args": {"use_speaker_embedding": True}, "speakers": ["አበበ"]}, None),
        # Only the loaded model knows.
        ({"use_d_vector_file": True}, "x"),
        ({"use_speaker_embedding": True, "speakers_file": "moved.pth"}, "x"),
    ],
)
def test_what_vits_can_do(config: dict[str, Any], speaker: str | None, tmp_path: Path) -> None:
    ModelFiles.find(write_vits(tmp_path, **config)).check("ሰላም", "am", speaker=speaker)


def test_speakers_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "speakers.json").write_text('{"አበበ": 0, "ከበደ": 1}', encoding="utf-8")
    config = {"use_speaker_embedding": True, "speakers_file": str(tmp_path / "speakers.json")}
    assert ModelFiles.find(write_vits(tmp_path, **config)).speakers == ("አበበ", "ከበደ")


@pytest.mark.parametrize("name", ["hpu9", "meta", "cuda:99", ""])
def test_a_device_that_cannot_be_used(name: str) -> None:
    with pytest.raises(SynthesisError, match=f"device={name!r} cannot be used: .*give cpu"):
        usable_device(name)
