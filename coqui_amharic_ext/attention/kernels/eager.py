"""The textbook formula, for comparison: scores, softmax, dropout, weighted sum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coqui_amharic_ext.attention.kernel import EVERYWHERE, KernelSpec, PackedAttention

if TYPE_CHECKING:
    from torch import Tensor

    from coqui_amharic_ext.attention.layout import PackedLayout


def attend(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    layout: PackedLayout,
    *,
    dropout: float,
    scale: float,
) -> Tensor:
    """Attend within each sequence; see ``PackedAttention``."""
    import torch
    import torch.nn.functional as F

    parts = []
    split = (x.split(layout.lengths) for x in (query, key, value))
    for sequence in zip(*split, strict=True):
        q, k, v = (x.transpose(0, 1) for x in sequence)
        scores = q @ k.transpose(1, 2) * scale
        later = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).triu(1)
        weights = scores.masked_fill(later, float("-inf")).softmax(-1)
        weights = F.dropout(weights.to(v.dtype), dropout)
        parts.append((weights @ v).transpose(0, 1))
    return torch.cat(parts)


def _load() -> PackedAttention:
    import torch

    # The loop over sequences would be unrolled and recompiled for each batch.
    uncompiled: PackedAttention = torch.compiler.disable(attend)
    return uncompiled


SPEC = KernelSpec(
    name="eager",
    summary="scores, softmax and sum written out, sequence by sequence",
    load=_load,
    devices=EVERYWHERE,
)
