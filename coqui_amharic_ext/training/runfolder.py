"""The folder of a run: one training at a time writes it, and only the main process.

Upstream names a run's folder by the minute, so that two runs started in the same minute, or two
that resume one run, overwrite each other's checkpoints. And where several processes are interrupted
before the first checkpoint, each would remove the folder in which the main one is saving.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from coqui_amharic_ext.io.ending import Ended, like_ctrl_c
from coqui_amharic_ext.io.files import filling, naming, sweep
from coqui_amharic_ext.io.locks import OutputLock
from coqui_amharic_ext.training.saving import local_path

_locks: dict[Path, OutputLock] = {}


def _take(folder: Path) -> None:
    if folder not in _locks:
        with naming(folder, folder):
            # Inside, so that the folder of all runs holds only runs.
            _locks[folder] = OutputLock(folder, inside=True)
    sweep(folder, now=True)


def _release(folder: Path | None) -> None:
    lock = None if folder is None else _locks.pop(folder.resolve(), None)
    if lock is not None:
        lock.release()


def taking_the_folder(original: Callable[..., None]) -> Callable[..., None]:
    """Wrap ``copy_model_files``, the first step that writes into the run's folder."""

    @functools.wraps(original)
    def copy_model_files(config: Any, out_path: Any, new_fields: Any) -> None:
        folder = local_path(out_path)
        if folder is None:
            original(config, out_path, new_fields)
        elif _is_main():
            _take(folder.resolve())
            try:
                # Written elsewhere and moved: a kill must not truncate a resumed run's config.
                with filling(folder / "config") as aside:
                    original(config, aside, new_fields)
                    for path in aside.iterdir():
                        path.replace(folder / path.name)
                    aside.rmdir()
            except BaseException:
                _release(folder)
                with suppress(OSError):  # a resumed run has files there
                    folder.rmdir()
                raise

    return copy_model_files


def removing_unbegun(original: Callable[..., None]) -> Callable[..., None]:
    """Wrap ``Trainer.__init__``, which writes a new run's config and log long before training.

    SIGTERM and SIGHUP end it as Ctrl-C does.
    """

    @functools.wraps(original)
    def __init__(self: Any, *given: Any, **named: Any) -> None:
        with like_ctrl_c() as ending:
            try:
                original(self, *given, **named)
            except BaseException as error:
                folder = getattr(self, "output_path", None)
                if folder is not None and not self.continue_run:
                    from trainer import trainer

                    with suppress(OSError):
                        trainer.remove_experiment_folder(folder)  # where it has no checkpoint
                if isinstance(error, Ended):
                    raise SystemExit(ending.code(130)) from None
                raise

    return __init__


def giving_the_folder_back(original: Callable[[Any], None]) -> Callable[[Any], None]:
    """Wrap ``Trainer._fit``, with which a training ends unless it is interrupted."""

    @functools.wraps(original)
    def _fit(self: Any) -> None:
        folder = local_path(self.output_path)
        if folder is not None and _is_main():
            _take(folder.resolve())
        try:
            original(self)
        except KeyboardInterrupt:
            raise  # the trainer saves now
        except BaseException:
            _release(folder)
            raise
        _release(folder)

    return _fit


def removing_once(original: Callable[[Any], None]) -> Callable[[Any], None]:
    """Wrap ``remove_experiment_folder``, which removes a run that saved nothing."""

    @functools.wraps(original)
    def remove_experiment_folder(experiment_path: Any) -> None:
        if _is_main():
            # This is the trainer's last step in the folder.
            _release(local_path(experiment_path))
            original(experiment_path)

    return remove_experiment_folder


def _is_main() -> bool:
    from trainer.utils.distributed import is_main_process

    return bool(is_main_process())
