"""FlashAttention 4 from the ``flash-attn-4`` package, for Hopper and later; it has no dropout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coqui_amharic_ext.attention.kernel import HALF, KernelSpec, PackedAttention

if TYPE_CHECKING:
    from torch import Tensor

    from coqui_amharic_ext.attention.layout import PackedLayout


def _load() -> PackedAttention:
    import torch
    from flash_attn.cute import flash_attn_varlen_func

    def attend(
        query: Tensor,
        key: Tensor,
        value: Tensor,
        layout: PackedLayout,
        *,
        dropout: float,
        scale: float,
    ) -> Tensor:
        if dropout:
            raise ValueError(f"FlashAttention 4 has no dropout, got {dropout}")
        result = flash_attn_varlen_func(
            query,
            key,
            value,
            cu_seqlens_q=layout.cu_seqlens,
            cu_seqlens_k=layout.cu_seqlens,
            max_seqlen_q=layout.max_seqlen,
            max_seqlen_k=layout.max_seqlen,
            softmax_scale=scale,
            causal=True,
            deterministic=torch.are_deterministic_algorithms_enabled(),
        )
        # Some releases also return the log-sum-exp.
        out: Tensor = result[0] if isinstance(result, tuple) else result
        return out

    return attend


SPEC = KernelSpec(
    name="flash_attn_4",
    summary="FlashAttention 4 (package flash-attn-4), packed, without dropout",
    load=_load,
    install="pip install --pre flash-attn-4",
    devices=("cuda",),
    dtypes=HALF,
    platforms=("linux",),
    head_dims=range(8, 129, 8),
    dropout=False,
    # Its forward supports 8.x, too, its backward does not.
    capabilities=(9, 12),
)
