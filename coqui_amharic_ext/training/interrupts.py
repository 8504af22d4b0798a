"""SIGTERM and SIGHUP end training as Ctrl-C does: with a checkpoint, and exit code 128 + N.

The trainer saves on ``KeyboardInterrupt`` alone. Schedulers, service managers and closing terminals
send these signals instead, often also to the loader's workers.
"""

from __future__ import annotations

import functools
import os
import signal
import time
from collections.abc import Callable
from typing import Any, Final

from coqui_amharic_ext.errors import CoquiAmharicError
from coqui_amharic_ext.io.ending import Ending, like_ctrl_c

PATIENCE: Final = 2.0
"""Seconds after a worker's end in which our process may receive the same signal."""
_WORKER: Final = "DataLoader worker"
_KILLED: Final = ("killed by signal: Killed", "exited unexpectedly")


class WorkerKilledError(CoquiAmharicError, RuntimeError):
    """Another process killed a worker of the data loader."""


def _begin_to_end(ending: Ending) -> None:
    if hasattr(signal, "SIGCHLD"):
        # torch's handler raises when a worker ends, which would interrupt saving.
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    leave = os._exit

    def leave_by_signal(code: int) -> None:
        # The trainer ends the process itself, with 130 whatever the signal.
        leave(ending.code(code))

    os._exit = leave_by_signal  # type: ignore[assignment]


def ending_like_ctrl_c(original: Callable[[Any], None]) -> Callable[[Any], None]:
    """Wrap ``Trainer._fit``, around which the trainer saves when it is interrupted."""

    @functools.wraps(original)
    def _fit(self: Any) -> None:
        with like_ctrl_c(_begin_to_end):
            try:
                original(self)
            except RuntimeError as error:
                if not str(error).startswith(_WORKER):
                    raise
                # A signal to the process group may reach a worker first; ours follows.
                time.sleep(PATIENCE)
                if not any(sign in str(error) for sign in _KILLED):
                    raise
                raise WorkerKilledError(
                    f"{str(error).partition('. ')[0]}, as when memory runs out: train with fewer "
                    "--coqpit.num_loader_workers or a smaller --coqpit.batch_size; the checkpoints "
                    "are complete, --continue_path resumes the run"
                ) from error

    return _fit
