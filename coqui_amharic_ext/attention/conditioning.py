"""Attention of XTTS's conditioning encoder and perceiver through SDPA.

The formulas are upstream's; only the memory traffic changes. Both also run in inference, where they
agree with upstream within float32 noise.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn


def attention_block(original: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Wrap ``AttentionBlock.forward``; masks and relative positions run on upstream's code.

    Tortoise's models share the class and use both.
    """

    @wraps(original)
    def forward(self: Any, x: Tensor, mask: Any = None) -> Tensor:
        if mask is not None or self.relative_pos_embeddings is not None or not _plain(self):
            return original(self, x, mask)
        batch, channels = x.shape[:2]
        # Channels come last from block to block: the projections are matrix products, and queries,
        # keys and values are views with a dense last dimension. (For a strided one SDPA silently
        # takes its slowest kernel.)
        tokens = x.reshape(batch, channels, -1).transpose(1, 2).contiguous()
        normed = self.norm(tokens.unsqueeze(2).permute(0, 3, 1, 2))
        normed = normed.permute(0, 2, 3, 1).reshape(tokens.shape)
        qkv = _project(self.qkv, normed).view(*tokens.shape[:2], self.num_heads, 3, -1)
        query, key, value = (part.transpose(1, 2) for part in qkv.unbind(3))
        mixed = F.scaled_dot_product_attention(query, key, value).transpose(1, 2)
        projected = _project(self.proj_out, mixed.reshape(tokens.shape))
        residual = tokens if self.tortoise_norm else normed
        return (residual + projected).transpose(1, 2).reshape(x.shape)

    return forward


def _project(convolution: Any, tokens: Tensor) -> Tensor:
    """Apply a convolution of width 1 to tokens whose channels come last."""
    return F.linear(tokens, convolution.weight.squeeze(-1), convolution.bias)


def _plain(block: Any) -> bool:
    """Whether the projections are neither wrapped nor hooked, as adapters do."""
    return all(
        type(layer) is nn.Conv1d
        and layer.kernel_size == (1,)
        and not layer._forward_hooks
        and not layer._forward_pre_hooks
        for layer in (block.qkv, block.proj_out)
    )


def attend(original: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Wrap ``Attend.forward`` to call SDPA on any device, without upstream's check of the device.

    Upstream's own flash path uses ``torch.backends.cuda.sdp_kernel``, which is deprecated, and
    looks for an A100.
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
