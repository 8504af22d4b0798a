"""The trainer's console output without noise: no error messages of git, plain numbers."""

from __future__ import annotations

import functools
import subprocess
from collections.abc import Callable
from types import FunctionType
from typing import Any


class _QuietSubprocess:
    """The module ``subprocess`` for one function, whose child's stderr is discarded."""

    DEVNULL = subprocess.DEVNULL

    def __getattr__(self, name: str) -> Any:
        return getattr(subprocess, name)

    def check_output(self, *arguments: Any, **options: Any) -> Any:
        return subprocess.check_output(*arguments, **{"stderr": self.DEVNULL, **options})  # noqa: S603


def without_gits_complaint(original: Callable[[], str]) -> Callable[[], str]:
    """Wrap a function that asks git, discarding git's message outside a repository.

    Upstream handles that case, but the message appears at the start of every run.
    """
    plain = original if isinstance(original, FunctionType) else None
    if plain is None:
        raise TypeError(f"{original!r} is not a function whose subprocess can be exchanged")

    @functools.wraps(plain)
    def ask() -> str:
        names = {**plain.__globals__, "subprocess": _QuietSubprocess()}
        return str(FunctionType(plain.__code__, names, plain.__name__)())

    return ask


def with_plain_numbers(original: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Wrap ``Trainer.detach_loss_dict``: the gradient norm becomes a number, as losses are.

    Upstream logs ``tensor(6.2306)``, and averages tensors on the device.
    """

    @functools.wraps(original)
    def detach_loss_dict(self: Any, *arguments: Any, **options: Any) -> dict[str, Any]:
        found = original(self, *arguments, **options)
        return {name: _number(value) for name, value in found.items()}

    return detach_loss_dict


def _number(value: Any) -> Any:
    import torch

    return value.item() if isinstance(value, torch.Tensor) and value.numel() == 1 else value
