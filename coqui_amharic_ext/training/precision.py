"""``Settings.precision``, applied to the trainer's own options and written to the run's log."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch

from coqui_amharic_ext.errors import UnavailableError
from coqui_amharic_ext.settings import Settings, get_settings
from coqui_amharic_ext.training.keeping import log_restored, refuse_of_another_model
from coqui_amharic_ext.training.runlog import run_log


def _refuse(settings: Settings, args: Any) -> str:
    """Return why the precision is not available here and the fix, ``""`` if it is."""
    precision = settings.precision
    if precision == "fp16" and not torch.cuda.is_available():
        return (
            "the trainer has no fp16 on a CPU (it would take bfloat16 instead); set precision to "
            "bf16, fp32 or stock"
        )
    if precision == "bf16" and torch.cuda.is_available():
        if not torch.cuda.is_bf16_supported(including_emulation=False):
            return (
                f"{torch.cuda.get_device_name()} does not compute in bfloat16 (compute capability "
                "8.0 is needed); set precision to fp16, fp32 or stock"
            )
    if precision == "fp32" and args.use_accelerate:
        return (
            "with use_accelerate the trainer applies its precision even where mixed_precision is "
            "off; set precision to bf16, fp16 or stock, or use_accelerate to False"
        )
    return ""


def apply_precision(config: Any, args: Any, settings: Settings) -> None:
    """Set ``mixed_precision`` and ``precision`` of a trainer's config.

    Parameters
    ----------
    config : TrainerConfig
        Changed in place. Its ``config.json`` in the output folder was written before and keeps
        the recipe's values, so that a later run without the extension uses those.
    args : TrainerArgs
        The trainer's arguments.
    settings : Settings
        ``precision="stock"`` changes nothing.

    Raises
    ------
    UnavailableError
        The precision is not available on this device.
    """
    if settings.precision == "stock":
        return
    reason = _refuse(settings, args)
    if reason:
        raise UnavailableError(f"precision={settings.precision!r} cannot be used: {reason}.")
    if settings.precision == "fp32":
        config.mixed_precision = False
    else:
        config.mixed_precision = True
        config.precision = settings.precision


def _log_precision(config: Any, settings: Settings) -> None:
    from trainer.utils.distributed import is_main_process

    if not is_main_process():
        return
    source = "the recipe's own" if settings.precision == "stock" else "set by Settings.precision"
    used = f"{config.precision} autocast" if config.mixed_precision else "float32"
    run_log.info(" > coqui-amharic-ext: precision %s (%s)", used, source)
    chosen = settings.to_environment()
    if chosen:
        listed = ", ".join(f"{name}={value}" for name, value in sorted(chosen.items()))
        run_log.info(" > coqui-amharic-ext: settings other than default: %s", listed)


def with_precision(original: Any) -> Any:
    """Wrap ``Trainer.setup_training_environment``.

    It is the first step of every trainer whose config is final (overrides and a resumed run's
    values are in it) and whose log file is open, and it runs before anything reads the precision.
    """
    plain: Callable[..., Any] = original.__func__

    @functools.wraps(plain)
    def setup_training_environment(args: Any, config: Any, gpu: int | None) -> Any:
        settings = get_settings()
        refuse_of_another_model(config, settings)
        apply_precision(config, args, settings)
        _log_precision(config, settings)
        log_restored(args)
        return plain(args=args, config=config, gpu=gpu)

    return staticmethod(setup_training_environment)
