"""Attention of XTTS's conditioning encoder and perceiver through SDPA.

Both are upstream's formulas; only where they go through memory changes. These run in inference
too, where they agree with upstream's within float32 noise.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import torch.nn.functional as F
from torch import Tensor


def qkv_attention(original: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Return a ``QKVAttentionLegacy.forward`` that leaves masks and relative positions upstream's.

    Tortoise's models share the class and use both.
    """

    @wraps(original)
    def forward(self: Any, qkv: Tensor, mask: Any = None, rel_pos: Any = None) -> Tensor:
        if mask is not None or rel_pos is not None:
            return original(self, qkv, mask, rel_pos)
        batch, width, length = qkv.shape
        heads = self.n_heads
        if width % (3 * heads):
            return original(self, qkv, mask, rel_pos)
        # Contiguous: with a plain transpose the last dimension is strided, for which SDPA takes
        # its slowest kernel without a word.
        query, key, value = (
            qkv.view(batch, heads, 3, width // (3 * heads), length)
            .permute(2, 0, 1, 4, 3)
            .contiguous()
            .unbind(0)
        )
        out = F.scaled_dot_product_attention(query, key, value)
        return out.transpose(2, 3).reshape(batch, -1, length)

    return forward


def attend(original: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Return an ``Attend.forward`` that calls SDPA on any device, without upstream's device probe.

    Upstream's own flash path passes through ``torch.backends.cuda.sdp_kernel``, which is
    deprecated, and asks once for an A100.
    """

    @wraps(original)
    def forward(self: Any, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
        if mask is not None or (self.causal and q.shape[-2] != k.shape[-2]):
            return original(self, q, k, v, mask)
        # Keys shared by all heads come without a head dimension.
        key, value = (
            x.unsqueeze(1).expand(-1, q.shape[1], -1, -1) if x.ndim == 3 else x for x in (k, v)
        )
        return F.scaled_dot_product_attention(
            q.contiguous(),
            key.contiguous(),
            value.contiguous(),
            dropout_p=self.attn_dropout.p if self.training else 0.0,
            is_causal=self.causal,
        )

    return forward
