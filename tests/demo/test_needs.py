"""The demo looks at what it needs first, and says all that is missing with what to do."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path

import pytest

from coqui_amharic_ext.demo import needs
from coqui_amharic_ext.demo.run import _losses
from tests.faults.disks import Job, on_disk
from tests.running import ROOT

LOG = """
 > TRAINING (2026-11-30 02:52:37)
     | > loss_disc: 6.07  (6.07)
     | > loss_gen: 4.97  (4.97)
     | > loss_mel: 105.70  (105.70)
     | > \x1b[1mloss_1: 128.12\x1b[0m  (128.12)
     | > loss_mel: nan  (nan)
     | > loss_mel: 9.5e+01  (95)
 > EVALUATION
     | > loss_mel: 140.27  (140.27)
 --> EVAL PERFORMANCE
     | > avg_loss_mel: 140.27 (+0.000)
"""


def test_one_named_loss_of_training_is_shown(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text(LOG, encoding="utf-8")
    assert [f"{value:g}" for value in _losses(log, "loss_mel")] == ["105.7", "nan", "95"]
    assert _losses(log, "loss_gen") == [4.97]


def test_all_is_there_and_nothing_heavy_was_loaded(tmp_path: Path) -> None:
    code = f"""if True:
        import sys, pathlib
        from coqui_amharic_ext.demo import needs
        needs.require(pathlib.Path({str(tmp_path / "new" / "folder")!r}))
        heavy = {{"torch", "TTS", "transformers"}} & set(sys.modules)
        assert not heavy, heavy
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    if "memory are available" in done.stderr:
        pytest.skip("this machine has no memory to spare")
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.iterdir())


def test_everything_that_is_missing_is_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(needs.shutil, "disk_usage", lambda _: usage(9, 9, 300_000_000))
    monkeypatch.setattr(needs, "available_memory", lambda: 700_000_000)
    found = needs.find_spec
    monkeypatch.setattr(needs, "find_spec", lambda name: None if name == "TTS" else found(name))
    monkeypatch.setenv("COQUI_AMHARIC_AUTOLOAD", "0")
    monkeypatch.setattr(needs, "entry_points", lambda **_: ())
    with pytest.raises(needs.NotReadyError) as caught:
        needs.require(tmp_path)
    head, *lines = str(caught.value).splitlines()
    assert head == "the demo cannot run here:"
    for line, words in zip(
        lines,
        (
            "coqui-tts not installed: coqui-amharic doctor --fix",
            "the package is not installed, so that recipes run without it: pip install .",
            "unset COQUI_AMHARIC_AUTOLOAD",
            f"0.3 GB are free in {tmp_path}, 1.5 GB are needed: make room",
            "0.7 GB of memory are available",
        ),
        strict=True,
    ):
        assert words in line


@pytest.mark.parametrize(("read_only", "said"), [(True, "cannot be written"), (False, "are free")])
def test_a_disk_that_will_not_do_ends_it_in_seconds(
    read_only: bool, said: str, tmp_path: Path
) -> None:
    output = str(tmp_path / "runs")
    started = time.monotonic()
    job = Job(str(tmp_path), "16m", [["demo", "--output", output]], read_only=read_only)
    (done,) = on_disk(job)
    assert done.code == 2
    assert said in done.err and "--output FOLDER" in done.err
    assert "Traceback" not in done.err
    assert "What is active" not in done.out
    assert time.monotonic() - started < 120  # it takes two on a machine with nothing else to do


def test_a_container_with_little_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "memory.max").write_text("1000000000\n")
    (tmp_path / "memory.current").write_text("900000000\n")
    (tmp_path / "memory.stat").write_text("anon 1\ninactive_file 150000000\nfile 2\n")
    files = (str(tmp_path / "memory.max"), str(tmp_path / "memory.current"))
    monkeypatch.setattr(needs, "_CGROUPS", (files,))
    assert needs.available_memory() == 250_000_000
    (tmp_path / "memory.max").write_text("max\n")
    found = needs.available_memory()
    assert found is None or found > 0


def test_a_broken_library_is_named_with_the_doctor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rich.console import Console

    from coqui_amharic_ext.demo import run

    (tmp_path / "broken_upstream.py").write_text("raise OSError('libx.so: undefined symbol')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(run, "PATCHED", ("broken_upstream",))
    with pytest.raises(needs.NotReadyError, match=r"undefined symbol.*coqui-amharic doctor"):
        run._show_status(Console())


def test_a_state_without_a_reason_ends_without_a_colon(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from rich.console import Console

    import coqui_amharic_ext as am
    from coqui_amharic_ext.demo import run
    from coqui_amharic_ext.report import PatchStatus, Report

    states = (
        PatchStatus("a", "TTS.a", "upstream has it", summary="does it"),
        PatchStatus("b", "TTS.b", "off", "a setting", "does that"),
        PatchStatus("c", "TTS.c", "applied", summary="does all"),
    )
    report = Report(True, {}, "", states, (), {}, (), ())
    monkeypatch.setattr(run, "PATCHED", ())
    monkeypatch.setattr(am, "activate", lambda: report)
    run._show_status(Console(width=200))
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert "– a: does it [upstream has it]" in lines
    assert "– b: does that [off: a setting]" in lines
    assert "✓ c: does all" in lines
