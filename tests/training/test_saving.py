"""A checkpoint is whole or absent, whatever interrupts its writing."""

from __future__ import annotations

import importlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from coqui_amharic_ext.io.ending import Ended, like_ctrl_c  # noqa: E402
from coqui_amharic_ext.io.files import sweep  # noqa: E402
from coqui_amharic_ext.patching import Patcher  # noqa: E402
from coqui_amharic_ext.settings import Settings  # noqa: E402
from coqui_amharic_ext.training.patches import PATCHES  # noqa: E402
from tests.patched import carried, stock_only  # noqa: E402


@pytest.fixture
def patched() -> Iterator[Any]:
    """The trainer's modules with these patches alone."""
    import coqui_amharic_ext as am

    am.deactivate()
    importlib.import_module("trainer.trainer")
    whole = [patch for patch in PATCHES if patch.name.startswith("whole-")]
    patcher = Patcher(whole, Settings())
    patcher.apply(lambda module: module in sys.modules)
    assert {s.state for s in patcher.statuses()} == {"upstream has it" if carried() else "applied"}
    yield importlib.import_module("trainer.io")
    patcher.undo()


class Unwritable:
    """Fails in the middle of a save, as a full disk would."""

    def __reduce__(self) -> Any:
        raise OSError(28, "No space left on device")


