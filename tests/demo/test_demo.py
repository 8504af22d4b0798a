"""The demonstration runs the main job; Ctrl-C leaves nothing that looks good and is not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from coqui_amharic_ext.demo import process
from coqui_amharic_ext.demo.files import sentences
from tests.patched import carried

COMMAND = [sys.executable, "-c", "from coqui_amharic_ext.cli import main; main()", "demo"]


def environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith("COQUI_AMHARIC_")}


def test_the_whole_demonstration(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "--json", "--output", str(tmp_path)],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=1200,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    results = json.loads(done.stdout)
    states = {patch["name"]: patch["state"] for patch in results["status"]["patches"]}
    assert "skipped" not in states.values()
    assert {row["text"] for row in results["transcriptions"]} <= set(sentences())
    for name, loss in (("vits", "loss_mel"), ("xtts", "loss")):
        assert results[name]["loss"] == loss
        assert len(results[name]["losses"]) >= 3
        # One loss, not two of different size: a few steps change it little.
        assert max(results[name]["losses"]) < 2 * min(results[name]["losses"])
        assert Path(results[name]["checkpoint"]).is_file()
    log = Path(results["xtts"]["log"]).read_text(encoding="utf-8", errors="replace")
    # An upstream that packs by itself is left alone.
    assert carried() or "coqui-amharic-ext: attention kernel " in log
    config = json.loads((Path(results["vits"]["run"]) / "config.json").read_text())
    assert config["phonemizer"] == "amharic"
    assert config["characters"]["characters_class"].startswith("coqui_amharic_ext.")
    assert results["wav"]["seconds"] > 0.3
    assert results["attention"]["equal"]
    assert results["attention"]["difference"]["parameters"] > 50
    # What the extension is for: less memory. (Time is too noisy on a shared machine.)
    peaks = {side: results["attention"][side]["peak_mib"] for side in ("stock", "extension")}
    # An upstream that packs by itself needs no more than we do.
    assert peaks["extension"] < peaks["stock"] * (1.1 if carried() else 1)
    for kept in (tmp_path).rglob("*.pth"):
        kept.unlink()


def test_ctrl_c_leaves_no_broken_checkpoint(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [*COMMAND, "--output", str(tmp_path)],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and child.poll() is None:
        logs = list(tmp_path.rglob("train_vits.log"))
        if logs and "TRAINING" in logs[0].read_text(encoding="utf-8", errors="replace"):
            break
        time.sleep(0.2)
    assert child.poll() is None, child.stdout.read() if child.stdout else ""
    # A terminal sends Ctrl-C to the whole group.
    os.killpg(child.pid, signal.SIGINT)
    out, _ = child.communicate(timeout=120)
    assert child.returncode == 130, out
    assert "Traceback" not in out
    import torch

    for checkpoint in tmp_path.rglob("*.pth"):
        assert "model" in torch.load(checkpoint, map_location="cpu", weights_only=True)
        checkpoint.unlink()
    assert not list(tmp_path.rglob(".*.partial-*"))


def test_a_step_that_fails_shows_the_end_of_its_log(tmp_path: Path) -> None:
    log = tmp_path / "step.log"
    with pytest.raises(process.StepFailedError) as caught:
        process.run_logged(process.python("-c", "print('said'); raise SystemExit(3)"), log)
    assert "exit code 3" in str(caught.value)
    assert "said" in str(caught.value)
    assert str(log) in str(caught.value)
