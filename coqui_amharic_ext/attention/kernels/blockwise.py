"""Causal attention for CPUs, a block of queries at a time, with dropout.

PyTorch's fast CPU kernel has no dropout: with dropout, training falls back to whole (length,
length) matrices that are saved for backward. Here a block's scores are computed, used and freed;
backward recomputes them, and of dropout one byte per score is saved. Keys that no query of a block
may see are never read. (The scheme is FlashAttention's, Dao et al. 2022, in torch calls.)
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

from coqui_amharic_ext.attention.kernel import KernelSpec, PackedAttention

if TYPE_CHECKING:
    from torch import Tensor

    from coqui_amharic_ext.attention.layout import PackedLayout

BLOCK: Final = 64
"""Queries per block; the fastest of 32 to 512 at 16 heads of 64 channels, forward and backward."""


@lru_cache(maxsize=1)
def _function() -> Any:
    """Build the autograd function; torch is imported only when a model runs."""
    import torch

    class BlockwiseAttention(torch.autograd.Function):
        @staticmethod
        def forward(
            ctx: Any, q: Tensor, k: Tensor, v: Tensor, ends: list[int], p: float, scale: float
        ) -> Tensor:
            work = torch.promote_types(q.dtype, torch.float32)
            out = torch.empty(q.shape, dtype=q.dtype, device=q.device)
            queries, keys, values = (x.to(work).transpose(0, 1) for x in (q, k, v))
            dropping = p > 0
            kept: list[Tensor] = []
            later = _later(work)
            for begin, top, bottom in _blocks(ends):
                weights = _weights(queries, keys, begin, top, bottom, scale, later)
                if dropping:
                    kept.append(torch.empty_like(weights, dtype=torch.bool).bernoulli_(1 - p))
                    weights.mul_(kept[-1])
                block = torch.bmm(weights, values[:, begin:bottom])
                if dropping:
                    block.mul_(1 / (1 - p))
                out[top:bottom] = block.transpose(0, 1)
            ctx.save_for_backward(q, k, v, out, *kept)
            ctx.ends, ctx.p, ctx.scale = ends, p, scale
            return out

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
            q, k, v, out, *kept = ctx.saved_tensors
            p, scale = ctx.p, ctx.scale
            work = torch.promote_types(q.dtype, torch.float32)
            grads = torch.zeros((3, *q.shape), dtype=work, device=q.device)
            dq, dk, dv = (x.transpose(0, 1) for x in grads)
            queries, keys, values, douts = (x.to(work).transpose(0, 1) for x in (q, k, v, grad))
            # Row sums of (weights * their gradients), dropout or not.
            sums = (grad.to(work) * out.to(work)).sum(-1).transpose(0, 1).unsqueeze(-1)
            rescale = 1 / (1 - p) if p else 1.0
            later = _later(work)
            with torch.autocast("cpu", enabled=False):
                for number, (begin, top, bottom) in enumerate(_blocks(ctx.ends)):
                    weights = _weights(queries, keys, begin, top, bottom, scale, later)
                    dout = douts[:, top:bottom]
                    dweights = torch.bmm(dout, values[:, begin:bottom].transpose(1, 2))
                    used = weights
                    if p:
                        dweights.mul_(kept[number]).mul_(rescale)
                        used = (weights * kept[number]).mul_(rescale)
                    dv[:, begin:bottom] += torch.bmm(used.transpose(1, 2), dout)
                    dscores = dweights.sub_(sums[:, top:bottom]).mul_(weights).mul_(scale)
                    dq[:, top:bottom] = torch.bmm(dscores, keys[:, begin:bottom])
                    dk[:, begin:bottom] += torch.bmm(
                        dscores.transpose(1, 2), queries[:, top:bottom]
                    )
            dqkv = (x.to(q.dtype) for x in grads)
            return (*dqkv, None, None, None)

    def _later(dtype: torch.dtype) -> Tensor:
        return torch.full((BLOCK, BLOCK), float("-inf"), dtype=dtype, device="cpu").triu_(1)

    def _weights(
        queries: Tensor,
        keys: Tensor,
        begin: int,
        top: int,
        bottom: int,
        scale: float,
        later: Tensor,
    ) -> Tensor:
        rows = bottom - top
        scores = torch.bmm(queries[:, top:bottom], keys[:, begin:bottom].transpose(1, 2))
        scores.mul_(scale)
        scores[:, :, top - begin :].add_(later[:rows, :rows])
        return scores.softmax(-1)

    return BlockwiseAttention


def _blocks(ends: list[int]) -> Iterator[tuple[int, int, int]]:
    """Yield each block's first key and its first and past-last query."""
    begin = 0
    for end in ends:
        for top in range(begin, end, BLOCK):
            yield begin, top, min(top + BLOCK, end)
        begin = end


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

    ends = list(accumulate(layout.lengths))
    with torch.autocast("cpu", enabled=False):
        out: Tensor = _function().apply(query, key, value, ends, dropout, scale)
    return out


def _load() -> PackedAttention:
    import torch

    # The loop over sequences would be unrolled and recompiled for each batch.
    uncompiled: PackedAttention = torch.compiler.disable(attend)
    return uncompiled


SPEC = KernelSpec(
    name="blockwise",
    summary="causal attention in blocks for CPUs; with dropout at a fraction of SDPA's memory",
    load=_load,
    devices=("cpu",),
)
