"""Training started by ``torchrun``: two ranks, one model, that of the joined batch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("TTS")

from coqui_amharic_ext.demo import tiny  # noqa: E402
from tests.running import run_module  # noqa: E402
from tests.training.torchrun import STEPS  # noqa: E402

# Half a minute, for what test_gradients has in more ways with a launcher of its own.
pytestmark = pytest.mark.slow


def _launch(folder: Path, world: int) -> list[dict[str, Any]]:
    ranks = ("--standalone", "--nproc-per-node", str(world))
    run_module("torch.distributed.run", *ranks, "-m", "tests.training.torchrun", str(folder))
    return [torch.load(folder / f"found{world}_{r}.pt", weights_only=True) for r in range(world)]


@pytest.fixture(scope="module")
def runs(
    assets: tiny.TinyAssets, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    folder = tmp_path_factory.mktemp("torchrun")
    recipe = {
        "model_args": assets.gpt_args(),
        "optimizer": "SGD",
        "optimizer_params": {},
        "lr": 0.1,
        "lr_scheduler": None,
        "run_eval": False,
        "save_checkpoints": False,
        "print_step": 1000,
        "plot_step": 1000,
    }
    (folder / "recipe.json").write_text(json.dumps(recipe), encoding="utf-8")
    first, second = _launch(folder, 2)
    (alone,) = _launch(folder, 1)
    return first, second, alone


def test_both_ranks_have_the_same_weights_after_five_steps(runs: Any) -> None:
    first, second, _ = runs
    one, other = first["plain"]["weights"], second["plain"]["weights"]
    assert one.keys() == other.keys()
    assert [name for name in one if not torch.equal(one[name], other[name])] == []
    start = first["start"]["weights"]
    assert sum(float((one[name] - start[name]).norm()) for name in one) > 0.1


def test_the_loss_is_that_of_one_process_with_the_joined_batch(runs: Any) -> None:
    first, second, alone = (run["plain"]["losses"] for run in runs)
    assert len(alone) == STEPS
    means = [(a + b) / 2 for a, b in zip(first, second, strict=True)]
    assert means == pytest.approx(alone, rel=1e-5)
    assert alone[-1] != pytest.approx(alone[0], rel=1e-3)  # it has learnt meanwhile
