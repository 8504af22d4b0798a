"""A run's settings, stored in its folder when training starts; later differences are logged."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

from coqui_amharic_ext import run_folder
from coqui_amharic_ext.errors import SettingsError
from coqui_amharic_ext.settings import ENVIRONMENT, Settings, get_settings
from coqui_amharic_ext.training.runlog import run_log


def refuse_of_another_model(config: Any, settings: Settings) -> None:
    """Refuse settings that do not apply to the model.

    Raises
    ------
    SettingsError
        The message names each with its variable.
    """
    model = getattr(config, "model", None)
    unread = settings.of_another_model(model) if isinstance(model, str) else {}
    if unread:
        listed = ", ".join(f"{name}={value}" for name, value in unread.items())
        raise SettingsError(f"{listed}: about XTTS's GPT, and the model is {model}; unset it")


def keeping_settings(original: Any) -> Any:
    """Wrap ``Trainer.init_loggers``, the first step that knows the run's folder and has a log."""
    plain: Callable[..., Any] = original.__func__

    @functools.wraps(plain)
    def init_loggers(config: Any, output_path: Any, *args: Any, **kwargs: Any) -> Any:
        from trainer.utils.distributed import is_main_process

        if is_main_process():
            _keep(Path(output_path), get_settings())
        return plain(config, output_path, *args, **kwargs)

    return staticmethod(init_loggers)


def _keep(folder: Path, settings: Settings) -> None:
    kept = run_folder.read(folder)
    if kept is not None:
        before = Settings.from_environment(kept)
        for option in fields(Settings):
            was, now = getattr(before, option.name), getattr(settings, option.name)
            if was != now:
                run_log.info(
                    " > coqui-amharic-ext: %s is %r, given now; the run had %r",
                    ENVIRONMENT[option.name],
                    now,
                    was,
                )
    elif run_folder.continued() is not None:
        run_log.info(
            " > coqui-amharic-ext: %s holds no settings of the run; the current ones are used",
            folder,
        )
    run_folder.write(folder, settings.to_environment())


def log_restored(args: Any) -> None:
    """Log what ``--restore_path`` does not take over from the checkpoint's run."""
    from trainer.utils.distributed import is_main_process

    if not args.restore_path or args.continue_path or not is_main_process():
        return
    kept: dict[str, str] | None = None
    with suppress(SettingsError):  # this run does not need them
        kept = run_folder.read(Path(args.restore_path).parent)
    had = ", ".join(f"{name}={value}" for name, value in (kept or {}).items()) or "none"
    run_log.info(
        " > coqui-amharic-ext: --restore_path takes weights alone; optimizer, step, config and "
        "settings are this run's (other than default in that run: %s). --continue_path resumes a "
        "run",
        had,
    )
