"""A check, before the first step, of whether a run's checkpoints will fit on the disk.

A disk that fills up days later costs the steps since the last checkpoint.
"""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from coqui_amharic_ext.errors import CoquiAmharicError
from coqui_amharic_ext.training.runlog import run_log
from coqui_amharic_ext.training.saving import local_path

# Tensors of a parameter's shape in an optimizer's state; other optimizers count as none.
_COPIES: Final = {
    **dict.fromkeys(("Adam", "AdamW", "NAdam", "RAdam", "Adamax", "CapturableAdamW"), 2),
    **dict.fromkeys(("Adagrad", "RMSprop"), 1),
}


class DiskSpaceError(CoquiAmharicError, OSError):
    """The disk has no room for a single checkpoint."""


@dataclass(frozen=True, slots=True)
class Need:
    """Bytes on the disk: one checkpoint, the peak of all, those that exist, and the free space.

    ``most`` is None where the recipe keeps every checkpoint.
    """

    one: int
    most: int | None
    there: int
    free: int

    @property
    def more(self) -> int:
        """Bytes still to be written, at least."""
        return max(self.one, (self.one if self.most is None else self.most) - self.there)


def need(trainer: Any, folder: Path) -> Need:
    """Estimate a run's need from its model, its optimizers and its config."""
    config = trainer.config
    one = _size(trainer._get_model().state_dict().values())
    one += sum(map(_optimizer_size, trainer.optimizer))
    kept: int | None = 0
    if config.save_checkpoints:
        kept = config.save_n_checkpoints
    # One more checkpoint is written before the oldest is removed. The best model counts once:
    # best_model.pth is a second name of it.
    most = None if kept is None or config.save_all_best else (kept + 2) * one
    there = {path.stat().st_ino: path.stat().st_size for path in folder.glob("*.pth")}
    return Need(one, most, sum(there.values()), shutil.disk_usage(folder).free)


def _size(tensors: Iterable[Any]) -> int:
    import torch

    storages = {}
    for tensor in tensors:
        if isinstance(tensor, torch.Tensor):
            storages[tensor.data_ptr(), tensor.device] = tensor.numel() * tensor.element_size()
    return sum(storages.values())


def _optimizer_size(optimizer: Any) -> int:
    if optimizer.state:  # a resumed run
        return _size(value for state in optimizer.state.values() for value in state.values())
    copies = _COPIES.get(type(optimizer).__name__, 0)
    momentum = any(group.get("momentum") for group in optimizer.param_groups)
    weights = [p for group in optimizer.param_groups for p in group["params"] if p.requires_grad]
    return (copies or int(momentum)) * _size(weights)


def _check(trainer: Any) -> None:
    folder = local_path(trainer.output_path)
    if folder is None or trainer.args.rank > 0:
        return
    found = need(trainer, folder)
    if found.free < found.one and trainer.config.save_checkpoints:
        _remove_new(trainer)
        raise DiskSpaceError(
            f"{folder}: a checkpoint of this run takes {_shown(found.one)}, and "
            f"{_shown(found.free)} are free there; make room, or give another --output"
        )
    kept = (
        "keeps every checkpoint; --coqpit.save_n_checkpoints N keeps the last N"
        if found.most is None
        else f"will need up to {_shown(found.most)}"
    )
    line = f"each checkpoint takes about {_shown(found.one)} in {folder}, and the run {kept}; "
    line += f"{_shown(found.free)} are free"
    if found.free < found.more:
        run_log.warning(" > coqui-amharic-ext: THE DISK IS TOO SMALL: %s", line)
    else:
        run_log.info(" > coqui-amharic-ext: %s", line)


def _remove_new(trainer: Any) -> None:
    """Remove the folder of a run that does not start, as the trainer does for one that fails."""
    if not trainer.continue_run:
        from trainer.trainer import remove_experiment_folder

        trainer.dashboard_logger.finish()  # it writes into the folder
        remove_experiment_folder(trainer.output_path)


def _shown(size: int) -> str:
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000  # type: ignore[assignment]
    return f"{size:.1f} GB"


def asking_for_room(original: Callable[[Any], None]) -> Callable[[Any], None]:
    """Wrap ``Trainer.save_training_script``, the last step of a trainer's set-up."""

    @functools.wraps(original)
    def save_training_script(self: Any) -> None:
        original(self)
        _check(self)

    return save_training_script
