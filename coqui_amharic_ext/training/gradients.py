"""Averaging of gradients over processes, which upstream's trainer omits.

The trainer wraps the model in ``DistributedDataParallel`` and then calls ``train_step`` of the
model inside it. DDP averages gradients only in its own ``forward``, so each process trains a
separate model and rank 0's is saved.

Here gradients are averaged once, when they are complete: after the last backward pass of an
accumulation and before clipping. Calling every model through ``DDP.forward`` instead would overlap
the exchange with the backward pass. But it needs an adapter for each model's ``train_step``, fails
on unused parameters (XTTS holds the DVAE and the decoder) unless DDP searches for them in every
step, conflicts with re-entrant checkpointing and several optimizers, and exchanges in every
accumulated pass unless that is disabled.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import distributed

from coqui_amharic_ext.training.runlog import run_log

BUCKET_BYTES: Final = 32 * 2**20
"""Bytes of gradients in one exchange: large enough for the link, small enough to copy."""
IN_FLIGHT: Final = 3
"""Concurrent exchanges, so that copying and sending overlap."""
_STEPPING: Final = "_coqui_amharic_stepping"


def processes() -> int:
    """Return the number of processes that train together."""
    if not distributed.is_available() or not distributed.is_initialized():
        return 1
    return distributed.get_world_size()


@dataclass(frozen=True, slots=True)
class _Bucket:
    gradients: list[torch.Tensor]
    flat: torch.Tensor
    work: Any

    def finish(self, world: int) -> None:
        self.work.wait()
        self.flat.div_(world)
        start = 0
        for gradient in self.gradients:
            size = gradient.numel()
            gradient.copy_(self.flat[start : start + size].view_as(gradient))
            start += size


def average_gradients(parameters: Iterable[torch.Tensor]) -> int:
    """Replace every gradient by its mean over all processes, as DDP would.

    Parameters
    ----------
    parameters : iterable of Tensor
        The same ones in the same order on every process. A gradient that is missing on some counts
        as zero there; one that is missing on all stays missing, so that the optimizer skips the
        parameter as it does in a single process.

    Returns
    -------
    int
        Number of exchanges; 0 with one process.
    """
    world = processes()
    if world == 1:
        return 0
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    if not trained:
        return 0
    present = _present_somewhere(trained)
    gradients = [_gradient(p) for p, there in zip(trained, present, strict=True) if there]
    exchanges = 1
    pending: deque[_Bucket] = deque()
    for bucket in _buckets(gradients):
        flat = torch.cat([gradient.reshape(-1) for gradient in bucket])
        work = distributed.all_reduce(flat, async_op=True)
        pending.append(_Bucket(bucket, flat, work))
        exchanges += 1
        if len(pending) >= IN_FLIGHT:
            pending.popleft().finish(world)
    while pending:
        pending.popleft().finish(world)
    return exchanges


def _present_somewhere(parameters: list[torch.Tensor]) -> list[bool]:
    """Return which parameters have a gradient on any process, in one small exchange."""
    here = [float(parameter.grad is not None) for parameter in parameters]
    flags = torch.tensor(here, device=parameters[0].device)
    distributed.all_reduce(flags, op=distributed.ReduceOp.MAX)
    return [flag > 0 for flag in flags.tolist()]


def _gradient(parameter: torch.Tensor) -> torch.Tensor:
    if parameter.grad is None:
        parameter.grad = torch.zeros_like(parameter)
    return parameter.grad


def _buckets(gradients: list[torch.Tensor]) -> Iterator[list[torch.Tensor]]:
    """Group gradients by device and dtype, in the same order on every process."""
    open_buckets: dict[tuple[torch.device, torch.dtype], list[torch.Tensor]] = {}
    filled: dict[tuple[torch.device, torch.dtype], int] = {}
    for gradient in gradients:
        kind = (gradient.device, gradient.dtype)
        open_buckets.setdefault(kind, []).append(gradient)
        filled[kind] = filled.get(kind, 0) + gradient.numel() * gradient.element_size()
        if filled[kind] >= BUCKET_BYTES:
            yield open_buckets.pop(kind)
            filled[kind] = 0
    yield from open_buckets.values()


def _optimizer_parameters(optimizers: Iterable[Any]) -> list[torch.Tensor]:
    """Return every parameter once, even if two optimizers share it."""
    found: dict[int, torch.Tensor] = {}
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                found.setdefault(id(parameter), parameter)
    return list(found.values())


def _synchronise(trainer: Any, optimizers: Iterable[Any]) -> None:
    if processes() == 1 or trainer.use_accelerate:
        return
    if not trainer.__dict__.get("_coqui_amharic_logged_sync"):
        trainer._coqui_amharic_logged_sync = True
        run_log.info(
            " > Gradients are averaged over %d processes before each optimizer step", processes()
        )
        dataset = getattr(getattr(trainer, "train_loader", None), "dataset", None)
        if type(dataset).__name__ == "XTTSDataset":
            run_log.warning(
                " > Every process draws the same samples, since upstream's XTTS dataset ignores "
                "its index and seeds all processes alike; set index_true_dataset=True "
                "(COQUI_AMHARIC_INDEX_TRUE_DATASET=1) to divide the samples among them"
            )
    average_gradients(_optimizer_parameters(optimizers))


def before_unscaling(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``Trainer._grad_clipping``, which only steps with a gradient scaler call.

    Gradients are exchanged before the scaler checks for overflow, so that all processes skip the
    same steps.
    """

    @functools.wraps(original)
    def _grad_clipping(self: Any, grad_clip: float, optimizer: Any, scaler: Any) -> Any:
        _synchronise(self, (optimizer,))
        return original(self, grad_clip=grad_clip, optimizer=optimizer, scaler=scaler)

    return _grad_clipping


def before_clipping(original: Callable[..., None]) -> Callable[..., None]:
    """Wrap ``TrainerCallback.before_gradient_clipping``.

    Steps without a gradient scaler call it once, clipping or not, when gradients are complete.
    """

    @functools.wraps(original)
    def before_gradient_clipping(trainer: Any) -> None:
        # With a scaler the exchange was made before unscaling.
        if not (trainer.use_amp_scaler and trainer.scaler is not None):
            stepping = trainer.__dict__.get(_STEPPING)
            _synchronise(trainer, trainer.optimizer if stepping is None else (stepping,))
        original(trainer)

    return before_gradient_clipping


def noting_optimizer(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``Trainer.optimize``, to record which of several optimizers steps."""

    @functools.wraps(original)
    def optimize(self: Any, batch: Any, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        setattr(self, _STEPPING, optimizer)
        try:
            return original(self, batch, optimizer, *args, **kwargs)
        finally:
            delattr(self, _STEPPING)

    return optimize


def upstream_averages(original: object) -> bool:
    """Whether the trainer averages gradients itself."""
    from trainer.utils import distributed as upstreams

    return hasattr(upstreams, "average_gradients")
