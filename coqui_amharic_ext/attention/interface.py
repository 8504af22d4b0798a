"""Attention functions and mask functions, registered with transformers under our names.

GPT-2 looks its attention function up by the name in its config. Both registries need the name:
without a mask function transformers silently drops the padding mask.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface

from coqui_amharic_ext.attention import counting
from coqui_amharic_ext.attention.layout import PackedLayout
from coqui_amharic_ext.attention.rows import put_rows, take_rows

if TYPE_CHECKING:
    from torch import Tensor

    from coqui_amharic_ext.attention.kernel import PackedAttention
    from coqui_amharic_ext.attention.selection import Selection

_PREFIX: Final = "coqui_amharic_"
_registered: dict[str, PackedAttention] = {}


def register(selection: Selection, *, packed: bool, dropout: bool = True) -> str:
    """Register a kernel with transformers and return the name to put into a model's config.

    Parameters
    ----------
    selection : Selection
        The kernel.
    packed : bool
        Whether the model runs on packed tensors with their ``packed_layout``, or on padded tensors
        with a mask.
    dropout : bool
        Whether attention probabilities are dropped as the model's config asks.
    """
    spec = selection.spec
    # transformers takes any name that contains "flash" for one of its kernels.
    plain = re.sub(r"\W", "_", spec.name).replace("flash", "fa")
    name = (
        _PREFIX + ("packed_" if packed else "padded_") + plain + ("" if dropout else "_undropped")
    )
    if _registered.get(name) is selection.attend:
        return name
    make = _packed if packed else _padded
    count = counting.counter(spec.name)
    AttentionInterface.register(name, make(selection.attend, count, dropout))
    AttentionMaskInterface.register(name, _no_mask if packed else _layout_as_mask)
    _registered[name] = selection.attend
    return name


def unregister() -> None:
    """Remove our names from transformers' registries."""
    for registry in (AttentionInterface, AttentionMaskInterface):
        for name in _registered:
            registry._global_mapping.pop(name, None)
    _registered.clear()


def _packed(
    attend: PackedAttention, count: Tensor, dropping: bool
) -> Callable[..., tuple[Tensor, None]]:
    def packed_attention(
        module: Any,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attention_mask: object,
        dropout: float = 0.0,
        scaling: float | None = None,
        *,
        packed_layout: PackedLayout,
        **kwargs: object,
    ) -> tuple[Tensor, None]:
        count.add_(1)
        dropout = dropout if dropping else 0.0
        q, k, v = (x.squeeze(0).transpose(0, 1) for x in (query, key, value))
        scale = query.shape[-1] ** -0.5 if scaling is None else scaling
        return attend(q, k, v, packed_layout, dropout=dropout, scale=scale).unsqueeze(0), None

    return packed_attention


def _no_mask(*args: object, **kwargs: object) -> None:
    """Build no mask: packed tensors hold no padding, but 4.57 would build a square one."""


def _padded(
    attend: PackedAttention, count: Tensor, dropping: bool
) -> Callable[..., tuple[Tensor, None]]:
    def padded_attention(
        module: Any,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attention_mask: tuple[PackedLayout, Tensor],
        dropout: float = 0.0,
        scaling: float | None = None,
        **kwargs: object,
    ) -> tuple[Tensor, None]:
        count.add_(1)
        dropout = dropout if dropping else 0.0
        layout, valid = attention_mask
        batch, _, length, _ = query.shape
        q, k, v = (
            take_rows(x.transpose(1, 2).reshape(batch * length, *x.shape[1::2]), valid)
            for x in (query, key, value)
        )
        scale = query.shape[-1] ** -0.5 if scaling is None else scaling
        out = attend(q, k, v, layout, dropout=dropout, scale=scale)
        return put_rows(out, valid, batch * length).view(batch, length, *out.shape[1:]), None

    return padded_attention


def _layout_as_mask(
    *args: object, attention_mask: Tensor | None = None, **kwargs: Any
) -> tuple[PackedLayout, Tensor]:
    """Turn the padding mask into a layout, once per forward; blocks pass it on unread.

    The valid tokens of a row keep their order, so causal attention among them equals masked
    attention, even if the mask has holes.
    """
    import torch

    if attention_mask is None:
        raise ValueError("the padded attention of this package needs a padding mask, got None")
    valid = attention_mask.flatten().nonzero().squeeze(1)
    lengths = attention_mask.sum(1).tolist()
    return PackedLayout.of(lengths, torch.device(attention_mask.device)), valid
