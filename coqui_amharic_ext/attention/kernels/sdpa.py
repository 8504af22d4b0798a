"""PyTorch's ``scaled_dot_product_attention``: everywhere, every dtype, with dropout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coqui_amharic_ext.attention.kernel import EVERYWHERE, KernelSpec, PackedAttention

if TYPE_CHECKING:
    from torch import Tensor

    from coqui_amharic_ext.attention.layout import PackedLayout


def _per_sequence(
    query: Tensor, key: Tensor, value: Tensor, layout: PackedLayout, dropout: float, scale: float
) -> Tensor:
    """Attend in one call per sequence: on a CPU the work saved outweighs the calls."""
    import torch
    import torch.nn.functional as F

    parts = []
    split = (x.split(layout.lengths) for x in (query, key, value))
    for sequence in zip(*split, strict=True):
        q, k, v = (x.transpose(0, 1).unsqueeze(0) for x in sequence)
        out = F.scaled_dot_product_attention(
            q, k, v, dropout_p=dropout, is_causal=True, scale=scale
        )
        parts.append(out.squeeze(0).transpose(0, 1))
    return torch.cat(parts)


def _rectangle(
    query: Tensor, key: Tensor, value: Tensor, layout: PackedLayout, dropout: float, scale: float
) -> Tensor:
    """Attend in one call for the batch, padded at the right.

    No mask is needed: padding comes last, and a causal query sees nothing after it. So flash and
    memory-efficient kernels are eligible, which a mask would rule out.
    """
    import torch.nn.functional as F

    from coqui_amharic_ext.attention.rows import put_rows, take_rows

    batch, longest = layout.batch, layout.max_seqlen

    def padded(x: Tensor) -> Tensor:
        full = put_rows(x, layout.slots, batch * longest)
        return full.view(batch, longest, *x.shape[1:]).transpose(1, 2)

    out = F.scaled_dot_product_attention(
        padded(query), padded(key), padded(value), dropout_p=dropout, is_causal=True, scale=scale
    )
    return take_rows(out.transpose(1, 2).reshape(batch * longest, *query.shape[1:]), layout.slots)


def _load() -> PackedAttention:
    import torch

    per_sequence = torch.compiler.disable(_per_sequence)

    def attend(
        query: Tensor,
        key: Tensor,
        value: Tensor,
        layout: PackedLayout,
        *,
        dropout: float,
        scale: float,
    ) -> Tensor:
        choice = per_sequence if query.device.type == "cpu" else _rectangle
        out: Tensor = choice(query, key, value, layout, dropout, scale)
        return out

    return attend


SPEC = KernelSpec(
    name="sdpa",
    summary="PyTorch's scaled dot-product attention, without a mask",
    load=_load,
    devices=EVERYWHERE,
)
