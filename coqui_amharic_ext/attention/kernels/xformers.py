"""xFormers' memory-efficient attention: packed, with dropout, and in float32 too.

xFormers picks its operator by device and dtype; for float32 that is CUTLASS, the only one of our
variable-length kernels that takes it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from coqui_amharic_ext.attention.kernel import HALF, KernelSpec, PackedAttention

if TYPE_CHECKING:
    from torch import Tensor

    from coqui_amharic_ext.attention.layout import PackedLayout


def _load() -> PackedAttention:
    import torch
    from xformers.ops import memory_efficient_attention
    from xformers.ops.fmha.attn_bias import BlockDiagonalCausalMask

    @lru_cache(maxsize=2)
    def bias(lengths: tuple[int, ...], device: torch.device) -> Any:
        # One for all layers of a step, since making it copies the lengths to the device. A later
        # step of the same lengths may need it for backward, which inference tensors do not allow.
        with torch.inference_mode(False):
            return BlockDiagonalCausalMask.from_seqlens(lengths, device=device)

    def attend(
        query: Tensor,
        key: Tensor,
        value: Tensor,
        layout: PackedLayout,
        *,
        dropout: float,
        scale: float,
    ) -> Tensor:
        out: Tensor = memory_efficient_attention(
            query.unsqueeze(0),
            key.unsqueeze(0),
            value.unsqueeze(0),
            attn_bias=bias(layout.lengths, query.device),
            p=dropout,
            scale=scale,
        )
        return out.squeeze(0)

    uncompiled: PackedAttention = torch.compiler.disable(attend)
    return uncompiled


SPEC = KernelSpec(
    name="xformers",
    summary="xFormers' memory-efficient attention, packed, with dropout, float32 included",
    load=_load,
    install='pip install "xformers>=0.0.35"',
    devices=("cuda",),
    dtypes=(*HALF, "float32"),
    platforms=("linux",),
    head_dims=range(8, 257, 8),
    capabilities=(6, 99),
)
