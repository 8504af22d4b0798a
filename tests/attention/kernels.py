"""Which kernels can be compared here, and how far each may be from a float64 reference."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F

from coqui_amharic_ext.attention.kernel import KernelSpec, PackedAttention
from coqui_amharic_ext.attention.kernels import (
    blockwise,
    eager,
    flash_attn,
    flash_attn_4,
    sdpa,
    varlen,
    xformers,
)
from coqui_amharic_ext.attention.layout import PackedLayout
from coqui_amharic_ext.attention.trial import capability, trial
from coqui_amharic_ext.availability import Demand

DTYPES = (torch.float32, torch.bfloat16, torch.float16)

RECTANGLE = replace(
    sdpa.SPEC,
    name="sdpa, padded batch",  # what the sdpa kernel does on CUDA, here on any device
    load=lambda: (
        lambda q, k, v, layout, *, dropout, scale: sdpa._rectangle(q, k, v, layout, dropout, scale)
    ),
)
ON_CPU = (blockwise.SPEC, sdpa.SPEC, RECTANGLE, eager.SPEC)
ON_CUDA = (flash_attn.SPEC, flash_attn_4.SPEC, varlen.SPEC, xformers.SPEC, sdpa.SPEC, eager.SPEC)


def unavailable(spec: KernelSpec, device: str, dtype: torch.dtype, head_dim: int = 64) -> str:
    """Why a kernel cannot be compared on a device, ``""`` if it can."""
    if device == "cuda" and not torch.cuda.is_available():
        return "there is no CUDA device"
    demand = Demand(device, str(dtype).removeprefix("torch."), head_dim, False, capability(device))
    return spec.refusal(demand) or trial(spec, demand)


@dataclass
class Case:
    """Inputs of one comparison: packed queries, keys, values and a weight for the output."""

    lengths: tuple[int, ...]
    heads: int = 4
    head_dim: int = 64
    seed: int = 0

    def tensors(self, device: str, dtype: torch.dtype) -> list[torch.Tensor]:
        generator = torch.Generator().manual_seed(self.seed)
        shape = (sum(self.lengths), self.heads, self.head_dim)
        numbers = [torch.randn(shape, generator=generator).to(dtype) for _ in range(4)]
        return [x.to(device) for x in numbers]


def run(attend: Any, tensors: list[torch.Tensor], layout: PackedLayout) -> list[torch.Tensor]:
    """Output and the gradients of queries, keys and values."""
    *inputs, weight = (x.detach().clone() for x in tensors)
    for x in inputs:
        x.requires_grad_()
    out = attend(*inputs, layout, dropout=0.0, scale=inputs[0].shape[-1] ** -0.5)
    return [out.detach(), *torch.autograd.grad(out, inputs, weight)]


def reference(case: Case, dtype: torch.dtype) -> list[torch.Tensor]:
    """The formula in float64, on the numbers as they are after rounding to ``dtype``."""
    tensors = [x.double() for x in case.tensors("cpu", dtype)]
    return run(eager.attend, tensors, PackedLayout.of(case.lengths))


def stock_sdpa(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    layout: PackedLayout,
    *,
    dropout: float,
    scale: float,
) -> torch.Tensor:
    """What upstream runs: SDPA on a padded batch with a (batch, 1, length, length) mask."""
    longest = max(layout.lengths)

    def padded(x: torch.Tensor) -> torch.Tensor:
        rows = [
            F.pad(part, (0, 0, 0, 0, 0, longest - len(part))) for part in x.split(layout.lengths)
        ]
        return torch.stack(rows).transpose(1, 2)

    keys = torch.arange(longest)
    real = keys[None, :] < torch.tensor(layout.lengths)[:, None]
    mask = (real[:, None, None, :] & (keys[:, None] >= keys[None, :])).to(query.device)
    out = F.scaled_dot_product_attention(
        padded(query), padded(key), padded(value), attn_mask=mask, scale=scale
    ).transpose(1, 2)
    return torch.cat([out[row, :length] for row, length in enumerate(layout.lengths)])


def errors(found: list[torch.Tensor], expected: list[torch.Tensor]) -> list[float]:
    """Root mean square error of each tensor, relative to the expected one's."""
    return [
        float((one.double().cpu() - other).norm() / other.norm())
        for one, other in zip(found, expected, strict=True)
    ]


def loaded(spec: KernelSpec) -> PackedAttention:
    return spec.load()
