"""Whole runs: every loss of a training run, and runs that change sides half-way."""

from __future__ import annotations

from typing import Any

import torch

import coqui_amharic_ext as am
from tests.attention.models import batch_of, small_gpt, without_dropout

STEPS = 32
LENGTHS = [
    ([5, 20, 13, 9], [30, 4, 17, 25]),
    ([11, 3], [8, 28]),
    ([7, 16, 12], [12, 26, 9]),
    ([18], [31]),
]


def _batches() -> list[dict[str, Any]]:
    return [
        batch_of(*LENGTHS[number % len(LENGTHS)], seed=number, cond_idxs=number % 3 == 0)
        for number in range(STEPS)
    ]


def _start(seed: int = 7) -> tuple[Any, torch.optim.Optimizer]:
    gpt = without_dropout(small_gpt(seed=seed))
    return gpt, torch.optim.AdamW(gpt.parameters(), lr=1e-3, weight_decay=1e-2)


def _train(
    gpt: Any, optimizer: torch.optim.Optimizer, batches: list[dict[str, Any]]
) -> list[float]:
    losses = []
    for batch in batches:
        own = {k: v.clone() if isinstance(v, torch.Tensor) else v for k, v in batch.items()}
        optimizer.zero_grad()
        text, mel, _ = gpt(**own)
        loss = 0.01 * text + mel
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    return losses


def _worst(one: list[float], other: list[float]) -> float:
    return max(abs(a - b) / abs(b) for a, b in zip(one, other, strict=True))


def test_every_loss_of_a_run_equals_upstreams():
    """As close to upstream's SDPA run as upstream's own eager run is, of which a few times more."""
    baseline = _train(*_start(), _batches())
    gpt, optimizer = _start()
    gpt.gpt.config._attn_implementation = "eager"
    eager = _train(gpt, optimizer, _batches())
    am.activate(am.Settings())
    found = _train(*_start(), _batches())
    assert baseline[-1] < 0.98 * baseline[0], "the run learns nothing, so it proves nothing"
    # Rounding differs in more places than in attention alone, hence more than 1.
    assert _worst(found, baseline) <= 4 * _worst(eager, baseline)


def test_a_run_changes_sides_half_way_and_back(tmp_path):
    """Model and optimizer are saved by one side and loaded by the other, three times."""
    batches = _batches()
    expected = _train(*_start(), batches)
    losses: list[float] = []
    for part in range(4):
        am.deactivate()
        if part % 2:
            am.activate(am.Settings(checkpointing=part - 1))
        # Weights of another start, so that what is loaded is what counts.
        gpt, optimizer = _start(seed=7 if part == 0 else 100)
        if part:
            state = torch.load(tmp_path / "run.pth")
            gpt.load_state_dict(state["model"])
            optimizer.load_state_dict(state["optimizer"])
        losses += _train(gpt, optimizer, batches[part * 8 : part * 8 + 8])
        torch.save(
            {"model": gpt.state_dict(), "optimizer": optimizer.state_dict()}, tmp_path / "run.pth"
        )
    assert _worst(losses, expected) < 1e-5


def test_saved_keys_are_upstreams_during_and_after_training():
    gpt, optimizer = _start()
    keys = list(gpt.state_dict())
    am.activate(am.Settings(checkpointing=1))
    _train(gpt, optimizer, _batches()[:2])
    assert list(gpt.state_dict()) == keys
    am.deactivate()
    assert list(gpt.state_dict()) == keys
