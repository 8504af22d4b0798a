"""The logger of a training run, which writes to its console and its log file."""

from __future__ import annotations

import logging
from typing import Final

run_log: Final = logging.getLogger("trainer.coqui_amharic_ext")
"""A child of the trainer's logger, to which the trainer attaches the run's log file."""
