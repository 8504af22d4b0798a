"""Small XTTS GPTs and batches with uneven lengths, for comparing runs with and without us."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

TEXT_VOCABULARY, MEL_VOCABULARY = 61, 58


def small_gpt(*, layers: int = 2, width: int = 64, heads: int = 4, seed: int = 0, **changes: Any):
    """XTTS v2's GPT in small, its zero-initialised conditioning projections filled."""
    from TTS.tts.layers.xtts.gpt import GPT

    torch.manual_seed(seed)
    options: dict[str, Any] = dict(
        layers=layers,
        model_dim=width,
        heads=heads,
        max_text_tokens=60,
        max_mel_tokens=80,
        max_prompt_tokens=70,
        number_text_tokens=TEXT_VOCABULARY,
        start_text_token=TEXT_VOCABULARY - 1,
        stop_text_token=0,
        num_audio_tokens=MEL_VOCABULARY,
        start_audio_token=MEL_VOCABULARY - 2,
        stop_audio_token=MEL_VOCABULARY - 1,
        code_stride_len=1024,
        use_perceiver_resampler=True,
        perceiver_cond_length_compression=256,
    )
    gpt = GPT(**{**options, **changes})
    # Zero at first, so that the conditioning attention would have no gradient to compare.
    for name, parameter in gpt.named_parameters():
        if "proj_out" in name:
            torch.nn.init.normal_(parameter, std=0.1)
    return gpt


def without_dropout(gpt):
    """Set every dropout of a GPT to 0, so that two runs can be compared number by number."""
    for module in gpt.modules():
        if isinstance(module, (torch.nn.Dropout, torch.nn.Dropout1d)):
            module.p = 0.0
    return gpt


def batch_of(
    text: list[int], codes: list[int], *, seed: int = 1, cond_idxs: bool = False, extra: int = 0
) -> dict[str, Any]:
    """A batch as the trainer gives it; ``codes`` are the rows' real lengths in mel codes."""
    generator = torch.Generator().manual_seed(seed)

    def integers(low: int, high: int, *shape: int) -> torch.Tensor:
        return torch.randint(low, high, shape, generator=generator)

    rows = len(text)
    tokens = torch.zeros(rows, max(text) + extra, dtype=torch.int32)
    for row, length in enumerate(text):
        tokens[row, :length] = integers(2, TEXT_VOCABULARY - 1, length).to(torch.int32)
    samples = torch.tensor([1024 * n - int(integers(0, 1000, 1)) for n in codes])
    batch: dict[str, Any] = dict(
        text_inputs=tokens,
        text_lengths=torch.tensor(text),
        audio_codes=integers(0, MEL_VOCABULARY - 2, rows, max(codes) + extra),
        wav_lengths=samples,
        cond_mels=torch.randn(rows, 1, 80, 37, generator=generator),
        cond_lens=torch.full((rows,), 9000),
    )
    if cond_idxs:
        starts = integers(0, 3000, rows)
        batch["cond_idxs"] = torch.stack((starts, starts + 4000), 1)
        batch["cond_lens"] = None
    return batch


@dataclass
class Step:
    """What one training or evaluation step gave."""

    text: float
    mel: float
    mel_logits: torch.Tensor
    grads: dict[str, torch.Tensor | None]
    cond_idxs: torch.Tensor | None


def step(gpt, batch: dict[str, Any], *, backward: bool = True) -> Step:
    """Run one step on a copy of the batch and collect losses and every parameter's gradient."""
    own = {k: v.clone() if isinstance(v, torch.Tensor) else v for k, v in batch.items()}
    gpt.zero_grad(set_to_none=True)
    with torch.set_grad_enabled(backward):
        text, mel, logits = gpt(**own)
    if backward:
        (0.01 * text + mel).backward()
    grads = {
        name: None if p.grad is None else p.grad.detach().clone()
        for name, p in gpt.named_parameters()
    }
    return Step(
        float(text.detach()), float(mel.detach()), logits.detach(), grads, own.get("cond_idxs")
    )


def worst_gradient(found: Step, expected: Step) -> tuple[float, str]:
    """The largest relative error (norm of the difference over the norm) and its parameter."""
    worst = (0.0, "")
    for name, wanted in expected.grads.items():
        got = found.grads[name]
        if (wanted is None) != (got is None):
            return float("inf"), f"{name}: one run has no gradient"
        if wanted is not None and got is not None:
            norm = float(wanted.norm())
            error = float((got - wanted).norm()) / norm if norm else float(got.norm())
            worst = max(worst, (error, name))
    return worst


Run = Callable[[], Step]
