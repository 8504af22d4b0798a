"""Switching an XTTS GPT over to our attention for the length of one call, and back.

Nothing stays on the model: generation, streaming and anything else that runs it between two
training steps finds upstream's attention and activation, and so does everyone after
``deactivate()``. Blocks that are recomputed in backward, when the call is long over, switch
themselves over again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType
from typing import Any, Final

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

_FUSED: Final = nn.GELU(approximate="tanh")
"""The same function as ``gelu_new``, in one kernel that keeps its input and nothing else."""
_ABSENT: Final = object()


@dataclass(frozen=True)
class Mode:
    """How an XTTS GPT runs while it is switched over.

    Parameters
    ----------
    attention : str, optional
        Name registered with transformers; ``None`` keeps the model's own.
    fused_gelu : bool
        Exchange the unfused ``gelu_new`` of the MLPs; another activation stays.
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


class switched(AbstractContextManager[None]):
    """Context in which an XTTS GPT runs in a ``Mode`` and keeps no KV cache."""

    def __init__(self, gpt: Any, mode: Mode) -> None:
        self._undo: list[tuple[Any, str, Any]] = []
        self._gpt = gpt
        self._mode = mode

    def __enter__(self) -> None:
        config, mode = self._gpt.gpt.config, self._mode
        self._set(config, "use_cache", False)
        if mode.attention is not None:
            self._set(config, "_attn_implementation", mode.attention)
        for block in self._chosen(self._gpt.conditioning_encoder.attn):
            self._set(block, "forward", _Recomputed(block))
        chosen = self._chosen(self._gpt.gpt.h)
        for block in self._gpt.gpt.h:
            # A model that was set to checkpointing by hand stays so, but recomputes our way.
            again = block in chosen or bool(block.gradient_checkpointing)
            if again or mode.compile:
                self._set(block, "gradient_checkpointing", False)
                self._set(block, "forward", _BlockRun(block, config, mode, again))
            elif mode.fused_gelu and _unfused(block.mlp.act):
                self._set(block.mlp, "act", _FUSED)

    def _chosen(self, blocks: Any) -> list[nn.Module]:
        every = self._mode.checkpointing
        return list(blocks)[::every] if every else []

    def _set(self, owner: Any, name: str, value: object) -> None:
        shadowed = isinstance(owner, nn.Module) and name not in owner._modules
        before = vars(owner).get(name, _ABSENT) if shadowed else getattr(owner, name)
        self._undo.append((owner, name, before))
        setattr(owner, name, value)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        while self._undo:
            owner, name, before = self._undo.pop()
            if before is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, before)


class _Recomputed:
    """Stands in for the ``forward`` of a conditioning block that is recomputed in backward."""

    def __init__(self, block: Any) -> None:
        self._block = block

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if torch.is_grad_enabled():
            return checkpoint(_forward, self._block, *args, use_reentrant=False, **kwargs)
        return _forward(self._block, *args, **kwargs)


class _BlockRun:
    """Stands in for a GPT-2 block's ``forward``: compiled or not, recomputed or not."""

    def __init__(self, block: Any, config: Any, mode: Mode, again: bool) -> None:
        self._block = block
        self._config = config
        self._mode = mode
        self._again = again

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._again and self._block.training and torch.is_grad_enabled():
            return checkpoint(self._run, *args, use_reentrant=False, **kwargs)
        return self._run(*args, **kwargs)

    def _run(self, *args: Any, **kwargs: Any) -> Any:
        block, config, mode = self._block, self._config, self._mode
        forward = _compiled() if mode.compile else _forward
        attention, activation = config._attn_implementation, block.mlp.act
        # Called for the second time, in backward, the model has long been switched back.
        if mode.attention is not None:
            config._attn_implementation = mode.attention
        if mode.fused_gelu and _unfused(activation):
            block.mlp.act = _FUSED
        try:
            return forward(block, *args, **kwargs)
        finally:
            config._attn_implementation = attention
            block.mlp.act = activation


def _forward(block: Any, *args: Any, **kwargs: Any) -> Any:
    return type(block).forward(block, *args, **kwargs)


@lru_cache(maxsize=1)
def _compiled() -> Callable[..., Any]:
    """Compile a block's forward once; lengths are symbols and parameters inputs of the graph."""
    compiled: Callable[..., Any] = torch.compile(_forward, dynamic=True)
    return compiled


def _unfused(activation: object) -> bool:
    return type(activation).__name__ == "NewGELUActivation"
