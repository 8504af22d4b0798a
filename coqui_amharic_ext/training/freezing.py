"""Freezing of parts of the XTTS GPT, for a number of steps or throughout.

New text tokens start from guesses. Training only ``text_embedding`` and ``text_head`` first
(``freeze="all_but_text"``) lets them converge before their gradients change the rest of the model.

Frozen parameters are removed from the optimizer: there they would decay, their moments would take
memory, and upstream's gradient norm would raise on their missing gradients. Checkpoints stay as
upstream writes them, so that a run can be resumed with or without the extension.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType, SimpleNamespace
from typing import Any, Final

from coqui_amharic_ext.errors import UnavailableError
from coqui_amharic_ext.options import parse_freeze
from coqui_amharic_ext.settings import get_settings
from coqui_amharic_ext.training.runlog import run_log

PARTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "text": ("text_embedding.", "text_head."),
        "mel": ("mel_embedding.", "mel_head."),
        "positions": ("text_pos_embedding.", "mel_pos_embedding."),
        "conditioning": (
            "conditioning_encoder.",
            "conditioning_perceiver.",
            "prompt_embedding.",
            "prompt_pos_embedding.",
        ),
        "transformer": ("gpt.", "final_norm."),
    }
)
"""The prefixes of parameters' names in upstream's ``GPT`` for each of ``options.FREEZABLE``."""

_KEEPER: Final = "_coqui_amharic_freezer"


def frozen_parameters(gpt: Any, parts: Iterable[str]) -> dict[str, Any]:
    """Return the parameters that belong to the given parts of a GPT, by name."""
    prefixes = tuple(prefix for part in parts for prefix in PARTS[part])
    return {n: p for n, p in gpt.named_parameters() if n.startswith(prefixes)}


class Freezer:
    """Keeps parameters out of an optimizer until a given step; its saved state stays upstream's.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        Over all parameters, without a state; changed in place.
    parameters : iterable of Parameter
        The parameters to freeze.
    steps : int
        Training steps after which they are trained; 0 for never.
    """

    def __init__(self, optimizer: Any, parameters: Iterable[Any], steps: int) -> None:
        self._optimizer = optimizer
        self._full = [list(group["params"]) for group in optimizer.param_groups]
        self._frozen = {id(parameter): parameter for parameter in parameters}
        self._steps = steps
        for parameter in self._frozen.values():
            parameter.requires_grad_(False)
            parameter.grad = None
        for group in optimizer.param_groups:
            group["params"] = [p for p in group["params"] if id(p) not in self._frozen]
        optimizer.register_state_dict_post_hook(self._as_upstream)
        optimizer.register_load_state_dict_pre_hook(self._from_upstream)

    @property
    def count(self) -> int:
        """The number of frozen scalars."""
        return sum(parameter.numel() for parameter in self._frozen.values())

    def at_step(self, step: int) -> bool:
        """Thaw if this is the step; return whether it is."""
        if not self._frozen or not self._steps or step < self._steps:
            return False
        self.thaw()
        return True

    def thaw(self) -> None:
        """Train all parameters from now on; the moments of the thawed ones start at zero."""
        for parameter in self._frozen.values():
            parameter.requires_grad_(True)
        for group, full in zip(self._optimizer.param_groups, self._full, strict=True):
            group["params"] = list(full)
        self._frozen.clear()

    def _numbers(self) -> tuple[list[int], set[int]]:
        """Return the indices of trained and of frozen parameters in upstream's saved state."""
        everything = [parameter for group in self._full for parameter in group]
        frozen = {n for n, parameter in enumerate(everything) if id(parameter) in self._frozen}
        return [n for n in range(len(everything)) if n not in frozen], frozen

    def _as_upstream(self, _: Any, saved: dict[str, Any]) -> dict[str, Any]:
        if not self._frozen:
            return saved
        trained, _frozen = self._numbers()
        start = 0
        groups = []
        for group, full in zip(saved["param_groups"], self._full, strict=True):
            groups.append({**group, "params": list(range(start, start + len(full)))})
            start += len(full)
        state = {trained[number]: value for number, value in saved["state"].items()}
        return {**saved, "state": state, "param_groups": groups}

    def _from_upstream(self, _: Any, saved: dict[str, Any]) -> dict[str, Any] | None:
        sizes = [len(group["params"]) for group in saved["param_groups"]]
        if not self._frozen or sizes != [len(full) for full in self._full]:
            return None
        trained, frozen = self._numbers()
        if self._steps and frozen & saved["state"].keys():
            # Their moments are saved: the run is past its frozen steps.
            self.thaw()
            return None
        number_of = {full: own for own, full in enumerate(trained)}
        groups = [
            {**group, "params": [number_of[n] for n in group["params"] if n in number_of]}
            for group in saved["param_groups"]
        ]
        state = {number_of[n]: value for n, value in saved["state"].items() if n in number_of}
        return {**saved, "state": state, "param_groups": groups}


