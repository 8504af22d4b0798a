"""A loss that is no number ends training, before a checkpoint takes its weights.

Upstream's trainer says that it raises on a NaN loss and does not: it goes on with weights that are
NaN and writes them over the last good checkpoints. With a gradient scaler such a step is left out
anyway, so nothing is done there.
"""

from __future__ import annotations

import functools
import inspect
import math
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Final

from coqui_amharic_ext.patching import Known, Patch

_LOSS: Final = re.compile(r"loss(_\d+)?")


class LossError(ArithmeticError):
    """The loss is NaN or infinite; the weights are of no more use."""


def stopping(original: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Return ``Trainer.detach_loss_dict`` that raises on a loss that is not finite."""

    @functools.wraps(original)
    def detach_loss_dict(self: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        losses = original(self, *args, **kwargs)
        if getattr(self, "scaler", None) is None:
            for name, value in losses.items():
                if _LOSS.fullmatch(name) and not math.isfinite(value):
                    raise LossError(
                        f"{name} is {float(value)} at step {self.total_steps_done + 1}, and the "
                        f"weights with it; go on from the last checkpoint with --continue_path "
                        f"{self.output_path}, with a lower learning rate or higher precision"
                    )
        return losses

    return detach_loss_dict


def _probe(original: Callable[..., Any]) -> None:
    """Check that detached losses come back as numbers under ``loss``."""
    if list(inspect.signature(original).parameters)[:2] != ["self", "loss_dict"]:
        raise RuntimeError("it no longer takes the losses first")
    trainer = SimpleNamespace(_detach_loss_dict=lambda losses: dict(losses))
    found = original(trainer, {"loss": 0.5}, step_optimizer=True)
    if found.get("loss") != 0.5:
        raise RuntimeError("it no longer returns the detached losses")


PATCHES: Final = (
    Patch(
        name="trainer-finite-loss",
        module="trainer.trainer",
        qualname="Trainer.detach_loss_dict",
        summary="a loss that is NaN ends training before a checkpoint takes its weights",
        distribution="coqui-tts-trainer",
        replace=stopping,
        known=(
            Known(
                "0.4.0",
                "1812989d9f8521bb",
                "(self, loss_dict, step_optimizer, optimizer_idx, grad_norm)",
            ),
        ),
        probe=_probe,
    ),
)
