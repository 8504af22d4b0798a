"""Training that ends badly leaves its last good checkpoint, and goes on from it."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("trainer")

from tests.faults.training import EPOCHS, FAULTS, SAVED_AT, SAVES, STEPS  # noqa: E402
from tests.running import run_module  # noqa: E402

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
CODES = {
    "out of memory": 1,
    "NaN": 1,
    "infinite": 1,
    "NaN gradient": 1,
    "terminated": 128 + signal.SIGTERM,
    "hung up": 128 + signal.SIGHUP,
    "killed": -signal.SIGKILL,
    "interrupted": 130,
    "loader killed": 1,
}
SAYS = {
    "out of memory": "CUDA out of memory",
    "NaN": "gradients are NaN or infinite at step 5",
    "NaN gradient": "gradients are NaN or infinite at step 5",
    "infinite": "gradients are NaN or infinite at step 5",
    "loader killed": "as when memory runs out: train with fewer --coqpit.num_loader_workers",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("training")
    run_module("tests.faults.training", str(path))
    return path


@pytest.fixture(scope="module")
def found(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "found.json").read_text(encoding="utf-8")))


def _way(folder: Path, name: str, file: str = "way.pt") -> dict[int, Any]:
    return dict(torch.load(folder / name / file, weights_only=True))


@pytest.mark.parametrize("fault", FAULTS)
def test_it_stops_and_says_why(folder: Path, found: dict[str, Any], fault: str) -> None:
    log = (folder / f"{fault}.log").read_text()
    assert found[fault]["code"] == CODES[fault], log[-2000:]
    assert SAYS.get(fault, "") in log
    if "NaN" in SAYS.get(fault, ""):
        assert "resume from the last checkpoint with --continue_path" in log


@pytest.mark.parametrize("fault", FAULTS)
def test_the_last_good_checkpoint_is_there_and_no_half_of_one(
    folder: Path, found: dict[str, Any], fault: str
) -> None:
    saved = {name for name in found[fault]["left"] if name.startswith("checkpoint")}
    assert saved == {f"checkpoint_{SAVED_AT}.pth"} | (
        {"checkpoint_4.pth"} if fault in SAVES else set()
    )
    assert not [name for name in found[fault]["left"] if "partial" in name]


@pytest.mark.parametrize("fault", FAULTS)
def test_it_goes_on_where_the_checkpoint_was(
    folder: Path, found: dict[str, Any], fault: str
) -> None:
    """Batches of an epoch differ, so weights are compared where the same ones were seen."""
    assert found[fault]["again"] == 0, (folder / f"{fault} again.log").read_text()[-2000:]
    again, whole = _way(folder, fault), _way(folder, "whole")
    # Upstream counts the checkpoint of Ctrl-C as if the step that it came into had been done.
    ahead = 1 if fault in SAVES else 0
    assert min(again) == (6 if ahead else SAVED_AT + 2)
    for step, state in again.items():
        assert state["optimizer"] == state["scheduler"] == step - ahead
        if step - ahead in whole:
            assert state["rate"] == whole[step - ahead]["rate"]
        assert bool(state["weights"].isfinite().all())
    assert len(whole) == STEPS * EPOCHS


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault not in SAVES])
def test_it_goes_where_the_run_went_that_was_not_interrupted(folder: Path, fault: str) -> None:
    """The checkpoint holds the last step of an epoch, and the next one has the same batches.

    An epoch that a checkpoint lies within is begun again: it holds neither the sampler's state nor
    that of random numbers.
    """
    again, whole = _way(folder, fault), _way(folder, "whole")
    both = sorted(set(again) & set(whole))
    assert len(both) == STEPS * EPOCHS - SAVED_AT - 1
    for step in both:
        assert torch.equal(again[step]["weights"], whole[step]["weights"]), step


def test_scale_optimizer_and_schedule_are_those_of_the_run_that_was_not_interrupted(
    folder: Path, found: dict[str, Any]
) -> None:
    assert found["whole scaled"]["again"] == 0
    whole, again = _way(folder, "whole scaled", "first.pt"), _way(folder, "whole scaled")
    assert min(again) == 12
    assert whole[12]["scale"]["scale"] > 2**16  # it has grown, so that keeping it means something
    for name in ("optimizer", "rate", "scheduler", "scale"):
        assert again[12][name] == whole[12][name], name


def test_without_us_a_nan_loss_goes_on_into_the_checkpoints() -> None:
    """What the patch is for: upstream documents an error and has none."""
    from trainer.trainer import Trainer

    import coqui_amharic_ext as am

    am.deactivate()
    made = Trainer.__new__(Trainer)
    losses = made.detach_loss_dict({"loss": float("nan")}, step_optimizer=True)
    assert losses["loss"] != losses["loss"]
