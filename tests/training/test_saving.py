"""A checkpoint is whole or absent, whatever interrupts its writing."""

from __future__ import annotations

import importlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from coqui_amharic_ext.patching import Patcher  # noqa: E402
from coqui_amharic_ext.settings import Settings  # noqa: E402
from coqui_amharic_ext.training.saving import PATCHES  # noqa: E402
from tests.patched import carried, stock_only  # noqa: E402


@pytest.fixture
def patched() -> Iterator[Any]:
    """The trainer's modules with these patches alone."""
    import coqui_amharic_ext as am

    am.deactivate()
    importlib.import_module("trainer.trainer")
    patcher = Patcher(PATCHES, Settings())
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


def test_the_best_models_shortcut_is_a_whole_copy_or_absent(
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

    monkeypatch.setattr(shutil, "copyfile", half)
    with pytest.raises(OSError, match="No space left"):
        save(2.0, 2)
    # Upstream removes the old shortcut first; what must not be there is half of a new one.
    assert [p.name for p in tmp_path.iterdir()] == ["best_model_2.pth"]
    assert torch.load(tmp_path / "best_model_2.pth", weights_only=True)["step"] == 2


def test_remote_paths_go_to_upstream_untouched(patched: Any) -> None:
    import fsspec

    patched.save_fsspec({"step": 7}, "memory://folder/checkpoint_7.pth")
    with fsspec.open("memory://folder/checkpoint_7.pth", "rb") as stream:
        assert torch.load(stream, weights_only=True) == {"step": 7}


class Slow:
    """Is interrupted while it is written, a given number of times."""

    def __init__(self, times: int) -> None:
        self.times = times

    def __reduce__(self) -> Any:
        for _ in range(self.times):
            signal.raise_signal(signal.SIGINT)
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
