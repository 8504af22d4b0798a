"""Whole models on a CUDA device: every kernel that can serve there, in each precision."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import coqui_amharic_ext as am
from coqui_amharic_ext.errors import UnavailableError
from tests.attention.models import (
    batch_of,
    small_gpt,
    step,
    without_dropout,
    worst_gradient,
)

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device"),
]

BATCH = batch_of([5, 20, 13, 9], [30, 4, 17, 25], cond_idxs=True)
KERNELS = ("auto", "flash_attn", "flash_attn_4", "varlen", "xformers", "sdpa", "eager")


def _on_cuda(batch: dict[str, Any]) -> dict[str, Any]:
    return {k: v.cuda() if isinstance(v, torch.Tensor) else v for k, v in batch.items()}


def _cpu(found: Any) -> Any:
    found.grads = {k: None if g is None else g.cpu() for k, g in found.grads.items()}
    return found


@pytest.mark.parametrize("options", [{}, dict(checkpointing=1), dict(packing=False)], ids=str)
@pytest.mark.parametrize("dtype", [None, torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("kernel", KERNELS)
def test_as_near_to_the_exact_gradients_as_upstream_is(kernel, dtype, options):
    gpt = without_dropout(small_gpt(width=128, heads=2))
    exact = step(gpt, BATCH)
    gpt = gpt.cuda()
    batch = _on_cuda(BATCH)

    def run() -> Any:
        with torch.autocast("cuda", dtype=dtype, enabled=dtype is not None):
            return _cpu(step(gpt, batch))

    stock = run()
    am.activate(am.Settings(attention=kernel, **options))
    try:
        found = run()
    except UnavailableError as error:
        pytest.skip(str(error))
    allowed, _ = worst_gradient(stock, exact)
    error, where = worst_gradient(found, exact)
    assert error <= 2 * allowed + 1e-5, where
    assert abs(found.mel - exact.mel) <= 2 * abs(stock.mel - exact.mel) + 1e-4


def test_peak_memory_and_kernel_of_a_training_step():
    """With dropout, as XTTS trains: less memory than upstream, on a kernel that honours it."""
    gpt = small_gpt(width=256, heads=4).cuda()
    batch = _on_cuda(batch_of([50, 20, 13, 9], [70, 4, 17, 25]))

    def peak() -> int:
        step(gpt, batch)
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        step(gpt, batch)
        return torch.cuda.max_memory_allocated() - before

    stock = peak()
    am.activate(am.Settings())
    assert peak() < stock
    called = {choice.kernel for choice in am.status().chosen.kernels if choice.calls}
    assert called
    assert not {"flash_attn_4", "varlen"} & called
