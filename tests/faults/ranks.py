"""Trains a toy in two processes over gloo, of which one alone meets a fault.

Run as ``python -m tests.faults.ranks FOLDER FAULT`` by both; ``RANK`` says which one it is.
"""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path
from typing import Any

import torch
import trainer.trainer as upstream
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

import coqui_amharic_ext as am
from tests.training.toy import ToyModel

WORLD = 2
FAULT_AT = 6


class Model(ToyModel):
    """Has a loss or a gradient that is NaN, in one process and one step."""

    trainer: Any = None
    fault = ""

    def train_step(self, batch: Any, criterion: Any, optimizer_idx: int | None = None) -> Any:
        outputs, losses = super().train_step(batch, criterion)
        if self.trainer.args.rank == 1 and self.trainer.total_steps_done == FAULT_AT - 1:
            if self.fault in ("loss", "accumulated"):
                losses["loss"] = losses["loss"] * float("nan")
            elif self.fault in ("gradient", "scaled"):
                losses["loss"] = losses["loss"] + (self.layer.weight * 0).sum().sqrt()
        return outputs, losses


def main(folder: Path, fault: str) -> None:
    rank = int(os.environ["RANK"])
    torch.set_num_threads(1)
    torch.manual_seed(3)
    am.activate(am.Settings(g2p_backends=("rules",)))
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=WORLD
    )
    upstream.init_distributed = lambda *args: None
    upstream.DDP_th = lambda module, **_: DistributedDataParallel(module)
    upstream.GradScaler = functools.partial(torch.GradScaler, device="cpu")
    environment = upstream.Trainer.setup_training_environment

    def devices(args: Any, config: Any, gpu: Any) -> tuple[bool, int]:
        environment(args=args, config=config, gpu=gpu)
        return False, WORLD

    upstream.Trainer.setup_training_environment = staticmethod(devices)
    model = Model()
    model.fault = fault
    made = upstream.Trainer(
        upstream.TrainerArgs(
            rank=rank, use_ddp=True, grad_accum_steps=3 if fault == "accumulated" else 1
        ),
        upstream.TrainerConfig(
            output_path=str(folder / "runs"),
            run_name="toy",
            run_eval=False,
            optimizer="SGD",
            lr=0.1,
            epochs=4,
            use_grad_scaler=fault == "scaled",
            print_step=1000,
            plot_step=1000,
            save_step=2,
            save_n_checkpoints=1,
        ),
        model=model,
        train_samples=[],
        parse_command_line_args=False,
    )
    model.trainer = made
    made.fit()
    if rank == 0:
        assert all(bool(weight.isfinite().all()) for weight in model.parameters())
    distributed.destroy_process_group()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
