"""Weights that are NaN reach no checkpoint and take the place of none, however they came about."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("trainer")

import coqui_amharic_ext as am  # noqa: E402
from coqui_amharic_ext.training.finite import LEAST_SCALE, LossError, _advice  # noqa: E402
from tests.cli.command import environment  # noqa: E402
from tests.running import ROOT  # noqa: E402
from tests.training import toy  # noqa: E402

NAN = float("nan")


@pytest.fixture(autouse=True)
def active() -> Iterator[None]:
    am.deactivate()
    am.activate(am.Settings(g2p_backends=("rules",)))
    yield
    am.deactivate()


def _spoil(model: Any) -> None:
    with torch.no_grad():
        model.layer.weight[1, 2] = NAN


def _saved(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.pth"))


def _fit(made: Any, capsys: pytest.CaptureFixture[str]) -> str:
    """Let it fail; return the last line of what it says."""
    with pytest.raises(SystemExit):
        made.fit()
    return capsys.readouterr().err.strip().splitlines()[-1]


def test_nothing_is_saved_and_nothing_gives_way(tmp_path: Path) -> None:
    made = toy.make(tmp_path, save_n_checkpoints=1)
    made.keep_avg_train = made.keep_avg_eval = None
    made.total_steps_done = 5
    made.save_checkpoint()
    made.save_best_model()
    before = _saved(made.output_path)
    assert before == ["best_model.pth", "best_model_5.pth", "checkpoint_5.pth"] or before == [
        "checkpoint_5.pth"
    ]
    made.total_steps_done = 6
    _spoil(made.model)
    for save in (made.save_checkpoint, made.save_best_model):
        made.best_loss = {"train_loss": float("inf"), "eval_loss": None}
        made.keep_avg_train = _Average(0.5)
        with pytest.raises(LossError, match=r"_6\.pth is not saved, .*: layer\.weight; earlier"):
            save()
    assert _saved(made.output_path) == before


@pytest.mark.parametrize("bad", [NAN, float("inf")])
@pytest.mark.parametrize("kept", ["exp_avg", "exp_avg_sq"])
def test_a_state_of_the_optimizer_that_is_no_number_is_not_saved(
    tmp_path: Path, kept: str, bad: float
) -> None:
    """Going on from it makes weights that are NaN, or that never move again."""
    made = toy.make(tmp_path)
    made.fit()
    made.save_checkpoint()
    before = _saved(made.output_path)
    assert before
    made.optimizer[0].state[made.model.layer.weight][kept][0, 0] = bad
    made.total_steps_done += 1
    with pytest.raises(LossError, match=f"is not saved, .*: the optimizer's {kept}; earlier"):
        made.save_checkpoint()
    assert _saved(made.output_path) == before


def test_what_a_model_keeps_beside_weights_is_looked_at_and_masks_are_not(tmp_path: Path) -> None:
    made = toy.make(tmp_path)
    made.model.register_buffer("mask", torch.full((2, 2), -float("inf")))
    made.model.norm = torch.nn.BatchNorm1d(4)
    made.total_steps_done = 5
    made.save_checkpoint()
    assert _saved(made.output_path) == ["checkpoint_5.pth"]
    assert "--continue_path" in _advice(made)
    made.model.norm.running_var[1] = NAN
    made.total_steps_done = 6
    with pytest.raises(LossError, match=r"is not saved, .*: norm\.running_var; earlier"):
        made.save_checkpoint()
    assert _saved(made.output_path) == ["checkpoint_5.pth"]


class _Average:
    def __init__(self, loss: float) -> None:
        self.avg_values = {"avg_loss": loss}


@pytest.mark.parametrize("bad", [NAN, float("inf"), -float("inf")])
@pytest.mark.parametrize("clip", [0.0, 1.0])
def test_a_gradient_that_is_no_number_does_not_reach_the_weights(
    tmp_path: Path, bad: float, clip: float, capsys: pytest.CaptureFixture[str]
) -> None:
    made = toy.make(tmp_path, save_checkpoints=True, save_step=1, epochs=5, grad_clip=clip)
    calls: list[int] = []

    def spoil(gradient: Any) -> Any:
        calls.append(1)
        return gradient * bad if len(calls) == 5 else gradient

    made.model.layer.bias.register_hook(spoil)
    said = _fit(made, capsys)
    assert "gradients are NaN or infinite at step 5, which was not made: resume from" in said
    assert all(bool(weight.isfinite().all()) for weight in made.model.parameters())
    for name in _saved(made.output_path):
        state = torch.load(made.output_path / name, weights_only=True)["model"]
        assert all(bool(tensor.isfinite().all()) for tensor in state.values()), name


def test_numbers_whose_norm_is_none_are_still_numbers(tmp_path: Path) -> None:
    made = toy.make(tmp_path, optimizer="SGD", lr=1e-30)
    made.model.layer.bias.register_hook(lambda gradient: gradient * 0 + 1e30)
    made.fit()
    assert made.total_steps_done == 3


def test_a_scaler_leaves_such_a_step_out_and_training_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import functools

    import trainer.trainer as upstream

    scaler = functools.partial(torch.GradScaler, device="cpu")
    monkeypatch.setattr(upstream, "GradScaler", scaler)
    made = toy.make(tmp_path, use_grad_scaler=True, epochs=3)
    calls: list[int] = []

    def spoil(gradient: Any) -> Any:
        calls.append(1)
        return gradient * float("inf") if len(calls) == 4 else gradient

    made.model.layer.bias.register_hook(spoil)
    made.fit()
    assert made.total_steps_done == 9
    assert made.scaler.get_scale() == 2.0**15
    assert all(bool(weight.isfinite().all()) for weight in made.model.parameters())


def test_a_scaler_that_leaves_every_step_out_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import functools

    import trainer.trainer as upstream

    scaler = functools.partial(torch.GradScaler, device="cpu")
    monkeypatch.setattr(upstream, "GradScaler", scaler)
    made = toy.make(tmp_path, use_grad_scaler=True, epochs=60)
    made.model.layer.bias.register_hook(lambda gradient: gradient * NAN)
    said = _fit(made, capsys)
    assert "whatever their scale" in said
    assert made.scaler.get_scale() < LEAST_SCALE


def test_nobody_is_sent_to_a_file_that_is_spoilt(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = toy.make(tmp_path, epochs=2)
    made.model.layer.bias.register_hook(lambda gradient: gradient * NAN)
    folder = made.output_path
    state = made.model.state_dict()
    torch.save({"model": state, "step": 4}, folder / "checkpoint_4.pth")
    spoilt = {name: tensor * NAN for name, tensor in state.items()}
    torch.save({"model": spoilt, "step": 9}, folder / "best_model_9.pth")
    said = _fit(made, capsys)
    assert "remove best_model_9.pth, whose weights are NaN; then resume from the last" in said
    (folder / "checkpoint_4.pth").unlink()
    said = _fit(made, capsys)
    assert "--continue_path" not in said
    assert "the weights in best_model_9.pth are NaN; start again" in said


def test_a_checkpoint_that_is_spoilt_is_not_gone_on_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = toy.make(tmp_path)
    _spoil(made.model)
    made.args.restore_path = "runs/checkpoint_7.pth"
    said = _fit(made, capsys)
    assert "the weights in runs/checkpoint_7.pth are NaN or infinite: nothing was saved" in said


def _ranks(folder: Path, fault: str) -> list[tuple[int, str]]:
    children = []
    for rank in range(2):
        log = (folder / f"log{rank}.txt").open("w")
        children.append(
            subprocess.Popen(
                [sys.executable, "-m", "tests.faults.ranks", str(folder), fault],
                cwd=ROOT,
                env=environment(RANK=str(rank), OMP_NUM_THREADS="1"),
                stdout=log,
                stderr=log,
            )
        )
    try:
        codes = [child.wait(timeout=280) for child in children]
    finally:
        for child in children:
            child.kill()
    return [(code, (folder / f"log{rank}.txt").read_text()) for rank, code in enumerate(codes)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="gloo meets by a file here")
@pytest.mark.parametrize("fault", ["loss", "gradient", "accumulated", "scaled"])
def test_what_one_process_meets_ends_all_of_them_in_one_step(tmp_path: Path, fault: str) -> None:
    found = _ranks(tmp_path, fault)
    if fault == "scaled":
        assert [code for code, _ in found] == [0, 0], found[0][1][-3000:]
    else:
        assert [code for code, _ in found] == [1, 1], found[0][1][-3000:]
        for _, log in found:
            assert "gradients are NaN or infinite at step 6" in log, log[-3000:]
    (run,) = (tmp_path / "runs").iterdir()
    names = _saved(run)
    assert names
    for name in names:
        state = torch.load(run / name, weights_only=True)["model"]
        assert all(bool(tensor.isfinite().all()) for tensor in state.values()), name
