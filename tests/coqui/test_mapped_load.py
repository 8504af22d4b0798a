"""Models are loaded without reading the optimizer's state that a trainer saves with them."""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from TTS.config import load_config
from TTS.tts.models import setup_model

import coqui_amharic_ext as am
from coqui_amharic_ext.coqui.mapped_load import NotMappedError, load_mapped
from coqui_amharic_ext.coqui.synthesis import Synthesizer
from tests.coqui.speaking import save_vits, save_xtts

MODULES = ("TTS.tts.models.xtts", "TTS.tts.models.vits", "TTS.model")
LIMIT = 2.5
"""Peak above imports as a multiple of the weights."""

WRITE = """
import sys, torch
from TTS.tts.configs.xtts_config import XttsArgs, XttsConfig
from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer
from TTS.tts.models.xtts import Xtts
folder, layers = sys.argv[1], int(sys.argv[2])
config = XttsConfig(model_args=XttsArgs(gpt_layers=layers, tokenizer_file=f"{folder}/vocab.json"))
model = Xtts(config)
model.tokenizer = VoiceBpeTokenizer(f"{folder}/vocab.json")
model.init_models()
config.save_json(f"{folder}/config.json")
state = {f"xtts.{name}": weight for name, weight in model.state_dict().items()}
moments = {
    # As Adam's: two tensors for each weight. Zeros take no memory here until they are written to.
    number: {
        "step": torch.tensor(1.0),
        "exp_avg": torch.zeros(weight.shape),
        "exp_avg_sq": torch.zeros(weight.shape),
    }
    for number, weight in enumerate(state.values())
}
torch.save(
    {"config": config.to_dict(), "model": state, "optimizer": [{"state": moments}], "step": 1},
    f"{folder}/best_model.pth",
)
print(sum(weight.numel() * weight.element_size() for weight in state.values()))
"""

MEASURE = """
import json, sys
from pathlib import Path
import coqui_amharic_ext as am
am.activate()
from TTS.config import load_config
from TTS.tts.models import setup_model, xtts, vits
from coqui_amharic_ext.coqui.synthesis import Synthesizer

def memory(field):
    # Of this program alone: getrusage counts what ran in the process before it.
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))

folder, way = Path(sys.argv[1]), sys.argv[2]
before = memory("VmRSS")
if way == "ours":
    model = Synthesizer.load(folder, device="cpu").model
else:
    config = load_config(folder / "config.json")
    model = setup_model(config)
    model.load_checkpoint(config, checkpoint_path=folder / "best_model.pth", eval=True)
print(json.dumps(memory("VmHWM") - before))
"""


def _run(code: str, *arguments: object) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads memory from /proc")
@pytest.mark.parametrize(
    ("layers", "way", "weights"),
    [
        (2, "ours", 4.0e8),
        (2, "upstream", 4.0e8),
        pytest.param(30, "ours", 1.8e9, marks=pytest.mark.slow),
    ],
)
def test_speaking_from_a_trainers_checkpoint_takes_at_most_2_5_times_the_weights(
    tmp_path: Path,
    vocabulary: Path,
    layers: int,
    way: str,
    weights: float,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copy(vocabulary, tmp_path / "vocab.json")
    size = _run(WRITE, tmp_path, layers)
    file = tmp_path / "best_model.pth"
    assert weights <= size and file.stat().st_size >= 3 * size
    try:
        peak = _run(MEASURE, tmp_path, way)
    finally:
        file.unlink()  # pytest keeps the folders of its last runs
    with capsys.disabled():
        print(f" weights {size / 1e6:.0f} MB, peak {peak / size:.2f} of them", end=" ")
    assert peak <= LIMIT * size


@pytest.mark.parametrize("save", [save_xtts, save_vits])
def test_the_weights_are_those_that_stock_loads(
    tmp_path: Path, save: Callable[[Path], Path]
) -> None:
    folder = save(tmp_path)
    saved = torch.load(folder / "model.pth", weights_only=True)
    torch.save({**saved, "optimizer": {"state": torch.ones(9)}}, folder / "best_model.pth")
    mapped = Synthesizer.load(folder, device="cpu").model.state_dict()
    config = load_config(folder / "config.json")
    stock = setup_model(config)
    am.deactivate()
    stock.load_checkpoint(config, checkpoint_path=folder / "best_model.pth", eval=True)
    found = stock.state_dict()
    assert mapped.keys() == found.keys()
    assert all(torch.equal(mapped[name], found[name]) for name in found)


def _load(module: str, path: Any, **options: Any) -> Any:
    am.activate()
    return importlib.import_module(module).load_fsspec(path, **options)


def _rewritten(path: Path, change: Callable[[str, bytes], bytes], packing: int) -> Path:
    other = path.with_name("rewritten.pth")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w", packing) as new:
        for part in old.infolist():
            new.writestr(part.filename, change(part.filename, old.read(part)))
    return other


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "saved.pth"
    document = {"model": {"a": torch.arange(64.0), "b": torch.arange(6.0).view(2, 3).t()}}
    torch.save(document, path)
    return path


@pytest.mark.parametrize("module", MODULES)
def test_a_compressed_file_is_not_mapped_as_if_it_were_not(saved: Path, module: str) -> None:
    packed = _rewritten(saved, lambda _, content: content, zipfile.ZIP_DEFLATED)
    with pytest.raises(NotMappedError, match="compressed"):
        load_mapped(packed)
    model = _load(module, packed, map_location="cpu")["model"]
    assert torch.equal(model["a"], torch.arange(64.0))


def test_a_part_that_is_cut_off_is_no_weights(saved: Path) -> None:
    short = _rewritten(
        saved,
        lambda name, content: content[:8] if name.endswith("data/0") else content,
        zipfile.ZIP_STORED,
    )
    with pytest.raises(NotMappedError, match="not as large"):
        load_mapped(short)
    with pytest.raises(RuntimeError, match="record size"):
        _load(MODULES[0], short, map_location="cpu")


def test_other_files_are_loaded_as_before(saved: Path, tmp_path: Path) -> None:
    document = torch.load(saved, weights_only=True)
    old = tmp_path / "old.pth"
    torch.save(document, old, _use_new_zipfile_serialization=False)
    import fsspec

    with fsspec.open("memory://saved.pth", "wb") as remote:
        remote.write(saved.read_bytes())
    for path in (saved, str(saved), old, "memory://saved.pth"):
        found = _load(MODULES[1], path, map_location=torch.device("cpu"), cache=False)["model"]
        assert torch.equal(found["b"], document["model"]["b"])
    with pytest.raises(FileNotFoundError):
        _load(MODULES[2], tmp_path / "gone.pth", map_location="cpu", cache=False)
