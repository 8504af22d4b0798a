"""Training losses, read from the TensorBoard files that the trainer writes."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Final

import pandas as pd
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

Losses = dict[str, dict[int, float]]
"""By name: the value at each global step."""

TOTALS: Final = ("loss", "loss_gen", "loss_mel", "loss_text_ce", "loss_mel_ce", "loss_0", "loss_1")
"""The usual losses: totals and the parts that can be heard."""
MOST_POINTS: Final = 400
"""Of one loss; TensorBoard's reader keeps a sample that covers the whole run."""
_SCOPE: Final = "TrainIterStats/"


class LossReader:
    """Reads what a run has written since the last reading; the files may not be there yet."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._readers: dict[Path, Any] = {}

    def read(self) -> Losses:
        """Return the usual losses, or all of them where there is none of these."""
        found: Losses = {}
        for folder in sorted({file.parent for file in self._folder.glob("*/events.out.tfevents*")}):
            sizes = {"scalars": MOST_POINTS, "images": 1, "audio": 1, "histograms": 1, "tensors": 1}
            reader = self._readers.setdefault(folder, EventAccumulator(str(folder), sizes))
            for tag in reader.Reload().Tags()["scalars"]:
                if tag.startswith(f"{_SCOPE}loss"):
                    # A resumed run may write a step again.
                    values = {one.step: one.value for one in reader.Scalars(tag)}
                    found.setdefault(tag.removeprefix(_SCOPE), {}).update(values)
        return {name: found[name] for name in TOTALS if name in found} or found


def frame(losses: Losses) -> pd.DataFrame:
    """Return one row per point that can be drawn, for gradio's plots."""
    rows = [
        (step, value, name)
        for name, points in losses.items()
        for step, value in sorted(points.items())
        if math.isfinite(value)
    ]
    return pd.DataFrame(rows, columns=["step", "value", "loss"])
