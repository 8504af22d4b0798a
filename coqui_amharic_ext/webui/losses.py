"""Training losses, read from what the trainer prints while it prints it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
_TRAIN_STEP: Final = re.compile(r"--> TIME: .* GLOBAL_STEP: (\d+)")
_OTHER_STEP: Final = re.compile(r"-->|> EPOCH:|> EVALUATION")
_LOSS: Final = re.compile(r"\| > (loss\w*): (\S+)")
_EPOCH: Final = re.compile(r"> EPOCH: (\d+)/(\d+)")

TOTALS: Final = ("loss", "loss_gen", "loss_mel", "loss_text_ce", "loss_mel_ce", "loss_0", "loss_1")
"""What is worth a line of its own: totals and the parts that speech is heard in."""


def uncoloured(text: str) -> str:
    """Take terminal colours out."""
    return _COLOUR.sub("", text)


@dataclass(slots=True)
class LossReader:
    """Reads a log piece by piece.

    Attributes
    ----------
    losses : dict of str to list of (int, float)
        By the trainer's name of the loss: global step and value.
    epoch, epochs : int or None
        The epoch it is in, from 0, and the last one.
    """

    losses: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    epoch: int | None = None
    epochs: int | None = None
    _step: int | None = None
    _rest: str = ""

    def feed(self, text: str) -> None:
        """Read the next piece; a line is read when its end is there."""
        *whole, self._rest = (self._rest + text).split("\n")
        for line in whole:
            self._line(uncoloured(line))

    def _line(self, line: str) -> None:
        if found := _TRAIN_STEP.search(line):
            self._step = int(found[1])
        elif _OTHER_STEP.search(line):
            # Losses of the evaluation follow, which has no global step.
            self._step = None
            if epoch := _EPOCH.search(line):
                self.epoch, self.epochs = int(epoch[1]), int(epoch[2])
        elif self._step is not None and (loss := _LOSS.search(line)):
            try:
                value = float(loss[2])
            except ValueError:
                return
            self.losses.setdefault(loss[1], []).append((float(self._step), value))

    @property
    def step(self) -> int | None:
        """The last global step with a loss."""
        return max((int(points[-1][0]) for points in self.losses.values()), default=None)

    def shown(self) -> dict[str, list[tuple[float, float]]]:
        """Return the losses that are worth a line, all of them where none of the usual is there."""
        usual: dict[str, list[tuple[float, float]]] = {
            name: self.losses[name] for name in TOTALS if name in self.losses
        }
        return usual or dict(self.losses)
