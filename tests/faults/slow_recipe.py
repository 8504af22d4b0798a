"""A recipe as stock ones are, with loader workers, that trains a toy until it is told to end.

Run as ``python -m tests.faults.slow_recipe FOLDER [RUN]``; it writes ``FOLDER/training`` when the
first step is done.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import torch
from trainer import Trainer, TrainerArgs, TrainerConfig

from coqui_amharic_ext.recipes.train_vits import make_parser as make_parser
from tests.training.toy import ToyModel


class Batches:
    """More batches than anyone waits for."""

    def __len__(self) -> int:
        return 10**6

    def __getitem__(self, index: int) -> Any:
        return {"x": torch.ones(2, 4)}


class Model(ToyModel):
    """Takes its time and tells when it trains."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.steps = 0

    def train_step(self, batch: Any, criterion: Any, optimizer_idx: int | None = None) -> Any:
        time.sleep(0.01)
        self.steps += 1
        if self.steps == 3:
            (self.folder / "training").touch()
        return super().train_step(batch, criterion)

    def get_data_loader(self, *args: Any, **kwargs: Any) -> Any:
        return torch.utils.data.DataLoader(Batches(), batch_size=None, num_workers=2)


def main(folder: Path, resume: str) -> None:
    torch.set_num_threads(1)
    trainer = Trainer(
        TrainerArgs(continue_path=resume),
        TrainerConfig(
            output_path=str(folder / "runs"),
            run_name="toy",
            run_eval=False,
            optimizer="AdamW",
            lr=0.01,
            print_step=10**6,
            plot_step=10**6,
            save_step=10**6,
        ),
        model=Model(folder),
        train_samples=[],
        parse_command_line_args=False,
    )
    trainer.fit()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "")
