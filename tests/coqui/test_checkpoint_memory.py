"""Extending a checkpoint as large as XTTS v2's does not take it into memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from coqui_amharic_ext.coqui.vocabulary import extend_file
from tests.coqui.vocabularies import write_xtts_like, xtts_like

ROWS, WIDTH, LAYERS = 6681, 1024, 30
LIMIT = 1.3
"""Peak above imports as a multiple of the file."""

WRITE = """
import sys, torch
rows, width, layers = map(int, sys.argv[2:])
state = {
    "gpt.text_embedding.weight": torch.randn(rows, width) * 0.02,
    "gpt.text_head.weight": torch.randn(rows, width) * 0.02,
    "gpt.text_head.bias": torch.randn(rows),
}
for layer in range(layers):
    for name, shape in (("c_attn", (width, 3 * width)), ("c_proj", (width, width)),
                        ("c_fc", (width, 4 * width)), ("c_out", (4 * width, width))):
        # Random here and there: filling all of it would take longer than extending it.
        state[f"gpt.gpt.h.{layer}.{name}.weight"] = weight = torch.zeros(shape)
        weight[::97] = torch.randn(weight[::97].shape)
state["hifigan_decoder.speaker_encoder.weight"] = torch.zeros(83_000_000)
torch.save({"model": state, "config": {"model": "xtts"}}, sys.argv[1])
"""

MEASURE = """
import json, sys
import tokenizers, torch
from coqui_amharic_ext.coqui.checkpoint import extend_checkpoint

def memory(field):
    # Of this program alone: getrusage counts what ran in the process before it.
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))

before = memory("VmRSS")
done = extend_checkpoint(*sys.argv[1:5])
print(json.dumps({"peak": memory("VmHWM") - before, "tensors": done.tensors}))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads memory from /proc")
def test_a_checkpoint_of_1_9_gb_peaks_at_less_than_1_3_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = xtts_like()
    vocab = data["model"]["vocab"]
    for number in range(max(vocab.values()) + 1, ROWS):
        vocab[f"filler{number}"] = number
    old = write_xtts_like(tmp_path / "old.json", model=data["model"])
    extend_file(old, tmp_path / "new.json", "ipa")
    source, out = tmp_path / "model.pth", tmp_path / "out.pth"
    sizes = map(str, (ROWS, WIDTH, LAYERS))
    subprocess.run([sys.executable, "-c", WRITE, source, *sizes], check=True)
    size = source.stat().st_size
    assert 1.85e9 < size < 2.0e9
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, source, old, tmp_path / "new.json", out],
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert found["tensors"] == 3 + 4 * LAYERS + 1
    with capsys.disabled():
        print(f" file {size / 1e9:.2f} GB, peak {found['peak'] / size:.3f} of it", end=" ")
    assert out.stat().st_size > size
    for large in (source, out):
        large.unlink()  # pytest keeps the folders of its last runs
    assert found["peak"] <= LIMIT * size
