"""Frozen parts: out of the optimizer, back after some steps, and checkpoints stay upstream's."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("TTS")

import coqui_amharic_ext as am  # noqa: E402
from coqui_amharic_ext.errors import SettingsError, UnavailableError  # noqa: E402
from coqui_amharic_ext.options import parse_freeze  # noqa: E402
from coqui_amharic_ext.patching import Patch, fingerprint, load  # noqa: E402
from coqui_amharic_ext.settings import Settings  # noqa: E402
from coqui_amharic_ext.training.freezing import (  # noqa: E402
    PARTS,
    Freezer,
    frozen_parameters,
    with_frozen_parts,
)
from coqui_amharic_ext.training.patches import PATCHES as ALL_PATCHES  # noqa: E402
from tests.patched import IN_PLACE, carried, stock_only  # noqa: E402


@pytest.mark.parametrize("perceiver", [True, False])
def test_every_parameter_of_the_gpt_is_of_one_part(perceiver: bool) -> None:
    from TTS.tts.layers.xtts.gpt import GPT

    gpt = GPT(layers=1, model_dim=64, heads=1, use_perceiver_resampler=perceiver)
    named = [name for part in PARTS for name in frozen_parameters(gpt, (part,))]
    assert sorted(named) == sorted(name for name, _ in gpt.named_parameters())


def test_all_but_text_leaves_embedding_and_head() -> None:
    from TTS.tts.layers.xtts.gpt import GPT

    gpt = GPT(layers=1, model_dim=64, heads=1, use_perceiver_resampler=True)
    frozen = frozen_parameters(gpt, parse_freeze("all_but_text"))
    left = {name for name, _ in gpt.named_parameters()} - frozen.keys()
    assert left == {"text_embedding.weight", "text_head.weight", "text_head.bias"}
    assert parse_freeze(" mel , conditioning,mel") == ("mel", "conditioning")
    assert parse_freeze("") == ()


def test_steps_without_parts_are_refused() -> None:
    with pytest.raises(SettingsError, match="freeze_steps=5 needs freeze"):
        Settings(freeze_steps=5)


class Toy(torch.nn.Module):
    """Six parameters in two groups, as upstream's recipe makes them."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = torch.nn.ModuleList(torch.nn.Linear(2, 2) for _ in range(3))

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x.square().mean()

    def optimizer(self, *, fused: bool = False) -> Any:
        groups = [
            {"params": [layer.weight for layer in self.layers], "weight_decay": 0.1},
            {"params": [layer.bias for layer in self.layers], "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, lr=0.1, fused=fused or None)


def _step(model: Toy, optimizer: Any) -> None:
    model(torch.ones(3, 2)).backward()
    optimizer.step()
    optimizer.zero_grad()


@pytest.fixture
def toy() -> Toy:
    torch.manual_seed(0)
    return Toy()


def _values(model: Toy) -> list[Any]:
    return [parameter.detach().clone() for parameter in model.parameters()]


@pytest.mark.parametrize("fused", [False, True])
def test_frozen_parameters_do_not_move_not_even_by_decay(toy: Toy, fused: bool) -> None:
    optimizer = toy.optimizer(fused=fused)
    Freezer(optimizer, toy.layers[1].parameters(), 0)
    before = _values(toy)
    for _ in range(3):
        _step(toy, optimizer)
    moved = [not torch.equal(a, b) for a, b in zip(before, _values(toy), strict=True)]
    assert moved == [True, True, False, False, True, True]
    assert toy.layers[1].weight.grad is None


def test_everything_moves_from_the_step_of_thawing_on(toy: Toy) -> None:
    optimizer = toy.optimizer()
    freezer = Freezer(optimizer, toy.layers[1].parameters(), 2)
    thawed = []
    for step in range(4):
        thawed.append(freezer.at_step(step))
        _step(toy, optimizer)
    assert thawed == [False, False, True, False]
    steps = {int(optimizer.state[p]["step"]) for p in toy.layers[1].parameters()}
    assert steps == {2}
    assert {int(optimizer.state[p]["step"]) for p in toy.layers[0].parameters()} == {4}


def test_a_saved_state_is_laid_out_as_upstreams(toy: Toy) -> None:
    stock = toy.optimizer()
    _step(toy, stock)
    reference = stock.state_dict()
    optimizer = toy.optimizer()
    Freezer(optimizer, toy.layers[1].parameters(), 0)
    _step(toy, optimizer)
    saved = optimizer.state_dict()
    assert saved["param_groups"] == reference["param_groups"]
    # In upstream's numbers the second weight is 1, the second bias 4.
    assert saved["state"].keys() == reference["state"].keys() - {1, 4}


def test_stock_goes_on_with_a_state_of_ours(toy: Toy) -> None:
    optimizer = toy.optimizer()
    Freezer(optimizer, toy.layers[1].parameters(), 0)
    _step(toy, optimizer)
    moment = optimizer.state[toy.layers[2].weight]["exp_avg"].clone()
    saved = optimizer.state_dict()
    for parameter in toy.parameters():
        parameter.requires_grad_(True)
    stock = toy.optimizer()
    stock.load_state_dict(saved)
    assert torch.equal(stock.state[toy.layers[2].weight]["exp_avg"], moment)
    assert toy.layers[1].weight not in stock.state
    _step(toy, stock)
    assert int(stock.state[toy.layers[1].weight]["step"]) == 1
    assert int(stock.state[toy.layers[2].weight]["step"]) == 2


@pytest.mark.parametrize(("steps", "trained"), [(0, False), (7, False), (7, True)])
def test_going_on_finds_the_part_of_the_run(toy: Toy, steps: int, trained: bool) -> None:
    """A state in which frozen parameters have moments is from after ``freeze_steps``."""
    before = toy.optimizer()
    if not trained:
        Freezer(before, toy.layers[1].parameters(), steps)
    _step(toy, before)
    saved = before.state_dict()
    moment = before.state[toy.layers[2].bias]["exp_avg_sq"].clone()
    optimizer = toy.optimizer()
    freezer = Freezer(optimizer, toy.layers[1].parameters(), steps)
    optimizer.load_state_dict(saved)
    assert torch.equal(optimizer.state[toy.layers[2].bias]["exp_avg_sq"], moment)
    assert toy.layers[1].weight.requires_grad is trained
    assert (freezer.count == 0) is trained
    assert (toy.layers[1].weight in optimizer.state) is trained


def test_freezing_throughout_is_honoured_in_a_run_that_trained_everything(toy: Toy) -> None:
    stock = toy.optimizer()
    _step(toy, stock)
    optimizer = toy.optimizer()
    Freezer(optimizer, toy.layers[1].parameters(), 0)
    optimizer.load_state_dict(stock.state_dict())
    before = _values(toy)
    _step(toy, optimizer)
    assert torch.equal(before[2], toy.layers[1].weight)
    assert not torch.equal(before[0], toy.layers[0].weight)


def test_another_model_than_xtts_is_refused(
    activate: Callable[..., Any], toy: Toy, inactive: None
) -> None:
    activate(freeze="mel")
    trainer = SimpleNamespace(model=toy)
    with pytest.raises(UnavailableError, match="freeze='mel' is about XTTS's GPT, but a Toy"):
        with_frozen_parts(lambda self: [toy.optimizer()])(trainer)


@stock_only
def test_a_missing_gradient_does_not_stop_the_norm(activate: Callable[..., Any], toy: Toy) -> None:
    from trainer.trainer import Trainer

    optimizer = toy.optimizer()
    toy.layers[0].weight.grad = torch.full((2, 2), 2.0)
    trainer = SimpleNamespace(master_params=Trainer.master_params)
    with pytest.raises(AttributeError):
        Trainer._compute_grad_norm(trainer, optimizer)
    activate()
    assert float(Trainer._compute_grad_norm(trainer, optimizer)) == 4.0
    toy.layers[0].weight.grad = None
    assert float(Trainer._compute_grad_norm(trainer, optimizer)) == 0.0


def _upstream(patch: Patch) -> Any:
    owner: Any = importlib.import_module(patch.module)
    *path, name = patch.qualname.split(".")
    for part in path:
        owner = getattr(owner, part)
    return vars(owner)[name]


FREEZING = ("trainer-freeze", "trainer-thaw", "trainer-gradient-norm")
PATCHES = [patch for patch in ALL_PATCHES if patch.name in FREEZING]


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.name)
def test_hash_and_probe_fit_the_installed_release(inactive: None, patch: Patch) -> None:
    original = _upstream(patch)
    known = {(k.source_hash, k.signature) for k in patch.known}
    assert fingerprint(original) in known or carried()
    assert patch.probe is not None
    load(patch.probe)(original)
    with pytest.raises((RuntimeError, TypeError, KeyError)):
        load(patch.probe)(lambda *arguments: {})


def test_all_are_applied_and_put_back(activate: Callable[..., Any], inactive: None) -> None:
    before = {patch.name: _upstream(patch) for patch in PATCHES}
    states = {s.name: s.state for s in activate(freeze="mel", fused_adamw=True).patches}
    assert {states[patch.name] for patch in PATCHES} == IN_PLACE
    am.deactivate()
    assert all(_upstream(patch) is before[patch.name] for patch in PATCHES)
    states = {s.name: s.state for s in activate().patches}
    assert states["trainer-freeze"] == states["trainer-thaw"] == "off"


def _train(config: Any, rows: list[Any], **changes: Any) -> tuple[Any, dict[str, Any]]:
    """Train on all rows through upstream's trainer; return it and the GPT as it was before."""
    from trainer import Trainer, TrainerArgs
    from TTS.tts.layers.xtts.trainer.gpt_trainer import GPTTrainer

    made = config(**changes)
    model = GPTTrainer(made)
    before = {n: p.detach().clone() for n, p in model.state_dict().items()}
    trainer = Trainer(
        TrainerArgs(),
        made,
        output_path=made.output_path,
        model=model,
        train_samples=rows,
        eval_samples=rows[:2],
        parse_command_line_args=False,
    )
    trainer._fit()
    return trainer, before


def _moved(trainer: Any, before: dict[str, Any]) -> set[str]:
    after = trainer.model.state_dict()
    return {name for name, value in before.items() if not torch.equal(value, after[name])}


@pytest.mark.parametrize("fused", [False, True])
def test_a_run_trains_what_is_left_and_then_everything(
    activate: Callable[..., Any],
    config: Callable[..., Any],
    rows: list[dict[str, Any]],
    caplog: pytest.LogCaptureFixture,
    fused: bool,
) -> None:
    # Eight clips in batches of two: four steps an epoch.
    activate(freeze="all_but_text", fused_adamw=fused)
    wd_only = {"optimizer_wd_only_on_weights": True}
    with caplog.at_level(logging.INFO):
        trainer, before = _train(config, rows, **wd_only)
    assert "Frozen throughout: mel, positions, conditioning, transformer" in caplog.text
    names = ("text_embedding.weight", "text_head.weight", "text_head.bias")
    assert _moved(trainer, before) == {f"xtts.gpt.{name}" for name in names}
    am.deactivate()
    activate(freeze="all_but_text", freeze_steps=2, fused_adamw=fused)
    caplog.clear()
    with caplog.at_level(logging.INFO):
        trainer, before = _train(config, rows, **wd_only)
    assert "Step 2: all parameters train from now on" in caplog.text
    assert "xtts.gpt.gpt.h.0.attn.c_attn.weight" in _moved(trainer, before)
    steps = {
        name: int(trainer.optimizer[0].state[parameter]["step"])
        for name, parameter in trainer.model.xtts.gpt.named_parameters()
    }
    assert steps["text_head.weight"] == 4
    assert steps["mel_head.weight"] == 2


def test_the_dvae_is_untouched_also_by_an_evaluation_in_mid_epoch(
    activate: Callable[..., Any], config: Callable[..., Any], rows: list[dict[str, Any]]
) -> None:
    evaluating = {"run_eval": True, "run_eval_steps": 2, "test_delay_epochs": 99}
    activate()
    trainer, before = _train(config, rows, **evaluating)
    moved = _moved(trainer, before)
    assert moved
    assert not [name for name in moved if not name.startswith("xtts.gpt.")]
