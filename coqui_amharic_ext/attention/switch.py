"""Switching an XTTS GPT over to our attention for the length of one call, and back.

Nothing stays on the model: generation, streaming and anything else that runs it between two
training steps finds upstream's attention and activation, and so does everyone after
``deactivate()``. Blocks that are recomputed in backward, when the call is long over, switch
themselves over again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


class _Overrides:
    """Attributes set for a while; afterwards each is as it was, or gone if it was not there."""

    def __init__(self) -> None:
        self._undo: list[tuple[Any, str, Any]] = []

    def __enter__(self) -> _Overrides:
        return self

    def set(self, owner: Any, name: str, value: object) -> None:
        # A module's submodules are not in its __dict__, its methods and class attributes are not
        # its own: what setattr() will shadow must be deleted again, what it replaces put back.
        own = not isinstance(owner, nn.Module) or name in owner._modules or name in vars(owner)
        self._undo.append((owner, name, getattr(owner, name) if own else _ABSENT))
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


@contextmanager
def switched(gpt: Any, mode: Mode) -> Iterator[None]:
    """Run an XTTS GPT in a ``Mode``, without a KV cache, within a ``with`` block."""
    with _Overrides() as overrides:
        config = gpt.gpt.config
        overrides.set(config, "use_cache", False)
        if mode.attention is not None:
            overrides.set(config, "_attn_implementation", mode.attention)
        for block in _chosen(gpt.conditioning_encoder.attn, mode):
            overrides.set(block, "forward", _Recomputed(block))
        chosen = _chosen(gpt.gpt.h, mode)
        for block in gpt.gpt.h:
            # A model that was set to checkpointing by hand stays so, but recomputes our way.
            again = block in chosen or bool(block.gradient_checkpointing)
            if again or mode.compile:
                overrides.set(block, "forward", _BlockRun(block, config, mode, again))
            _override_block(overrides, block, mode)
        yield


def _chosen(blocks: Any, mode: Mode) -> list[nn.Module]:
    return list(blocks)[:: mode.checkpointing] if mode.checkpointing else []


def _override_block(overrides: _Overrides, block: Any, mode: Mode) -> None:
    overrides.set(block, "gradient_checkpointing", False)
    if mode.fused_gelu and type(block.mlp.act).__name__ == "NewGELUActivation":
        overrides.set(block.mlp, "act", _FUSED)


class _Recomputed:
    """Stands in for the ``forward`` of a conditioning block that is recomputed in backward."""

    def __init__(self, block: Any) -> None:
        self._block = block

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._block.training and torch.is_grad_enabled():
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
        block, mode = self._block, self._mode
        forward = _compiled() if mode.compile else _forward
        # Called for the second time, in backward, the model has long been switched back.
        with _Overrides() as overrides:
            if mode.attention is not None:
                overrides.set(self._config, "_attn_implementation", mode.attention)
            _override_block(overrides, block, mode)
            return forward(block, *args, **kwargs)


def _forward(block: Any, *args: Any, **kwargs: Any) -> Any:
    return type(block).forward(block, *args, **kwargs)


@lru_cache(maxsize=1)
def _compiled() -> Callable[..., Any]:
    """Compile a block's forward once; lengths are symbols and parameters inputs of the graph."""
    compiled: Callable[..., Any] = torch.compile(_forward, dynamic=True)
    return compiled
