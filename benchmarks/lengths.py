"""Seeded clip lengths, and batches of the XTTS GPT made from them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

SAMPLE_RATE = 22050
CODE_STRIDE = 1024
PROMPT = 32
"""Positions that the perceiver's output takes."""
TEXT_TOKENS_A_SECOND = 13
"""XTTS text tokens a second of speech, English and Amharic IPA alike within a few."""

DISTRIBUTIONS = {
    # LJSpeech: 1.1 to 10.1 s, mean 6.6 s (a beta distribution with that mean on that range)
    "ljspeech": lambda r: 1.1 + 9.0 * r.betavariate(2.6, 1.655),
    # conversation: 1 to 12 s, short turns the commonest
    "conversational": lambda r: 1.0 + 11.0 * r.betavariate(1.1, 2.2),
}


@dataclass(frozen=True)
class Clip:
    """One clip: seconds of audio, text tokens."""

    seconds: float
    text: int

    @property
    def tokens(self) -> int:
        """Positions of the transformer that this clip really needs."""
        codes = -(-int(self.seconds * SAMPLE_RATE) // CODE_STRIDE) + 3
        return PROMPT + self.text + 1 + codes + 1


def draw(distribution: str, count: int, seed: int) -> list[Clip]:
    """Draw clips from a distribution."""
    source = random.Random(seed)  # noqa: S311 - lengths, not secrets
    seconds = [DISTRIBUTIONS[distribution](source) for _ in range(count)]
    return [Clip(s, max(4, round(s * TEXT_TOKENS_A_SECOND))) for s in seconds]


def spread(padding: float, count: int, longest: float = 10.1) -> list[Clip]:
    """Spread lengths evenly so that a share ``padding`` of the rectangle is padding.

    Raises
    ------
    ValueError
        ``padding`` is not in 0 to 0.49: evenly spread lengths cannot give more.
    """
    if not 0 <= padding < 0.5:
        raise ValueError(f"--padding {padding} is not between 0 and 0.49")
    low, high = 0.02, 1.0
    for _ in range(60):  # bisection on the shortest clip's share of the longest
        middle = (low + high) / 2
        clips = _even(middle, count, longest)
        low, high = (middle, high) if padding_of(clips) > padding else (low, middle)
    return _even(high, count, longest)


def _even(shortest: float, count: int, longest: float) -> list[Clip]:
    steps = max(1, count - 1)
    shares = [shortest + (1 - shortest) * i / steps for i in range(count)]
    return [Clip(longest * s, max(4, round(longest * s * TEXT_TOKENS_A_SECOND))) for s in shares]


def padding_of(clips: list[Clip]) -> float:
    """Return the share of the padded rectangle that is padding."""
    longest = PROMPT + max(c.text for c in clips) + 1 + max(c.tokens - c.text for c in clips)
    longest -= PROMPT + 1
    return 1 - sum(c.tokens for c in clips) / (longest * len(clips))


def token_batch(clips: list[Clip], budget: int) -> list[Clip]:
    """Take the neighbours in length of the middle clip until the token budget is full."""
    ordered = sorted(clips, key=lambda c: c.tokens)
    first = len(ordered) // 2
    chosen: list[Clip] = []
    for clip in ordered[first:] + ordered[:first][::-1]:
        if sum(c.tokens for c in chosen) + clip.tokens > budget:
            break
        chosen.append(clip)
    return chosen


def tensors(clips: list[Clip], seed: int, device: str) -> dict[str, Any]:
    """Return a batch as GPTTrainer hands it to the GPT's forward."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    count = len(clips)
    wav = torch.tensor([int(c.seconds * SAMPLE_RATE) for c in clips])
    codes = -(-int(wav.max()) // CODE_STRIDE)
    batch = {
        "text_inputs": torch.randint(
            3, 6000, (count, max(c.text for c in clips)), generator=generator
        ),
        "text_lengths": torch.tensor([c.text for c in clips]),
        "audio_codes": torch.randint(0, 1024, (count, codes), generator=generator),
        "wav_lengths": wav,
        "cond_mels": torch.randn(count, 1, 80, 517, generator=generator),
    }
    return {key: value.to(device) for key, value in batch.items()}
