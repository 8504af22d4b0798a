"""Behaviour probes: comparisons of a replacement with upstream's code, where that is not known.

Each takes upstream's function, runs it and ours on a small input, and raises ``ProbeError`` if
they differ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final

import torch
from torch import Tensor

from coqui_amharic_ext.attention import counting
from coqui_amharic_ext.attention.conditioning import attend, attention_block
from coqui_amharic_ext.attention.forward import run_packed
from coqui_amharic_ext.attention.interface import register
from coqui_amharic_ext.attention.kernels import eager
from coqui_amharic_ext.attention.packing import packed_losses
from coqui_amharic_ext.attention.selection import Selection, demand_of
from coqui_amharic_ext.attention.switch import Mode, switched
from coqui_amharic_ext.patching import ProbeError

TOLERANCE: Final = 1e-4
"""Relative error. float32 noise of a tiny model is about 1e-6; a changed formula is far off."""


def _compare(what: str, found: Tensor, expected: Tensor) -> None:
    error = float((found - expected).norm() / expected.norm())
    if not error <= TOLERANCE:
        raise ProbeError(f"{what} differs from upstream's by {error:.2g}")


def losses_agree(original: Callable[..., Any]) -> None:
    """Compare packed losses, a gradient and ``cond_idxs`` with those of a ``GPT.forward``."""
    from TTS.tts.layers.xtts.gpt import GPT

    with torch.random.fork_rng([]), torch.enable_grad():
        torch.manual_seed(0)
        gpt = GPT(
            layers=1,
            model_dim=32,
            heads=2,
            max_text_tokens=12,
            max_mel_tokens=24,
            max_prompt_tokens=70,
            number_text_tokens=16,
            start_text_token=15,
            stop_text_token=0,
            num_audio_tokens=18,
            start_audio_token=16,
            stop_audio_token=17,
            use_perceiver_resampler=True,
        ).eval()
        batch: dict[str, Any] = {
            "text_inputs": torch.randint(1, 14, (2, 7)),
            "text_lengths": torch.tensor([7, 3]),
            "audio_codes": torch.randint(0, 15, (2, 12)),
            "wav_lengths": torch.tensor([12000, 5000]),
            "cond_mels": torch.randn(2, 1, 80, 9),
            "cond_idxs": torch.tensor([[0, 900], [300, 1100]]),
        }
        ours = {name: value.clone() for name, value in batch.items()}
        expected = original(gpt, **batch)[:2]
        spec = replace(eager.SPEC, name="probe")
        kernel = Selection(spec, eager.attend, demand_of(gpt.mel_head.weight, 16, 0.0))
        double = switched(gpt, Mode(register(kernel, packed=True)))
        found = packed_losses(double, partial(run_packed, double.gpt), **ours, cond_latents=None)[
            :2
        ]
        counting.discard("probe")
        for name, one, other in zip(("text loss", "mel loss"), found, expected, strict=True):
            _compare(f"the {name}", one.detach(), other.detach())
        weight = gpt.gpt.h[0].attn.c_attn.weight
        gradients = [torch.autograd.grad(sum(losses), weight)[0] for losses in (found, expected)]
        _compare("a gradient", *gradients)
        if not torch.equal(ours["cond_idxs"], batch["cond_idxs"]):
            raise ProbeError("cond_idxs ends with other values than upstream's")


def block_agrees(original: Callable[..., Any]) -> None:
    """Compare a conditioning block with that of an ``AttentionBlock.forward``."""
    from TTS.tts.layers.tortoise.arch_utils import AttentionBlock

    with torch.random.fork_rng([]), torch.no_grad():
        torch.manual_seed(0)
        block = AttentionBlock(32, 4).eval()
        torch.nn.init.normal_(block.proj_out.weight)  # zero at first
        x = torch.randn(2, 32, 11)
        _compare(
            "the conditioning attention", attention_block(original)(block, x), original(block, x)
        )


def attend_agrees(original: Callable[..., Any]) -> None:
    """Compare perceiver attention with that of an ``Attend.forward``."""
    from TTS.tts.layers.xtts.perceiver_encoder import Attend

    with torch.random.fork_rng([]), torch.no_grad():
        torch.manual_seed(0)
        module = Attend().eval()
        q, k, v = torch.randn(2, 4, 5, 8), torch.randn(2, 4, 7, 8), torch.randn(2, 4, 7, 8)
        _compare(
            "the perceiver's attention",
            attend(original)(module, q, k, v),
            original(module, q, k, v),
        )
