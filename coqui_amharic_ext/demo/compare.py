"""One training step of the same GPT on the same padded batch, with stock code or ours.

Run as ``python -m coqui_amharic_ext.demo.compare OUT.pt``; ``COQUI_AMHARIC_AUTOLOAD``
chooses between the two. Each runs in a separate process.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

LAYERS, WIDTH, HEADS, BATCH = 4, 512, 8, 6
TEXT_LENGTHS = (60, 48, 40, 32, 25, 18)
SECONDS = (10.1, 8.2, 6.6, 5.0, 3.4, 1.8)
STEPS = 3


def build() -> tuple[Any, dict[str, Any]]:
    """Return a seeded GPT in XTTS v2's shape, dropout off, and a batch as its trainer makes it."""
    import torch
    from TTS.tts.layers.xtts.gpt import GPT

    torch.manual_seed(0)
    model = GPT(
        layers=LAYERS,
        model_dim=WIDTH,
        heads=HEADS,
        max_text_tokens=402,
        max_mel_tokens=605,
        max_prompt_tokens=70,
        number_text_tokens=6681,
        num_audio_tokens=1026,
        start_audio_token=1024,
        stop_audio_token=1025,
        use_perceiver_resampler=True,
        code_stride_len=1024,
    ).train()
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout | torch.nn.Dropout1d):
            module.p = 0.0
        # Upstream initialises these to zero, which would hide the conditioning encoder's gradient.
        if type(module).__name__ == "AttentionBlock":
            torch.nn.init.normal_(module.proj_out.weight, std=0.02)
    model.gpt.config.attn_pdrop = 0.0
    for block in model.gpt.h:
        block.attn.attn_dropout.p = 0.0
    wav_lengths = torch.tensor([int(s * 22050) for s in SECONDS])
    codes = int(max(SECONDS) * 22050 / 1024) + 1
    batch = {
        "text_inputs": torch.randint(3, 6000, (BATCH, max(TEXT_LENGTHS))),
        "text_lengths": torch.tensor(TEXT_LENGTHS),
        "audio_codes": torch.randint(0, 1024, (BATCH, codes)),
        "wav_lengths": wav_lengths,
        "cond_mels": torch.randn(BATCH, 1, 80, 258),
    }
    return model, batch


def step(model: Any, batch: dict[str, Any]) -> tuple[float, float]:
    """Run forward and backward; return both losses."""
    model.zero_grad(set_to_none=True)
    text, mel, _ = model(**{key: value.clone() for key, value in batch.items()})
    (0.01 * text + mel).backward()
    return text.item(), mel.item()


def main(out: Path) -> dict[str, Any]:
    """Take one step for memory and gradients, then several for time; write the results."""
    import torch

    from coqui_amharic_ext.demo.memory import Peak

    cuda = torch.cuda.is_available()
    model, batch = build()
    if cuda:
        model = model.cuda()
        batch = {key: value.cuda() for key, value in batch.items()}
    else:
        # Threads that wait for each other on a busy machine count as CPU time.
        torch.set_num_threads(1)
    with Peak("cuda" if cuda else "cpu") as peak:
        losses = step(model, batch)
    gradients = {n: p.grad.cpu() for n, p in model.named_parameters() if p.grad is not None}
    times = []
    for _ in range(STEPS):
        clock = time.perf_counter if cuda else time.process_time
        started = clock()
        step(model, batch)
        if cuda:
            torch.cuda.synchronize()
        times.append(clock() - started)
    torch.save({"losses": losses, "gradients": gradients}, out)
    return {"seconds": min(times), "peak_mib": peak.mib, "device": "cuda" if cuda else "cpu"}


def difference(stock: Path, ours: Path) -> dict[str, float]:
    """Compare losses and every gradient of two runs.

    Returns
    -------
    dict
        ``loss``: the larger absolute difference of the two losses; ``gradient``: the largest
        ``max|a - b| / max|a|`` over parameters; ``parameters``: the number compared.
    """
    import torch

    a = torch.load(stock, weights_only=True)
    b = torch.load(ours, weights_only=True)
    if a["gradients"].keys() != b["gradients"].keys():
        missing = a["gradients"].keys() ^ b["gradients"].keys()
        raise RuntimeError(f"only one of the two runs has gradients of {sorted(missing)}")
    relative = [
        (
            (a["gradients"][n] - g).abs().max() / a["gradients"][n].abs().max().clamp_min(1e-12)
        ).item()
        for n, g in b["gradients"].items()
    ]
    return {
        "loss": max(abs(x - y) for x, y in zip(a["losses"], b["losses"], strict=True)),
        "gradient": max(relative),
        "parameters": len(relative),
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
