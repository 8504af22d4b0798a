"""The folder of a run: one training at a time writes it, and only the main process.

Upstream names a run's folder by the minute, so that two runs that begin in one minute, or two that
go on with one run, write over each other's checkpoints. And where several processes are interrupted
before the first checkpoint, each would remove the folder in which the main one is saving.
"""

from __future__ import annotations

import functools
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from coqui_amharic_ext.io.files import filling, naming, sweep
from coqui_amharic_ext.io.locks import OutputLock
from coqui_amharic_ext.patching import Known, Patch, calls
from coqui_amharic_ext.training.saving import local_path

_taken: dict[Path, OutputLock] = {}


def _take(folder: Path) -> None:
    if folder not in _taken:
        with naming(folder, folder):
            # Inside, so that the folder of all runs holds runs alone.
            _taken[folder] = OutputLock(folder, inside=True)
    sweep(folder, now=True)


def _release(folder: Path | None) -> None:
    lock = None if folder is None else _taken.pop(folder.resolve(), None)
    if lock is not None:
        lock.release()


def taking_the_folder(original: Callable[..., None]) -> Callable[..., None]:
    """Wrap ``copy_model_files``, the first that a trainer writes into the run's folder."""

    @functools.wraps(original)
    def copy_model_files(config: Any, out_path: Any, new_fields: Any) -> None:
        folder = local_path(out_path)
        if folder is None:
            original(config, out_path, new_fields)
        elif _is_main():
            _take(folder.resolve())
            # Beside its place: a kill must not leave half of the config that continuing reads.
            with filling(folder / "config") as aside:
                original(config, aside, new_fields)
                for path in aside.iterdir():
                    path.replace(folder / path.name)
                aside.rmdir()

    return copy_model_files


def giving_the_folder_back(original: Callable[[Any], None]) -> Callable[[Any], None]:
    """Wrap ``Trainer._fit``, with which a training ends where it is not interrupted."""

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
            # It is the last that the trainer does there.
            _release(local_path(experiment_path))
            original(experiment_path)

    return remove_experiment_folder


def _is_main() -> bool:
    from trainer.utils.distributed import is_main_process

    return bool(is_main_process())


def _probe_config(original: Callable[..., None]) -> None:
    """Check that what is written goes where it is told."""
    with tempfile.TemporaryDirectory() as folder:
        original(SimpleNamespace(to_dict=lambda: {"a": 1}), folder, {"b": 2})
        written = Path(folder, "config.json").read_text(encoding="utf-8")
        if json.loads(written) != {"a": 1, "b": 2}:
            raise RuntimeError("it does not write the config and the new fields to config.json")


def _probe_fit(original: Callable[[Any], None]) -> None:
    from trainer.trainer import Trainer

    if not calls("_fit")(Trainer.fit):
        raise RuntimeError("fit() does not call it")


def _probe_remove(original: Callable[[Any], None]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder, "run")
        run.mkdir()
        (run / "a.pth").touch()
        original(run)
        if not run.exists():
            raise RuntimeError("it removes a run with a checkpoint")
        (run / "a.pth").unlink()
        original(run)
        if run.exists():
            raise RuntimeError("it does not remove a run without a checkpoint")


PATCHES: Final = (
    Patch(
        name="run-folder-taken",
        module="trainer.trainer",
        qualname="copy_model_files",
        summary="one training at a time writes a run's folder; its config.json is whole",
        distribution="coqui-tts-trainer",
        replace=taking_the_folder,
        known=(Known("0.4.0", "f6b0c8622d32dbbe", "(config, out_path, new_fields)"),),
        probe=_probe_config,
    ),
    Patch(
        name="run-folder-given-back",
        module="trainer.trainer",
        qualname="Trainer._fit",
        summary="a run's folder is free for others when its training has ended",
        distribution="coqui-tts-trainer",
        replace=giving_the_folder_back,
        known=(Known("0.4.0", "2cfe825c107df14a", "(self)"),),
        probe=_probe_fit,
    ),
    Patch(
        name="run-folder-removed-once",
        module="trainer.trainer",
        qualname="remove_experiment_folder",
        summary="only the main process removes the folder of a run that saved nothing",
        distribution="coqui-tts-trainer",
        replace=removing_once,
        known=(Known("0.4.0", "3859638130cfdd58", "(experiment_path)"),),
        probe=_probe_remove,
    ),
)
