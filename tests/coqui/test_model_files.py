"""A file says what it holds without its weights being read."""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from coqui_amharic_ext.coqui import model_files  # noqa: E402
from coqui_amharic_ext.coqui.checkpoint_file import open_checkpoint  # noqa: E402
from coqui_amharic_ext.coqui.model_files import (  # noqa: E402
    ModelFileError,
    look_into,
    read_config,
    read_vocabulary,
)
from coqui_amharic_ext.errors import CoquiAmharicError  # noqa: E402
from tests.coqui.model_folders import save, write_speakers, write_vits, write_xtts  # noqa: E402


def _saved(value: Any) -> Callable[[Path], None]:
    return lambda path: torch.save(value, path)


def _shaped(name: str, *shape: int) -> Callable[[Path], None]:
    return lambda path: save({name: shape}, path)


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (_shaped("gpt.text_embedding.weight", 84, 64), model_files.XTTS),
        (_shaped("xtts.gpt.text_embedding.weight", 84, 64), model_files.XTTS_TRAINER),
        (_shaped("text_embedding.weight", 84, 64), model_files.GPT),
        (_shaped("text_encoder.emb.weight", 84, 64), model_files.VITS),
        (_shaped("codebook.embed", 512, 1024), model_files.DVAE),
        (_saved({"codebook.embed": torch.zeros(512, 1024)}), model_files.DVAE),
        (_saved(torch.ones(80)), model_files.MEL_STATS),
        (_saved(torch.ones(81)), "a tensor of shape (81,)"),
        (_saved({"አበበ": {"a": torch.ones(1), "b": torch.ones(2)}}), model_files.SPEAKERS),
        (_saved({"bias": torch.ones(1)}), "something else (it begins with 'bias')"),
        (_saved([1, 2]), "a list"),
        (_saved({}), "nothing"),
    ],
)
@pytest.mark.parametrize("legacy", [False, True])
def test_kinds(make: Callable[[Path], None], kind: str, legacy: bool, tmp_path: Path) -> None:
    path = tmp_path / "file.pth"
    make(path)
    if legacy:  # as before PyTorch 1.6
        document = torch.load(path, weights_only=True)
        torch.save(document, path, _use_new_zipfile_serialization=False)
    assert look_into(path).kind == kind


def _safetensors(path: Path) -> None:
    header = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + b"\0\0\0\0")


def _cut(path: Path) -> None:
    torch.save({"w": torch.zeros(10_000)}, path)
    path.write_bytes(path.read_bytes()[:5000])


def _quantised(path: Path) -> None:
    torch.save({"w": torch.quantize_per_tensor(torch.ones(4), 0.1, 0, torch.qint8)}, path)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: None, "does not exist"),
        (Path.mkdir, "is a folder"),
        (Path.touch, "is empty"),
        (_cut, "is cut off: its end is missing"),
        (_safetensors, "is a safetensors file"),
        (
            lambda path: path.write_text("version https://git-lfs.github.com/"),
            "git lfs pull",
        ),
        (lambda path: path.write_text("<!DOCTYPE html><html>"), "is a web page"),
        (lambda path: path.write_text('{"model": "xtts"}'), "is a JSON file"),
        (lambda path: path.write_bytes(b"RIFF\0\0\0\0WAVE"), "is a recording"),
        (lambda path: path.write_text("weights"), "no PyTorch file"),
        (lambda path: path.write_bytes(b"\x80\x02}q\x00."), "no PyTorch file"),
        (_saved({"model": Path("x")}), r"holds Python code or objects \(pathlib"),
        (_saved({"w": torch.eye(3).to_sparse()}), "quantised or sparse"),
        (_quantised, "quantised or sparse"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_what_is_no_model(make: Callable[[Path], object], says: str, tmp_path: Path) -> None:
    make(tmp_path / "file.pth")
    with pytest.raises(ModelFileError, match=f"file.pth .*{says}"):
        look_into(tmp_path / "file.pth")


class XttsConfig:
    """Of the name of upstream's, which is in the published model's file."""


def test_a_file_with_a_config_of_upstreams_is_looked_into_without_upstream(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(XttsConfig, "__module__", "TTS.tts.configs.xtts_config")
    module = type(torch)("TTS.tts.configs.xtts_config")
    module.XttsConfig = XttsConfig  # type: ignore[attr-defined]
    config = XttsConfig()
    config.model = "xtts"  # type: ignore[attr-defined]
    state = {"gpt.text_embedding.weight": torch.zeros(84, 64)}
    with monkeypatch.context() as context:
        for name in ("TTS", "TTS.tts", "TTS.tts.configs"):
            context.setitem(__import__("sys").modules, name, type(torch)(name))
        context.setitem(__import__("sys").modules, module.__name__, module)
        torch.save({"config": config, "model": state}, tmp_path / "model.pth")
    assert look_into(tmp_path / "model.pth").gpt_shape("text_embedding.weight") == (84, 64)


def test_a_model_of_full_size_costs_nothing(tmp_path: Path) -> None:
    """1.2 GB of an XTTS v2 with a width of 1024 and 30 blocks; the file is sparse."""
    write_xtts(tmp_path, layers=30, width=1024, tokens=6681, prefix="xtts.")
    assert (tmp_path / "model.pth").stat().st_size > 1e9
    started = time.process_time()
    contents = look_into(tmp_path / "model.pth")
    vocabulary = read_vocabulary(tmp_path / "vocab.json")
    assert time.process_time() - started < 1
    assert contents.gpt_shape("text_embedding.weight") == (6681, 1024)
    assert contents.gpt_layers == 30
    assert (vocabulary.tokens, vocabulary.languages) == (6681, ("am", "en"))


def test_speakers_have_names(tmp_path: Path) -> None:
    write_speakers(tmp_path, "አበበ", "ከበደ")
    assert look_into(tmp_path / "speakers_xtts.pth").names == ("አበበ", "ከበደ")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[1]", "does not say which model it is of"),
        ('{"model": 5}', "does not say which model it is of"),
        ('{"model": "xtts"', "cannot be read as a Coqui config"),
        ("[" * 100_000, "cannot be read as a Coqui config"),
    ],
)
def test_what_is_no_config(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(ModelFileError, match=f"config.json .*{says}"):
        read_config(tmp_path / "config.json")


def test_configs_with_comments_and_in_yaml(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model": "vits", /* a\n b */ "u": "http://x"} // c')
    assert read_config(tmp_path / "config.json") == {"model": "vits", "u": "http://x"}
    (tmp_path / "config.yml").write_text("model: vits\n")
    assert read_config(tmp_path / "config.yml") == {"model": "vits"}


def test_vits_has_its_text_encoder(tmp_path: Path) -> None:
    contents = look_into(write_vits(tmp_path) / "model.pth")
    assert (contents.is_xtts, contents.gpt_layers) == (False, 0)


@pytest.mark.parametrize(
    "content",
    [b"weights of text" * 9, bytes(1000), bytes(range(256)), b"\x80\x02" + bytes(99), b"e" * 99],
    ids=["text", "zeros", "every byte", "pickle", "letter"],
)
def test_what_is_no_file_of_pytorchs_is_named_without_its_readers_words(
    content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "model.pth"
    path.write_bytes(content)
    said = f"{path} is cut off or no PyTorch file (its content is not what torch.save writes)"
    for read in (look_into, open_checkpoint):
        with pytest.raises(CoquiAmharicError) as caught:
            read(path)
        assert str(caught.value) == f"{said}; copy or download it again"
