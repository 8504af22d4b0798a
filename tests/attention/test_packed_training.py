"""Losses and every gradient are upstream's, on batches with padding."""

from __future__ import annotations

import pytest
import torch

import coqui_amharic_ext as am
from tests.attention.models import batch_of, small_gpt, step, without_dropout, worst_gradient

BATCHES = {
    "uneven": batch_of([5, 20, 13, 9], [30, 4, 17, 25]),
    "one row": batch_of([7], [11]),
    "even": batch_of([8, 8, 8], [12, 12, 12]),
    "cond_idxs": batch_of([5, 20, 13], [30, 4, 17], cond_idxs=True),
    "wider than needed": batch_of([5, 9], [12, 7], extra=3),
}


@pytest.fixture(autouse=True)
def _inactive():
    am.deactivate()
    yield
    am.deactivate()


@pytest.mark.parametrize("mode", ["train", "eval"])
@pytest.mark.parametrize("batch", BATCHES.values(), ids=BATCHES)
def test_losses_and_gradients_equal_upstream(batch, mode):
    gpt = without_dropout(small_gpt())
    gpt.train(mode == "train")
    expected = step(gpt, batch)
    am.activate(am.Settings())
    found = step(gpt, batch)
    assert found.text == pytest.approx(expected.text, rel=1e-6)
    assert found.mel == pytest.approx(expected.mel, rel=1e-6)
    error, where = worst_gradient(found, expected)
    assert error < 2e-5, where
    if batch.get("cond_idxs") is not None:
        assert torch.equal(found.cond_idxs, expected.cond_idxs)


@pytest.mark.parametrize("batch", BATCHES.values(), ids=BATCHES)
def test_without_packing_the_kernel_runs_on_padded_tensors_with_equal_gradients(batch):
    gpt = without_dropout(small_gpt())
    expected = step(gpt, batch)
    am.activate(am.Settings(attention="eager", packing=False))
    found = step(gpt, batch)
    assert found.mel == pytest.approx(expected.mel, rel=1e-6)
    error, where = worst_gradient(found, expected)
    assert error < 2e-5, where
    assert am.status().chosen["calls of attention kernel eager"] == "2"


@pytest.mark.parametrize("attention", ["auto", "off", "sdpa"])
@pytest.mark.parametrize("every", [1, 2])
@pytest.mark.parametrize("packing", [True, False])
def test_checkpointing_leaves_gradients_equal(attention, every, packing):
    batch = BATCHES["uneven"]
    gpt = without_dropout(small_gpt(layers=3))
    expected = step(gpt, batch)
    am.activate(am.Settings(attention=attention, checkpointing=every, packing=packing))
    found = step(gpt, batch)
    assert found.mel == pytest.approx(expected.mel, rel=1e-6)
    error, where = worst_gradient(found, expected)
    assert error < 2e-5, where
