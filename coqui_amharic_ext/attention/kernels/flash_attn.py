"""FlashAttention 2 from the ``flash-attn`` package: packed, with dropout, in half precision.

Dao, "FlashAttention-2: Faster Attention with Better Parallelism and Work Partitioning", 2023.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coqui_amharic_ext.attention.kernel import HALF, KernelSpec, PackedAttention

if TYPE_CHECKING:
    from torch import Tensor

    from coqui_amharic_ext.attention.layout import PackedLayout


def _load() -> PackedAttention:
    import torch

    # The namespace package that flash-attn-4 leaves behind has the module but not the function.
    from flash_attn import flash_attn_varlen_func

    def attend(
        query: Tensor,
        key: Tensor,
        value: Tensor,
        layout: PackedLayout,
        *,
        dropout: float,
        scale: float,
    ) -> Tensor:
        out: Tensor = flash_attn_varlen_func(
            query,
            key,
            value,
            cu_seqlens_q=layout.cu_seqlens,
            cu_seqlens_k=layout.cu_seqlens,
            max_seqlen_q=layout.max_seqlen,
            max_seqlen_k=layout.max_seqlen,
            dropout_p=dropout,
            softmax_scale=scale,
            causal=True,
            deterministic=torch.are_deterministic_algorithms_enabled(),
        )
        return out

    return attend


SPEC = KernelSpec(
    name="flash_attn",
    summary="FlashAttention 2 (package flash-attn), packed, with dropout",
    load=_load,
    install='pip install "flash-attn>=2.8" --no-build-isolation',
    devices=("cuda",),
    dtypes=HALF,
    platforms=("linux",),
    head_dims=range(8, 257, 8),
    capabilities=(8, 99),
)
