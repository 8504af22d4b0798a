"""Row moves between packed and padded tensors, exact and without atomics in backward."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class _Take(torch.autograd.Function):
    """``x[index]`` for an index without repeats: backward writes rows instead of adding them."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, index: Tensor) -> Tensor:
        ctx.save_for_backward(index)
        ctx.rows = x.shape[0]
        return x.index_select(0, index)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (index,) = ctx.saved_tensors
        return put_rows(grads[0], index, ctx.rows), None


class _Put(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, index: Tensor, rows: int) -> Tensor:
        ctx.save_for_backward(index)
        zeros = x.new_zeros((rows, *x.shape[1:]))
        # torch 2.11 silently detaches the result of an in-place method in compiled code. Compiled
        # code makes no copy here in either form.
        compiling = torch.compiler.is_compiling()
        return zeros.index_copy(0, index, x) if compiling else zeros.index_copy_(0, index, x)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        (index,) = ctx.saved_tensors
        return take_rows(grads[0], index), None, None


def take_rows(x: Tensor, index: Tensor) -> Tensor:
    """Return rows ``index`` of ``x``; no row may be named twice.

    Parameters
    ----------
    x : Tensor
        (rows, ...)
    index : Tensor
        int64, (n,)
    """
    result: Tensor = _Take.apply(x, index)
    return result


def put_rows(x: Tensor, index: Tensor, rows: int) -> Tensor:
    """Return a (rows, ...) tensor of zeros whose rows ``index`` are those of ``x``."""
    result: Tensor = _Put.apply(x, index, rows)
    return result