def test_a_failed_save_leaves_the_old_file_and_nothing_else(patched: Any, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint_1.pth"
    patched.save_fsspec({"step": 1}, path)
    before = path.read_bytes()
    with pytest.raises(OSError, match="No space left"):
        patched.save_fsspec({"big": torch.zeros(1000), "bad": Unwritable()}, path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["checkpoint_1.pth"]


@stock_only
def test_upstream_alone_does_leave_a_broken_file(tmp_path: Path) -> None:
    import coqui_amharic_ext as am

    am.deactivate()
    from trainer.io import save_fsspec

    path = tmp_path / "checkpoint_1.pth"
    with pytest.raises(OSError, match="No space left"):
        save_fsspec({"big": torch.zeros(1000), "bad": Unwritable()}, path)
    assert path.exists()


def test_a_kill_while_saving_leaves_no_file_that_resuming_would_pick(tmp_path: Path) -> None:
    code = f"""
import torch, trainer
from trainer.io import save_fsspec
print("ready", flush=True)
number = 0
while True:
    number += 1
    save_fsspec({{"number": number, "big": torch.zeros(4_000_000)}}, "{tmp_path}/checkpoint_1.pth")
    print(number, flush=True)
"""
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    for _ in range(3):
        child.stdout.readline()
    time.sleep(0.013)
    child.send_signal(signal.SIGKILL)
    child.wait()
    from trainer.io import get_last_checkpoint

    last, _ = get_last_checkpoint(tmp_path)
    assert torch.load(last, weights_only=True)["number"] >= 3


@stock_only  # the installed one has its own way
def test_the_best_models_shortcut_is_always_there_and_whole(
    patched: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    import trainer.trainer

    model = torch.nn.Linear(2, 2)

    def save(loss: float, step: int) -> float:
        return trainer.trainer.save_best_model(
            loss, 10.0, {"a": 1}, model, tmp_path, current_step=step, epoch=0
        )

    assert save(3.0, 1) == 3.0
    shortcut = tmp_path / "best_model.pth"
    assert shortcut.read_bytes() == (tmp_path / "best_model_1.pth").read_bytes()

    def half(source: str, target: Path) -> None:
        Path(target).write_bytes(Path(source).read_bytes()[:50])
        raise OSError(28, "No space left on device")

    def unlinkable(source: str, target: Path) -> None:
        raise OSError(95, "Operation not supported")

    # One file of two names, where the file system has them.
    assert shortcut.samefile(tmp_path / "best_model_1.pth")
    assert save(2.5, 2) == 2.5
    assert shortcut.samefile(tmp_path / "best_model_2.pth")
    assert {p.name for p in tmp_path.iterdir()} == {"best_model.pth", "best_model_2.pth"}
    monkeypatch.setattr(os, "link", unlinkable)
    assert save(2.2, 3) == 2.2
    assert not shortcut.samefile(tmp_path / "best_model_3.pth")
    assert shortcut.read_bytes() == (tmp_path / "best_model_3.pth").read_bytes()
    monkeypatch.setattr(shutil, "copyfile", half)
    with pytest.raises(OSError, match="No space left"):
        save(2.0, 4)
    # The one before is there until the new one is whole.
    assert {p.name for p in tmp_path.iterdir()} == {"best_model.pth", "best_model_4.pth"}
    assert torch.load(tmp_path / "best_model_4.pth", weights_only=True)["step"] == 4
    assert torch.load(shortcut, weights_only=True)["step"] == 3


SAVING = """
import sys, torch, trainer
import coqui_amharic_ext as am
am.activate()
from trainer.trainer import save_best_model
model = torch.nn.Linear(1500, 1500)
print("ready", flush=True)
loss = 1e6 - float(sys.argv[2])
while True:
    loss -= 1
    step = int(1e6 - loss)
    save_best_model(loss, 1e9, {}, model, sys.argv[1], current_step=step, epoch=0)
"""


@stock_only
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_kills_leave_the_best_model_there_and_nothing_of_what_was_under_way(
    tmp_path: Path,
) -> None:
    draw = random.Random(3)
    left, was_there = 0, False
    shortcut = tmp_path / "best_model.pth"
    for number in range(6):
        child = subprocess.Popen(
            [sys.executable, "-c", SAVING, str(tmp_path), str(number * 10_000)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        until = time.monotonic() + draw.uniform(0.02, 0.4)
        while time.monotonic() < until:
            # Looked at all the time, since a moment without it may be short.
            assert shortcut.exists() or not was_there
            was_there = was_there or shortcut.exists()
        child.send_signal(signal.SIGKILL)
        child.communicate()
        hidden = [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]
        left = max(left, len(hidden))
        if was_there:
            best = torch.load(shortcut, weights_only=True)
            assert best["model"]["weight"].shape == (1500, 1500)
    assert was_there
    assert left <= 1  # the one before is removed by the next
    sweep(tmp_path, now=True)
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


@stock_only
def test_ctrl_c_just_after_the_best_model_leaves_its_shortcut(patched: Any, tmp_path: Path) -> None:
    import trainer.trainer

    with pytest.raises(KeyboardInterrupt):
        trainer.trainer.save_best_model(
            1.0, 10.0, {}, torch.nn.Linear(2, 2), tmp_path, current_step=1, epoch=0,
            slow=Slow(1),
        )  # fmt: skip
    assert {p.name for p in tmp_path.iterdir()} == {"best_model.pth", "best_model_1.pth"}
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@stock_only
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_sigterm_waits_for_the_checkpoint_however_often_it_comes(
    patched: Any, tmp_path: Path
) -> None:
    path = tmp_path / "checkpoint_1.pth"
    with pytest.raises(Ended), like_ctrl_c() as ending:
        patched.save_fsspec({"step": Slow(3, signal.SIGTERM)}, path)
    assert torch.load(path, weights_only=False) == {"step": 7}
    assert ending.code(130) == 128 + signal.SIGTERM
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def test_remote_paths_go_to_upstream_untouched(patched: Any) -> None:
    import fsspec

    patched.save_fsspec({"step": 7}, "memory://folder/checkpoint_7.pth")
    with fsspec.open("memory://folder/checkpoint_7.pth", "rb") as stream:
        assert torch.load(stream, weights_only=True) == {"step": 7}


class Slow:
    """Is interrupted while it is written, a given number of times."""

    def __init__(self, times: int, number: int = signal.SIGINT) -> None:
        self.times, self.number = times, number

    def __reduce__(self) -> Any:
        for _ in range(self.times):
            signal.raise_signal(self.number)
        return (int, (7,))


@stock_only
def test_ctrl_c_waits_for_the_checkpoint_that_is_being_written(
    patched: Any, tmp_path: Path
) -> None:
    path = tmp_path / "checkpoint_1.pth"
    with pytest.raises(KeyboardInterrupt):
        patched.save_fsspec({"step": Slow(1)}, path)
    assert torch.load(path, weights_only=False) == {"step": 7}
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@stock_only
def test_a_second_ctrl_c_does_not_wait(patched: Any, tmp_path: Path) -> None:
    with pytest.raises((KeyboardInterrupt, RuntimeError)):
        patched.save_fsspec({"step": Slow(2)}, tmp_path / "checkpoint_1.pth")
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
