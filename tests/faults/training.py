"""Trains a toy that meets a fault in its fifth step, and goes on from what is left.

Run as ``python -m tests.faults.training FOLDER``: upstream is imported once, each run is a forked
child of its own, and ``found.json`` says how each ended and what it left.
"""

from __future__ import annotations

import functools
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

FAULT_AT = 5
SAVED_AT = 2
"""Upstream writes checkpoint N in the step after N, whose result it holds: here that of step 3."""
STEPS = 3  # in an epoch
EPOCHS = 4


class Batches:
    """Three batches that never change, with a chance for a fault before one of them."""

    def __init__(self, fault: Callable[[], None]) -> None:
        self.fault = fault

    def __len__(self) -> int:
        return STEPS

    def __getitem__(self, index: int) -> Any:
        import torch

        if index == 1:
            self.fault()
        return {"x": torch.full((2, 4), 1.0 + index)}


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _out_of_memory() -> None:
    import torch

    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")


FAULTS: dict[str, Callable[[], Any]] = {
    "out of memory": _out_of_memory,
    "NaN": lambda: float("nan"),
    "infinite": lambda: float("inf"),
    "NaN gradient": lambda: None,
    "terminated": lambda: os.kill(os.getpid(), signal.SIGTERM),
    "hung up": lambda: os.kill(os.getpid(), signal.SIGHUP),
    "killed": _die,
    "interrupted": lambda: os.kill(os.getpid(), signal.SIGINT),
    "loader killed": _die,
}
SAVES: tuple[str, ...] = ("interrupted", "terminated", "hung up")
"""Faults at which the trainer saves once more."""


def _trainer(folder: Path, fault: str, resume: str) -> Any:
    import torch
    from trainer import Trainer, TrainerArgs, TrainerConfig

    from tests.training.toy import ToyModel

    class Model(ToyModel):
        def train_step(self, batch: Any, criterion: Any, optimizer_idx: int | None = None) -> Any:
            outputs, losses = super().train_step(batch, criterion)
            if fault and fault != "loader killed" and made.total_steps_done == FAULT_AT - 1:
                factor = FAULTS[fault]()
                losses["loss"] = losses["loss"] * (1.0 if factor is None else factor)
                if fault == "NaN gradient":  # of a root of nothing, which is nothing
                    losses["loss"] = losses["loss"] + (self.layer.weight * 0).sum().sqrt()
            return outputs, losses

        def get_data_loader(self, *args: Any, **kwargs: Any) -> Any:
            # Asked in the worker, which is forked anew for each epoch.
            dies = fault == "loader killed"
            data = Batches(lambda: _die() if dies and made.epochs_done == 1 else None)
            workers = 1 if dies else 0
            return torch.utils.data.DataLoader(data, batch_size=None, num_workers=workers)

    made: Any = None
    torch.manual_seed(3)
    made = Trainer(
        TrainerArgs(continue_path=resume),
        TrainerConfig(
            output_path=str(folder),
            run_name="toy",
            run_eval=False,
            optimizer="AdamW",
            lr=0.1,
            lr_scheduler="StepLR",
            lr_scheduler_params={"step_size": 2, "gamma": 0.5},
            scheduler_after_epoch=False,
            use_grad_scaler=fault == "" and folder.name.endswith("scaled"),
            epochs=EPOCHS,
            print_step=1000,
            plot_step=1000,
            save_step=2,
            save_best_after=10**6,
            save_n_checkpoints=2,
        ),
        model=Model(),
        train_samples=[],
        parse_command_line_args=False,
    )
    return made


def _train(folder: Path, fault: str, resume: str) -> None:
    import torch

    import coqui_amharic_ext as am

    am.activate(am.Settings(g2p_backends=("rules",)))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    made = _trainer(folder, fault, resume)
    way: dict[int, Any] = {}
    step = made.train_step

    def noted(*args: Any, **kwargs: Any) -> Any:
        result = step(*args, **kwargs)
        way[made.total_steps_done] = {
            "weights": made.model.layer.weight.detach().clone(),
            "optimizer": float(next(iter(made.optimizer[0].state.values()))["step"]),
            "rate": made.optimizer[0].param_groups[0]["lr"],
            "scheduler": made.scheduler[0].last_epoch,
            "scale": made.scaler.state_dict() if made.scaler is not None else {},
        }
        return result

    made.train_step = noted
    made.fit()
    torch.save(way, folder / "way.pt")


def _in_child(folder: Path, name: str, fault: str, resume: str) -> int:
    """Return how a run in a child of its own ended, as ``subprocess`` tells it."""
    child = os.fork()
    if child == 0:
        log = (folder.parent / f"{name}.log").open("w")
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        try:
            _train(folder, fault, resume)
            code = 0
        except SystemExit as error:
            code = int(error.code or 0)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _runs() -> Iterator[tuple[str, str]]:
    yield "whole", ""
    yield "whole scaled", ""
    for fault in FAULTS:
        yield fault, fault


def main(folder: Path) -> None:
    import torch
    import trainer.trainer as upstream

    torch.set_num_threads(1)
    # Upstream's scaler is CUDA's and does nothing here; torch has one for CPUs.
    upstream.GradScaler = functools.partial(torch.GradScaler, device="cpu", growth_interval=2)
    found: dict[str, Any] = {}
    for name, fault in _runs():
        own = folder / name
        own.mkdir()
        code = _in_child(own, name, fault, "")
        (run,) = (path for path in own.iterdir() if path.is_dir())
        found[name] = {"code": code, "left": sorted(p.name for p in run.rglob("*.p*"))}
        if name == "whole":
            continue
        if name == "whole scaled":  # as if it had been killed after the last checkpoint but one
            for path in run.glob("checkpoint_*.pth"):
                if int(path.stem.rpartition("_")[2]) != 10:
                    path.unlink()
            (own / "way.pt").rename(own / "first.pt")
        found[name]["again"] = _in_child(own, f"{name} again", "", str(run))
    (folder / "found.json").write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
