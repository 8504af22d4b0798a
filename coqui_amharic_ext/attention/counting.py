"""The number of calls of each kernel.

Counts are tensors: inside a compiled block a Python number would be a constant, or cause a
recompilation with each call.
"""

from __future__ import annotations

import torch
from torch import Tensor

_counts: dict[str, Tensor] = {}


def counter(name: str) -> Tensor:
    """Return a kernel's count, an int64 scalar on the host that its calls increment."""
    if name not in _counts:
        with torch.inference_mode(False):
            _counts[name] = torch.zeros((), dtype=torch.int64, device="cpu")
    return _counts[name]


def calls() -> dict[str, int]:
    """Return the number of calls by kernel name; recomputation in backward counts as a call."""
    return {name: int(count) for name, count in _counts.items()}


def discard(name: str) -> None:
    """Remove one kernel's count."""
    _counts.pop(name, None)


def reset() -> None:
    """Set every count to 0."""
    for count in _counts.values():
        count.zero_()
