"""Attention dropout: kept at its rate, without bias, and only while training."""

from __future__ import annotations

import pytest
import torch

import coqui_amharic_ext as am
from coqui_amharic_ext.attention.kernels import eager, flash_attn, xformers
from coqui_amharic_ext.attention.layout import PackedLayout
from tests.attention.kernels import ON_CPU, unavailable
from tests.attention.models import batch_of, small_gpt, step

LENGTHS = (24, 16)
HEAD_DIM, HEADS, RATE = 32, 64, 0.1


def _probabilities(attend, device: str, dtype: torch.dtype, dropout: float) -> list[torch.Tensor]:
    """The weights themselves: with one-hot values, channel j of the output is weight j."""
    generator = torch.Generator().manual_seed(5)
    shape = (sum(LENGTHS), HEADS, HEAD_DIM)
    query, key = (torch.randn(shape, generator=generator) for _ in range(2))
    one_hot = torch.cat([torch.eye(n, HEAD_DIM) for n in LENGTHS])
    value = one_hot[:, None, :].expand(shape).contiguous()
    inputs = [x.to(device, dtype) for x in (query, key, value)]
    out = attend(*inputs, PackedLayout.of(LENGTHS, device), dropout=dropout, scale=HEAD_DIM**-0.5)
    return [part.float().cpu() for part in out.split(LENGTHS)]


def _check_rate_and_mean(attend, device: str, dtype: torch.dtype) -> None:
    torch.manual_seed(11)
    kept = total = 0
    ratios = []
    full = _probabilities(attend, device, dtype, 0.0)
    for _ in range(20):
        dropped = _probabilities(attend, device, dtype, RATE)
        for weights, plain in zip(dropped, full, strict=True):
            length = len(weights)
            seen = torch.ones(length, length, dtype=torch.bool).tril()[:, None, :]
            seen = seen.expand(-1, HEADS, -1)
            weights, plain = weights[..., :length][seen], plain[..., :length][seen]
            kept += int((weights != 0).sum())
            total += weights.numel()
            ratios.append(weights / plain)
            survivors = weights != 0
            scaled = weights[survivors] * (1 - RATE)
            torch.testing.assert_close(scaled, plain[survivors], rtol=2e-2, atol=1e-3)
    # Bernoulli: five standard errors, so that a right kernel fails once in some 10**6 runs.
    error = (RATE * (1 - RATE) / total) ** 0.5
    assert abs(kept / total - (1 - RATE)) < 5 * error
    mean = float(torch.cat(ratios).mean())
    assert abs(mean - 1) < 5 * error / (1 - RATE)


@pytest.mark.parametrize("spec", ON_CPU, ids=lambda s: s.name)
def test_keep_rate_and_expectation_on_cpu(spec):
    _check_rate_and_mean(spec.load(), "cpu", torch.float32)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("spec", [flash_attn.SPEC, xformers.SPEC, eager.SPEC], ids=lambda s: s.name)
def test_keep_rate_and_expectation_on_cuda(spec):
    reason = unavailable(spec, "cuda", torch.float16)
    if reason:
        pytest.skip(f"{spec.name}: {reason}")
    _check_rate_and_mean(spec.load(), "cuda", torch.float16)


@pytest.mark.parametrize("spec", ON_CPU, ids=lambda s: s.name)
def test_gradients_go_through_the_weights_that_were_kept(spec):
    """Against the formula with the very mask that the kernel drew, read from its output."""
    attend = spec.load()
    layout = PackedLayout.of((HEAD_DIM,))
    torch.manual_seed(2)
    query, key, weight = (torch.randn(HEAD_DIM, 2, HEAD_DIM, dtype=torch.float64) for _ in range(3))
    value = torch.eye(HEAD_DIM, dtype=torch.float64)[:, None, :].repeat(1, 2, 1)
    inputs = [x.requires_grad_() for x in (query, key, value)]
    out = attend(*inputs, layout, dropout=0.4, scale=0.3)
    found = torch.autograd.grad(out, inputs, weight)
    mask = (out.detach() != 0).transpose(0, 1)
    scores = query.transpose(0, 1) @ key.permute(1, 2, 0) * 0.3
    later = torch.ones(HEAD_DIM, HEAD_DIM, dtype=torch.bool).triu(1)
    weights = scores.masked_fill(later, float("-inf")).softmax(-1) * mask / 0.6
    expected_out = (weights @ value.transpose(0, 1)).transpose(0, 1)
    expected = torch.autograd.grad(expected_out, inputs, weight)
    torch.testing.assert_close(out, expected_out)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)


def test_evaluation_drops_nothing():
    gpt = small_gpt().eval()
    batch = batch_of([5, 9], [12, 7])
    am.activate(am.Settings())
    assert step(gpt, batch).mel == step(gpt, batch).mel


def test_dropout_zero_is_an_opt_in_that_the_log_states(caplog):
    gpt = small_gpt()
    for block in gpt.gpt.h:  # attention dropout alone is left
        block.attn.resid_dropout.p = block.mlp.dropout.p = 0.0
    gpt.gpt.drop.p = 0.0
    batch = batch_of([5, 9], [12, 7])
    am.activate(am.Settings(attention_dropout="zero"))
    with caplog.at_level("WARNING"):
        losses = {step(gpt, batch).mel for _ in range(3)}
    assert len(losses) == 1
    assert "without the attention dropout of 0.1" in caplog.text
    am.activate(am.Settings(attention_dropout="keep"))
    assert len({step(gpt, batch).mel for _ in range(3)}) == 3
