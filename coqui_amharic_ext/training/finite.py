"""Training stops before NaN reaches the weights or a checkpoint.

Upstream's trainer claims to raise on a NaN loss but does not: it trains on with NaN weights and
overwrites the last good checkpoints. Here training ends before a step that would spoil the weights.
All processes end in the same step: gradients are averaged, so that a NaN on one is a NaN on all. A
gradient scaler skips such steps itself, which is normal in fp16.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import torch

_LOSS: Final = re.compile(r"loss(_\d+)?")
_SAVED: Final = re.compile(r"(?:checkpoint|best_model)_(\d+)\.pth")
LEAST_SCALE: Final = 2.0**-40
"""A scaler starts at 2**16 and halves at each skipped step; healthy training stays far above."""


class LossError(ArithmeticError):
    """Losses, gradients or weights are NaN or infinite."""


def _finite(tensors: Iterable[torch.Tensor]) -> bool:
    """Whether every value is finite; the host waits for the device once."""
    from torch.nn.utils import get_total_norm

    dense = [t.coalesce().values() if t.is_sparse else t for t in tensors]
    dense = [t.detach() for t in dense if t.is_floating_point() and t.numel()]
    # A norm costs one pass over memory. It is infinite for very large numbers, too.
    return (
        not dense
        or math.isfinite(get_total_norm(dense).item())
        or all(bool(t.isfinite().all()) for t in dense)
    )


def _scaled(trainer: Any) -> bool:
    """Whether a gradient scaler decides about each step."""
    accelerator = getattr(trainer, "accelerator", None)
    return any(getattr(owner, "scaler", None) is not None for owner in (trainer, accelerator))


def _processes() -> int:
    from coqui_amharic_ext.training.gradients import processes

    return processes()


def refusing_steps(original: Callable[[Any], None]) -> Callable[[Any], None]:
    """Wrap ``Trainer._fit``: no optimizer makes a step with NaN or infinite gradients."""

    @functools.wraps(original)
    def _fit(self: Any) -> None:
        if not _finite(self.model.parameters()):
            raise LossError(_bad_start(self))
        handles = []
        for optimizer in self.optimizer:
            plain = getattr(optimizer, "optimizer", optimizer)  # Accelerate wraps it
            handles.append(plain.register_step_pre_hook(functools.partial(_check_step, self)))
        try:
            original(self)
        finally:
            for handle in handles:
                handle.remove()

    return _fit


def _check_step(trainer: Any, optimizer: Any, args: Any, kwargs: Any) -> None:
    if _scaled(trainer):
        return
    import torch
    from torch import distributed

    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    good = _finite(p.grad for p in parameters if p.grad is not None)
    if _processes() > 1:
        # Where gradients are not averaged, one process may be the only one to have it.
        spoilt = torch.tensor([float(not good)], device=parameters[0].device)
        distributed.all_reduce(spoilt, op=distributed.ReduceOp.MAX)
        good = spoilt.item() == 0
    if not good:
        raise LossError(
            f"gradients are NaN or infinite at step {trainer.total_steps_done + 1}, which was not "
            f"made: {_advice(trainer)}"
        )


def stopping(original: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Wrap ``Trainer.detach_loss_dict``: a loss that is not finite raises.

    This covers what the check of gradients does not see: passes that only accumulate, losses
    without gradients, and a scaler that skips every step.
    """

    @functools.wraps(original)
    def detach_loss_dict(self: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        losses = original(self, *args, **kwargs)
        step = self.total_steps_done + 1
        if _scaled(self):
            if losses.get("amp_scaler", 1.0) < LEAST_SCALE:
                raise LossError(
                    f"gradients are NaN or infinite at step {step} whatever their scale, so that "
                    f"no step is made any more: {_advice(self)}"
                )
        # With several processes one would end alone; there the check of gradients ends all.
        elif _processes() == 1:
            for name, value in losses.items():
                if _LOSS.fullmatch(name) and not math.isfinite(value):
                    raise LossError(f"{name} is {float(value)} at step {step}: {_advice(self)}")
        return losses

    return detach_loss_dict


def _advice(trainer: Any) -> str:
    """Return how to resume, from the newest checkpoint that holds no NaN."""
    folder = Path(trainer.output_path)
    bad: list[str] = []
    for path in _newest_first(folder):
        if not _is_spoilt(path, trainer.model):
            remove = f"remove {', '.join(bad)}, whose weights are NaN; then " if bad else ""
            return (
                f"{remove}resume from the last checkpoint with --continue_path {folder}, with a "
                "lower learning rate or higher precision"
            )
        bad.append(path.name)
    found = f"the weights in {', '.join(bad)} are NaN" if bad else "nothing was saved yet"
    return f"{found}; start again, with a lower learning rate or higher precision"


def _newest_first(folder: Path) -> list[Path]:
    found = [(int(m[1]), path) for path in folder.glob("*.pth") if (m := _SAVED.match(path.name))]
    return [path for _, path in sorted(found, reverse=True)]


def _is_spoilt(path: Path, model: Any) -> bool:
    import torch

    weights = {name for name, _ in model.named_parameters(remove_duplicate=False)}
    with suppress(Exception):  # upstream reports a checkpoint that cannot be read
        file = torch.load(path, map_location="cpu", mmap=True, weights_only=True)
        state = {k: v for k, v in file["model"].items() if isinstance(v, torch.Tensor)}
        optimizers = [SimpleNamespace(state=kept["state"]) for kept in file.get("optimizer") or ()]
        return (
            not _finite(tensor for name, tensor in state.items() if name in weights)
            or not all(_are_numbers(t) for name, t in state.items() if name not in weights)
            or bool(_spoilt(_states(optimizers)))
        )
    return False


def _bad_start(trainer: Any) -> str:
    restored = getattr(trainer.args, "restore_path", "")
    if not restored:
        return "the model's weights are NaN or infinite before the first step"
    return f"the weights in {restored} are NaN or infinite: {_advice(trainer)}"


def saving_numbers(original: Callable[..., None]) -> Callable[..., None]:
    """Wrap ``save_model``: NaN weights are not saved and replace no checkpoint."""

    @functools.wraps(original)
    def save_model(config: Any, model: Any, output_path: Any, **kwargs: Any) -> None:
        names = [] if _finite(model.parameters()) else _spoilt(model.named_parameters())
        names += [name for name, tensor in _kept(model) if not _are_numbers(tensor)]
        names += _spoilt(_states(kwargs.get("optimizer")))
        if names:
            others = f" and {len(names) - 1} others" if len(names) > 1 else ""
            raise LossError(
                f"{output_path} is not saved, since weights are NaN or infinite: {names[0]}"
                f"{others}; earlier checkpoints are unchanged"
            )
        original(config, model, output_path, **kwargs)

    return save_model


def _spoilt(named: Iterable[tuple[str, torch.Tensor]]) -> list[str]:
    return [name for name, tensor in named if not _finite([tensor])]


def _kept(model: Any) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield a checkpoint's tensors besides weights, such as a batch norm's running mean."""
    import torch

    weights = {name for name, _ in model.named_parameters(remove_duplicate=False)}
    for name, value in model.state_dict().items():
        if name not in weights and isinstance(value, torch.Tensor):
            yield name, value


def _are_numbers(tensor: torch.Tensor) -> bool:
    """Whether no value is NaN; attention masks hold infinite values on purpose."""
    return not bool(tensor.isnan().any())


def _states(optimizers: Any) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the tensors of optimizers' states: with NaN there, the next step gives NaN."""
    import torch

    for optimizer in optimizers or ():
        for state in optimizer.state.values():
            for name, value in state.items():
                if isinstance(value, torch.Tensor):
                    yield f"the optimizer's {name}", value
