"""What the trainer puts on the screen that tells a person nothing, left out or put in numbers."""

from __future__ import annotations

import functools
import subprocess
from collections.abc import Callable
from types import FunctionType
from typing import Any


class _QuietSubprocess:
    """The module ``subprocess`` for one function: what its child says on stderr goes nowhere."""

    DEVNULL = subprocess.DEVNULL

    def __getattr__(self, name: str) -> Any:
        return getattr(subprocess, name)

    def check_output(self, *arguments: Any, **options: Any) -> Any:
        return subprocess.check_output(*arguments, **{"stderr": self.DEVNULL, **options})  # noqa: S603


def without_gits_complaint(original: Callable[[], str]) -> Callable[[], str]:
    """Return a function that asks git, without git's word for a folder that is no repository.

    Upstream takes the answer for what it is, and prints the complaint at the start of every run.
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
    """Return ``Trainer.detach_loss_dict`` whose gradient norm is a number, as its losses are.

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
