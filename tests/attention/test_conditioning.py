"""Conditioning encoder and perceiver: upstream's numbers, upstream's path for what is special."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

import coqui_amharic_ext as am
from tests.patched import stock_only


def _block(**options: Any) -> Any:
    from TTS.tts.layers.tortoise.arch_utils import AttentionBlock

    torch.manual_seed(0)
    block = AttentionBlock(64, 4, **options)
    nn.init.normal_(block.proj_out.weight, std=0.1)  # zero at first, which would hide everything
    return block


def _attend(**options: Any) -> Any:
    from TTS.tts.layers.xtts.perceiver_encoder import Attend

    return Attend(**options)


def _both(module: Any, *args: Any, **kwargs: Any) -> tuple[list[Any], list[Any]]:
    """Output and gradients of inputs and parameters, by upstream and by us."""
    results = []
    for active in (False, True):
        if active:
            am.activate(am.Settings())
        inputs = [x.clone().requires_grad_() for x in args]
        torch.manual_seed(1)
        out = module(*inputs, **kwargs)
        weight = torch.linspace(-1, 1, out.numel()).view(out.shape)
        wanted = [*inputs, *module.parameters()]
        grads = torch.autograd.grad(out, wanted, weight, allow_unused=True)
        results.append([out.detach(), *(g for g in grads if g is not None)])
    return results[1], results[0]


@pytest.mark.parametrize("options", [{}, dict(tortoise_norm=True)], ids=["XTTS", "Tortoise"])
@pytest.mark.parametrize("shape", [(2, 64, 37), (1, 64, 1), (2, 64, 5, 7)], ids=str)
def test_a_block_equals_upstreams(options, shape):
    found, expected = _both(_block(**options), torch.randn(shape))
    assert len(found) == 8
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def _calls_of_upstreams_attention(monkeypatch: Any) -> list[Any]:
    from TTS.tts.layers.tortoise.arch_utils import QKVAttentionLegacy

    seen = []
    original = QKVAttentionLegacy.forward

    def watched(self: Any, *args: Any) -> Any:
        seen.append(args)
        return original(self, *args)

    monkeypatch.setattr(QKVAttentionLegacy, "forward", watched)
    return seen


@pytest.mark.parametrize("special", ["mask", "relative positions", "hook", "adapter"])
def test_what_is_special_goes_upstreams_way(special, monkeypatch):
    block = _block(relative_pos_embeddings=special == "relative positions")
    x = torch.randn(2, 64, 9)
    mask = torch.ones(2, 9, 9, dtype=torch.bool).tril() if special == "mask" else None
    if special == "hook":
        block.qkv.register_forward_hook(lambda module, args, out: out * 2)
    if special == "adapter":

        class Adapted(nn.Conv1d):
            def forward(self, x: torch.Tensor) -> torch.Tensor:
                return super().forward(x) + 1

        adapted = Adapted(64, 192, 1)
        adapted.load_state_dict(block.qkv.state_dict())
        block.qkv = adapted
    expected = block(x, mask)
    am.activate(am.Settings())
    seen = _calls_of_upstreams_attention(monkeypatch)
    assert torch.equal(block(x, mask), expected)
    assert len(seen) == 1


def test_the_kernel_gets_a_dense_last_dimension(monkeypatch):
    """With a strided one SDPA would take its slowest kernel."""
    strides = []
    original = nn.functional.scaled_dot_product_attention

    def watched(*args: torch.Tensor, **kwargs: Any) -> torch.Tensor:
        strides.extend(x.stride(-1) for x in args[:3])
        return original(*args, **kwargs)

    monkeypatch.setattr(nn.functional, "scaled_dot_product_attention", watched)
    am.activate(am.Settings())
    _block()(torch.randn(2, 64, 9))
    _attend()(*(torch.randn(2, 4, 8, 6).transpose(2, 3) for _ in range(3)))
    assert strides == [1] * 6


QKV = {
    "one head dimension each": [(2, 4, 5, 8), (2, 4, 7, 8), (2, 4, 7, 8)],
    "keys shared by the heads": [(2, 4, 5, 8), (2, 7, 8), (2, 7, 8)],
}


@pytest.mark.parametrize("shapes", QKV.values(), ids=QKV)
def test_perceiver_attention_equals_upstreams(shapes):
    found, expected = _both(_attend(), *(torch.randn(shape) for shape in shapes))
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


def test_causal_perceiver_attention_equals_upstreams():
    found, expected = _both(_attend(causal=True), *(torch.randn(2, 4, 6, 8) for _ in range(3)))
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


def test_masked_perceiver_attention_is_upstreams_bit_for_bit():
    mask = torch.tensor([[True] * 7, [True] * 3 + [False] * 4])
    tensors = [torch.randn(2, 4, n, 8) for n in (5, 7, 7)]
    found, expected = _both(_attend(), *tensors, mask=mask)
    assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))


def test_no_deprecated_kernel_switch_is_used(recwarn):
    """Upstream's own flash path passes through ``torch.backends.cuda.sdp_kernel``."""
    am.activate(am.Settings())
    _attend(use_flash=True)(*(torch.randn(1, 2, 3, 8) for _ in range(3)))
    assert not [w for w in recwarn.list if "sdp_kernel" in str(w.message)]


def test_dropout_of_the_perceiver_is_kept():
    attend = _attend(dropout=0.5).train()
    tensors = [torch.randn(2, 4, 6, 8) for _ in range(3)]
    am.activate(am.Settings())
    assert not torch.equal(attend(*tensors), attend(*tensors))
    attend.eval()
    assert torch.equal(attend(*tensors), attend(*tensors))


@stock_only
def test_the_switch_leaves_upstreams_code():
    from TTS.tts.layers.tortoise.arch_utils import AttentionBlock
    from TTS.tts.layers.xtts.perceiver_encoder import Attend

    stock = AttentionBlock.forward, Attend.forward
    am.activate(am.Settings(conditioning_sdpa=False))
    assert (AttentionBlock.forward, Attend.forward) == stock
    am.activate(am.Settings())
    assert AttentionBlock.forward is not stock[0]
    assert Attend.forward is not stock[1]
