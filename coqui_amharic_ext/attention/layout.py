"""The positions of sequences in a packed tensor, and of its rows in a padded rectangle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

HOST: Final = torch.device("cpu")
"""The device of every index built here, since the default device may be another one."""


# Not frozen: torch.compile reads every field of a frozen dataclass, and would recompile for each
# tuple of lengths.
@dataclass(eq=False)
class PackedLayout:
    """Sequences laid one after another in a tensor of shape (total_tokens, ...).

    Parameters
    ----------
    cu_seqlens : Tensor
        Cumulative lengths, int32, (batch + 1,), starting with 0.
    max_seqlen : int
        Longest length.
    slots : Tensor
        Index of each packed row in a (batch * max_seqlen) rectangle padded at the right, int64,
        (total_tokens,).
    lengths : tuple of int
        The lengths, on the host.
    """

    cu_seqlens: Tensor
    max_seqlen: int
    slots: Tensor
    lengths: tuple[int, ...]

    @property
    def batch(self) -> int:
        """Number of sequences."""
        return self.cu_seqlens.shape[0] - 1

    @classmethod
    def of(cls, lengths: Sequence[int], device: torch.device | str = "cpu") -> PackedLayout:
        """Lay out sequences of these lengths; every length must be at least 1."""
        if not lengths or min(lengths) < 1:
            raise ValueError(f"lengths must be one or more whole numbers >= 1, got {list(lengths)}")
        longest = max(lengths)
        counts = torch.tensor(lengths, device=HOST)
        ends = counts.cumsum(0)
        starts = (ends - counts).repeat_interleave(counts)
        rows = torch.arange(int(ends[-1]), device=HOST)
        sequence = torch.arange(len(lengths), device=HOST).repeat_interleave(counts)
        slots = sequence * longest + (rows - starts)
        cu_seqlens = torch.cat((ends.new_zeros(1), ends)).to(torch.int32)
        return cls(to_device(cu_seqlens, device), longest, to_device(slots, device), tuple(lengths))


def to_device(host: Tensor, device: torch.device | str) -> Tensor:
    """Copy a small host tensor to a device without blocking the host."""
    device = torch.device(device)
    if device.type == "cpu":
        return host
    if device.type == "cuda":
        return host.pin_memory().to(device, non_blocking=True)
    return host.to(device)
