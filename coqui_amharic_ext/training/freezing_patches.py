"""The patches behind ``Settings.freeze``, and the fault of upstream's that they meet."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Final

from coqui_amharic_ext.patching import Known, Patch
from coqui_amharic_ext.settings import Settings

TRAINER: Final = "coqui-tts-trainer"


def _freezes(settings: Settings) -> bool:
    return bool(settings.freeze)


def _ours(name: str) -> Callable[[Any], Any]:
    def replace(original: Any) -> Any:
        from coqui_amharic_ext.training import freezing

        return getattr(freezing, name)(original)

    return replace


def _expect(true: bool, what: str) -> None:
    if not true:
        raise RuntimeError(f"it no longer {what}")


def _probe_optimizer(original: Callable[[Any], list[Any]]) -> None:
    from coqui_amharic_ext.training import probes

    probes.optimizer(original)


def _probe_step_start(original: Callable[[Any, Any], None]) -> None:
    told: list[Any] = []
    model = SimpleNamespace(on_train_step_start=told.append)
    trainer = SimpleNamespace(
        _get_model=lambda: model, model=model, criterion=[], optimizer=[], total_steps_done=0
    )
    original(SimpleNamespace(callbacks_on_train_step_start=[told.append]), trainer)
    _expect(told == [trainer, trainer], "tells model and callbacks that a step starts")


def _probe_norm(original: Callable[[Any, Any], Any]) -> None:
    import torch

    parameter = torch.zeros(2, requires_grad=True)
    parameter.grad = torch.tensor([3.0, 4.0])
    optimizer = SimpleNamespace(param_groups=[{"params": [parameter]}])
    trainer = SimpleNamespace(master_params=lambda o: iter(o.param_groups[0]["params"]))
    _expect(float(original(trainer, optimizer)) == 5.0, "returns the 2-norm of all gradients")


def _takes_missing_gradients(original: Callable[[Any, Any], Any]) -> bool:
    import torch

    unused = SimpleNamespace(param_groups=[{"params": [torch.zeros(2, requires_grad=True)]}])
    trainer = SimpleNamespace(master_params=lambda o: iter(o.param_groups[0]["params"]))
    try:
        original(trainer, unused)
    except AttributeError:
        return False
    return True


PATCHES: Final = (
    # After the fused optimizer's patch of the same method, so that what it makes is frozen.
    Patch(
        name="trainer-freeze",
        module="trainer.trainer",
        qualname="Trainer.get_optimizer",
        summary="the parts that Settings.freeze names stay out of the optimizer",
        distribution=TRAINER,
        replace=_ours("with_frozen_parts"),
        known=(Known("0.4.0", "5452a9cdfe047f39", "(self)"),),
        probe=_probe_optimizer,
        enabled=_freezes,
    ),
    Patch(
        name="trainer-thaw",
        module="trainer.callbacks",
        qualname="TrainerCallback.on_train_step_start",
        summary="after freeze_steps everything is trained",
        distribution=TRAINER,
        replace=_ours("with_thawing"),
        known=(Known("0.4.0", "4a54dc1524573d7f", "(self, trainer)"),),
        probe=_probe_step_start,
        enabled=_freezes,
    ),
    Patch(
        name="trainer-gradient-norm",
        module="trainer.trainer",
        qualname="Trainer._compute_grad_norm",
        summary="a parameter without a gradient does not stop training in mixed precision",
        distribution=TRAINER,
        replace=_ours("norm_of_present"),
        known=(Known("0.4.0", "f12c293daa8fa520", "(self, optimizer)"),),
        probe=_probe_norm,
        upstream_has=_takes_missing_gradients,
    ),
)