def with_frozen_parts(original: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    """Wrap ``Trainer.get_optimizer``: the optimizer omits the parts of ``Settings.freeze``."""

    @functools.wraps(original)
    def get_optimizer(self: Any) -> list[Any]:
        settings = get_settings()
        optimizers = original(self)
        parts = parse_freeze(settings.freeze)
        if not parts:
            return optimizers
        model = getattr(self.model, "module", self.model)
        gpt = getattr(getattr(model, "xtts", None), "gpt", None)
        if gpt is None or len(optimizers) != 1:
            raise UnavailableError(
                f"freeze={settings.freeze!r} is about XTTS's GPT, but a {type(model).__name__} is "
                "trained; leave freeze (COQUI_AMHARIC_FREEZE) empty"
            )
        chosen = frozen_parameters(gpt, parts)
        freezer = Freezer(optimizers[0], chosen.values(), settings.freeze_steps)
        setattr(self, _KEEPER, freezer)
        until = f"up to step {settings.freeze_steps}" if settings.freeze_steps else "throughout"
        everything = sum(parameter.numel() for parameter in gpt.parameters())
        run_log.info(
            " > Frozen %s: %s (%.1f of %.1f million parameters)",
            until,
            ", ".join(parts),
            freezer.count / 1e6,
            everything / 1e6,
        )
        return optimizers

    return get_optimizer


def with_thawing(original: Callable[..., None]) -> Callable[..., None]:
    """Wrap ``TrainerCallback.on_train_step_start``, which knows the number of the step."""

    @functools.wraps(original)
    def on_train_step_start(self: Any, trainer: Any) -> None:
        freezer: Freezer | None = trainer.__dict__.get(_KEEPER)
        if freezer is not None and freezer.at_step(trainer.total_steps_done):
            run_log.info(" > Step %d: all parameters train from now on", trainer.total_steps_done)
        original(self, trainer)

    return on_train_step_start


def norm_of_present(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``Trainer._compute_grad_norm``, which raises on a parameter without a gradient."""

    @functools.wraps(original)
    def _compute_grad_norm(self: Any, optimizer: Any) -> Any:
        present = [
            parameter
            for group in optimizer.param_groups
            for parameter in group["params"]
            if parameter.grad is not None
        ]
        if not present:
            import torch

            return torch.zeros(())
        return original(self, SimpleNamespace(param_groups=[{"params": present}]))

    return _compute_grad_norm


def upstream_skips_missing(original: Callable[[Any, Any], Any]) -> bool:
    """Whether ``Trainer._compute_grad_norm`` skips parameters without a gradient itself."""
    import torch

    unused = SimpleNamespace(param_groups=[{"params": [torch.zeros(2, requires_grad=True)]}])
    trainer = SimpleNamespace(master_params=lambda o: iter(o.param_groups[0]["params"]))
    try:
        original(trainer, unused)
    except AttributeError:
        return False
    return True
