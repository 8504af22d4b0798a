"""PyTorch's own variable-length attention, without dropout: nothing to install.

https://docs.pytorch.org/docs/stable/nn.attention.varlen.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coqui_amharic_ext.attention.kernel import HALF, KernelSpec, PackedAttention

if TYPE_CHECKING:
    from torch import Tensor

    from coqui_amharic_ext.attention.layout import PackedLayout


def _load() -> PackedAttention:
    from torch.nn.attention.varlen import varlen_attn

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
            raise ValueError(f"torch.nn.attention.varlen has no dropout, got {dropout}")
        out: Tensor = varlen_attn(
            query,
            key,
            value,
            layout.cu_seqlens,
            layout.cu_seqlens,
            layout.max_seqlen,
            layout.max_seqlen,
            scale=scale,
            window_size=(-1, 0),  # causal
        )
        return out

    return attend


SPEC = KernelSpec(
    name="varlen",
    summary="PyTorch's variable-length attention, packed, without dropout",
    load=_load,
    install='pip install "torch>=2.11"',
    devices=("cuda",),
    dtypes=HALF,
    platforms=("linux", "win32"),
    head_dims=range(8, 257, 8),
    dropout=False,
    capabilities=(8, 99),
)
