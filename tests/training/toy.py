"""The smallest model that upstream's trainer trains: one linear layer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from trainer import Trainer, TrainerArgs, TrainerConfig, TrainerModel


class ToyModel(TrainerModel):  # type: ignore[misc]
    """Fits a line, and notes under which autocast it was asked to."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(4, 4)
        self.seen: list[Any] = []

    def forward(self, x: Any) -> Any:
        return self.layer(x)

    def train_step(self, batch: Any, criterion: Any, optimizer_idx: int | None = None) -> Any:
        device = batch["x"].device.type
        enabled = torch.is_autocast_enabled(device)
        self.seen.append(torch.get_autocast_dtype(device) if enabled else torch.float32)
        return {"y": None}, {"loss": (self(batch["x"]) - 1).float().square().mean()}

    eval_step = train_step

    def get_criterion(self) -> Any:
        return None

    def get_data_loader(self, *args: Any, **kwargs: Any) -> Any:
        return torch.utils.data.DataLoader([{"x": torch.ones(2, 4)}] * 3, batch_size=None)


def make(folder: Path, *, use_accelerate: bool = False, **changes: Any) -> Any:
    """Build a trainer over a toy; keyword arguments change its config."""
    values = {
        "output_path": str(folder),
        "run_name": "toy",
        "run_eval": False,
        "optimizer": "AdamW",
        "lr": 0.1,
        "epochs": 1,
        "print_step": 1000,
        "plot_step": 1000,
        "save_checkpoints": False,
        **changes,
    }
    return Trainer(
        TrainerArgs(use_accelerate=use_accelerate),
        TrainerConfig(**values),
        model=ToyModel(),
        train_samples=[],
        parse_command_line_args=False,
    )
