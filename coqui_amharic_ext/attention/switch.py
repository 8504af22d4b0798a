"""Switching a GPT-2 over to our attention for the length of one call, and back.

Nothing stays on the model: generation, streaming and anything else that runs it between two
training steps finds upstream's attention and activation, and so does everyone after
``deactivate()``.
"""

from __future__ import annotations

from typing import Any

from torch import nn


class switched:
    """Context in which a GPT-2 uses another attention, no KV cache and, if asked, a fused GELU.

    Parameters
    ----------
    gpt2 : GPT2Model
        The transformer.
    attention : str
        Name registered with transformers.
    fused_gelu : bool
        Exchange the unfused ``gelu_new`` of the MLPs; those with another activation stay.
    """

    def __init__(self, gpt2: Any, attention: str, *, fused_gelu: bool = False) -> None:
        self._config = gpt2.config
        self._attention = attention
        mlps = [block.mlp for block in gpt2.h] if fused_gelu else []
        self._mlps = [mlp for mlp in mlps if _unfused(mlp.act)]
        self._activations: list[nn.Module] = []

    def __enter__(self) -> None:
        config = self._config
        self._before = config._attn_implementation, config.use_cache
        config._attn_implementation, config.use_cache = self._attention, False
        self._activations = [mlp.act for mlp in self._mlps]
        for mlp in self._mlps:
            mlp.act = _FUSED

    def __exit__(self, *error: object) -> None:
        for mlp, activation in zip(self._mlps, self._activations, strict=True):
            mlp.act = activation
        self._config._attn_implementation, self._config.use_cache = self._before


_FUSED = nn.GELU(approximate="tanh")
"""The same function as ``gelu_new``, in one kernel that keeps its input and nothing else."""


def _unfused(activation: object) -> bool:
    return type(activation).__name__ == "NewGELUActivation"
