"""Fused Adam and AdamW: the same update in one kernel per step instead of several."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import torch

from coqui_amharic_ext.errors import UnavailableError
from coqui_amharic_ext.settings import get_settings
from coqui_amharic_ext.training.runlog import run_log


def _refuse(optimizer: Any) -> str:
    """Return why an optimizer has no fused form, ``""`` if it has one."""
    if type(optimizer) not in (torch.optim.Adam, torch.optim.AdamW):
        return f"the recipe's optimizer is {type(optimizer).__name__}, not Adam or AdamW"
    for group in optimizer.param_groups:
        for name in ("foreach", "differentiable"):
            if group.get(name):
                return f"the recipe's optimizer_params ask for {name}"
        for parameter in group["params"]:
            if not parameter.is_floating_point():
                return f"a parameter is of {parameter.dtype}, not of a floating point type"
    return ""


def fuse(optimizer: Any) -> Any:
    """Return the fused form of an optimizer, over the same parameters and options.

    Checkpoints stay as upstream writes them: a saved state has the recipe's value of ``fused``, and
    loading a state does not switch fusion off.

    Parameters
    ----------
    optimizer : torch.optim.Adam or torch.optim.AdamW
        A new optimizer, without a state.

    Returns
    -------
    torch.optim.Optimizer
        A new one of the same class.

    Raises
    ------
    UnavailableError
        It has no fused form.
    """
    reason = _refuse(optimizer)
    if reason:
        raise UnavailableError(
            f"fused_adamw=True cannot be used: {reason}; set fused_adamw to False or change the "
            "recipe's optimizer."
        )
    before = optimizer.defaults.get("fused")
    groups = [{**group, "fused": True} for group in optimizer.param_groups]
    # AdamW stores a default of Adam's that its constructor does not take.
    accepted = inspect.signature(type(optimizer)).parameters
    options = {name: value for name, value in optimizer.defaults.items() if name in accepted}
    fused = type(optimizer)(groups, **{**options, "fused": True})
    if hasattr(optimizer, "_group_names"):  # set by upstream
        fused._group_names = optimizer._group_names

    def as_upstream(_: Any, state: dict[str, Any]) -> None:
        for group in state["param_groups"]:
            group["fused"] = before

    def fused_again(loaded: Any) -> None:
        for group in loaded.param_groups:
            group["fused"] = True
            for parameter in group["params"]:
                step = loaded.state.get(parameter, {}).get("step")
                if step is not None:
                    # The fused kernel reads its step count on the parameters' device.
                    loaded.state[parameter]["step"] = torch.as_tensor(step, dtype=torch.float32).to(
                        parameter.device
                    )

    fused.register_state_dict_post_hook(as_upstream)
    fused.register_load_state_dict_post_hook(fused_again)
    return fused


def with_fused_optimizers(original: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    """Wrap ``Trainer.get_optimizer``, through which every model's optimizers pass."""

    @functools.wraps(original)
    def get_optimizer(self: Any) -> list[Any]:
        optimizers = original(self)
        if not get_settings().fused_adamw:
            return optimizers
        fused = [fuse(optimizer) for optimizer in optimizers]
        run_log.info(" > coqui-amharic-ext: fused %s", type(fused[0]).__name__)
        return fused

    return get_optimizer
