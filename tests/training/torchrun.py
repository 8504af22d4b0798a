"""What ``torchrun`` starts on each rank: the plain scenario of ``together``, five steps of it.

Run as ``torchrun --standalone --nproc-per-node 2 -m tests.training.torchrun FOLDER``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from torch import distributed

from tests.training import together

STEPS = 5


def main(folder: Path) -> None:
    rank, world = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    together.STEPS = STEPS
    together.SCENARIOS = {"plain": {}}
    meet = distributed.init_process_group

    def as_launched(backend: str, **_: Any) -> None:
        meet(backend)  # by the address that torchrun gives, not by a file

    distributed.init_process_group = as_launched
    together.main(rank, world, folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
