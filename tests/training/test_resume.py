"""A stock run goes on under the extension and the reverse, optimizer and epoch included."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("TTS")

import coqui_amharic_ext as am  # noqa: E402
from coqui_amharic_ext.demo import tiny  # noqa: E402

STEPS = 4  # eight clips in batches of two
SETTINGS = {"fused_adamw": True}


class Run(NamedTuple):
    """What a run left, how often its optimizer stepped in all, and the epoch of each step."""

    folder: Path
    weights: dict[str, Any]
    checkpoint: dict[str, Any]
    steps: set[int]
    epochs: list[int]


def _rows(assets: tiny.TinyAssets) -> list[dict[str, Any]]:
    lines = assets.metadata.read_text(encoding="utf-8").splitlines()
    return [
        {
            "text": line.split("|")[1],
            "audio_file": str(assets.folder / "wavs" / (line.split("|")[0] + ".wav")),
            "language": "en",
        }
        for line in lines
    ]


def _without_dropout(model: Any) -> None:
    """Make two runs comparable; and give the conditioning attention a gradient from the start."""
    from torch import nn

    for module in model.modules():
        if isinstance(module, nn.modules.dropout._DropoutNd):
            module.p = 0.0
        if type(module).__name__ == "AttentionBlock":
            nn.init.normal_(module.proj_out.weight, std=0.02)


def _train(
    assets: tiny.TinyAssets,
    folder: Path,
    settings: dict[str, Any] | None,
    resume: Path | None = None,
    epochs: int = 1,
) -> Run:
    am.deactivate()
    if settings is not None:
        am.activate(am.Settings(**settings))
    from trainer import Trainer, TrainerArgs
    from TTS.tts.layers.xtts.trainer.gpt_trainer import GPTArgs, GPTTrainer, GPTTrainerConfig

    config = GPTTrainerConfig(
        output_path=str(folder),
        run_name="tiny",
        model_args=GPTArgs(**assets.gpt_args()),
        batch_size=2,
        num_loader_workers=0,
        epochs=epochs,
        run_eval=False,
        lr=1e-3,
        optimizer="AdamW",
        optimizer_params={"betas": [0.9, 0.96], "eps": 1e-8, "weight_decay": 1e-2},
        optimizer_wd_only_on_weights=True,
        lr_scheduler="MultiStepLR",
        lr_scheduler_params={"milestones": [50000], "gamma": 0.5},
        save_step=STEPS - 1,
        # A checkpoint has 300 MB: one is enough.
        save_best_after=10**6,
        save_n_checkpoints=1,
        print_step=1000,
        plot_step=1000,
        training_seed=3,
    )
    torch.manual_seed(5)
    model = GPTTrainer(config)
    _without_dropout(model)
    seen: list[int] = []
    made = Trainer(
        TrainerArgs(continue_path="" if resume is None else str(resume)),
        config,
        output_path=str(folder),
        model=model,
        train_samples=_rows(assets),
        parse_command_line_args=False,
        callbacks={
            "on_train_step_start": lambda t: seen.append(
                getattr(t.train_loader.batch_sampler, "epoch", -1)
            )
        },
    )
    try:
        made.fit()
    finally:
        am.deactivate()
    (path,) = Path(made.output_path).glob("checkpoint_*.pth")
    return Run(
        Path(made.output_path),
        {name: p.detach().clone() for name, p in model.xtts.gpt.named_parameters()},
        torch.load(path, weights_only=True, mmap=True),
        {int(state["step"]) for state in made.optimizer[0].state.values()},
        seen,
    )


def _copy(run: Run, folder: Path) -> Path:
    """Copy a run's folder, since continuing writes to it."""
    shutil.copytree(run.folder, folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("resume")
    yield path
    am.deactivate()
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def stock(stock_decodes: None, assets: tiny.TinyAssets, folder: Path) -> Run:
    return _train(assets, folder / "stock", None)


@pytest.fixture(scope="module")
def ours(assets: tiny.TinyAssets, folder: Path) -> Run:
    return _train(assets, folder / "ours", SETTINGS)


@pytest.fixture(scope="module")
def stock_then_stock(assets: tiny.TinyAssets, folder: Path, stock: Run) -> Run:
    return _train(assets, folder, None, resume=_copy(stock, folder / "stock-stock"))


def _distance(one: dict[str, Any], other: dict[str, Any]) -> float:
    return float(sum(((one[name] - other[name]) ** 2).sum() for name in one) ** 0.5)


def _same_training(run: Run, reference: Run, start: Run) -> None:
    """The run went where the reference went, to a hundredth of the way it went."""
    way = _distance(start.weights, reference.weights)
    assert way > 0.1
    assert _distance(run.weights, reference.weights) < way / 100
    assert start.steps == {STEPS}
    assert run.steps == {2 * STEPS}


def test_the_checkpoint_is_upstreams(stock: Run, ours: Run) -> None:
    assert ours.checkpoint.keys() == stock.checkpoint.keys()
    assert ours.checkpoint["model"].keys() == stock.checkpoint["model"].keys()
    one, other = (run.checkpoint["optimizer"][0] for run in (stock, ours))
    assert one["param_groups"] == other["param_groups"]
    assert one["state"].keys() == other["state"].keys()
    assert all(one["state"][n].keys() == other["state"][n].keys() for n in one["state"])


def test_a_stock_run_goes_on_under_the_extension(
    assets: tiny.TinyAssets, folder: Path, stock: Run, stock_then_stock: Run
) -> None:
    run = _train(assets, folder, SETTINGS, resume=_copy(stock, folder / "stock-ours"))
    _same_training(run, stock_then_stock, stock)


def test_a_run_of_the_extension_goes_on_in_stock(
    assets: tiny.TinyAssets, folder: Path, stock: Run, ours: Run, stock_then_stock: Run
) -> None:
    run = _train(assets, folder, None, resume=_copy(ours, folder / "ours-stock"))
    _same_training(run, stock_then_stock, stock)


def test_a_resumed_run_goes_on_in_its_epoch(
    assets: tiny.TinyAssets, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = {"batch_tokens": 260, "language_weights": "uniform", "precision": "bf16"}
    first = _train(assets, folder / "tokens", settings, epochs=2)
    assert first.epochs == sorted(first.epochs)
    assert set(first.epochs) == {0, 1}
    assert first.checkpoint["epoch"] == 1
    with caplog.at_level(logging.INFO):
        resumed = _train(assets, folder, settings, resume=first.folder)
    assert set(resumed.epochs) == {1}
    assert resumed.epochs == first.epochs[-len(resumed.epochs) :]
    assert "up to 260 tokens in a batch instead of batch_size=2 samples" in caplog.text
    assert "languages weighted uniform" in caplog.text
