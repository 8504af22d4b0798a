"""An XTTS GPT that runs on our attention for one call.

The model itself is never modified. A call runs on a double: new module objects that share the
model's parameters, buffers and settings, and differ in what a ``Mode`` asks for. So other threads
that generate or train meanwhile run upstream's attention and activation, as all do after
``deactivate()``. Blocks that are recomputed in backward, after the call and in an autograd thread,
belong to the double, too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

_FUSED: Final = nn.GELU(approximate="tanh")
"""The same function as ``gelu_new``, in one kernel that saves only its input."""


@dataclass(frozen=True)
class Mode:
    """How the double of an XTTS GPT runs.

    Parameters
    ----------
    attention : str, optional
        Name registered with transformers; ``None`` keeps the model's own.
    fused_gelu : bool
        Replace the unfused ``gelu_new`` of the MLPs; other activations stay.
    checkpointing : int
        Recompute every N-th block of the transformer and of the conditioning encoder in
        backward; 0 for none.
    compile : bool
        Run the transformer's blocks through ``torch.compile``.
    """

    attention: str | None = None
    fused_gelu: bool = False
    checkpointing: int = 0
    compile: bool = False


def switched(gpt: Any, mode: Mode) -> Any:
    """Return a double of an XTTS GPT that runs in a ``Mode``, without a KV cache.

    It serves one call and does not see later changes of the model, such as ``eval()``.
    """
    double, gpt2 = _double(gpt), _double(gpt.gpt)
    config = _double(gpt2.config)
    config.use_cache = False
    if mode.attention is not None:
        config._attn_implementation = mode.attention
    gpt2.config = config
    gpt2.h = _doubled(
        gpt2.h, lambda place, block: _block(block, config, mode, _chosen(place, mode))
    )
    double.gpt = gpt2
    if mode.checkpointing:
        encoder = double.conditioning_encoder = _double(gpt.conditioning_encoder)
        encoder.attn = _doubled(
            encoder.attn,
            lambda place, block: _Run.of(block, again=True) if _chosen(place, mode) else block,
        )
    return double


def _chosen(place: int, mode: Mode) -> bool:
    return bool(mode.checkpointing) and place % mode.checkpointing == 0


def _double(original: Any) -> Any:
    """Return an object with the same attributes, whose submodules and hooks can be replaced."""
    double = object.__new__(type(original))
    state = vars(double)
    state.update(vars(original))
    state.pop("_compiled_call_impl", None)  # it would run the original
    for name, value in vars(original).items():
        if name == "_modules" or (isinstance(value, dict) and "_hooks" in name):
            state[name] = value.copy()
    return double


def _doubled(blocks: Any, change: Callable[[int, Any], Any]) -> Any:
    double = _double(blocks)
    double._modules.update(
        {name: change(place, block) for place, (name, block) in enumerate(blocks._modules.items())}
    )
    return double


def _block(original: Any, config: Any, mode: Mode, chosen: bool) -> Any:
    """Return the double of a GPT-2 block."""
    block, attention, mlp = _double(original), _double(original.attn), _double(original.mlp)
    attention.config = config
    if mode.fused_gelu and type(mlp.act).__name__ == "NewGELUActivation":
        mlp.act = _FUSED
    block.attn, block.mlp = attention, mlp
    # A model with checkpointing of its user's keeps it, but recomputes the double's blocks.
    again = chosen or bool(block.gradient_checkpointing)
    block.gradient_checkpointing = False
    return _Run.of(block, again, mode.compile) if again or mode.compile else block


class _Run:
    """A block's ``forward``, compiled or not, recomputed in backward or not."""

    def __init__(self, block: Any, again: bool, compiled: bool) -> None:
        self._block = block
        self._again = again
        self._run = _compiled() if compiled else _forward

    @classmethod
    def of(cls, block: Any, again: bool, compiled: bool = False) -> Any:
        """Return a double of a block that runs this way."""
        double = _double(block)
        double.forward = cls(block, again, compiled)
        return double

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._again and self._block.training and torch.is_grad_enabled():
            return checkpoint(self._run, self._block, *args, use_reentrant=False, **kwargs)
        return self._run(self._block, *args, **kwargs)


def _forward(block: Any, *args: Any, **kwargs: Any) -> Any:
    return type(block).forward(block, *args, **kwargs)


@lru_cache(maxsize=1)
def _compiled() -> Callable[..., Any]:
    """Compile a block's forward once; lengths are symbols and parameters inputs of the graph."""
    compiled: Callable[..., Any] = torch.compile(_forward, dynamic=True)
    return compiled
