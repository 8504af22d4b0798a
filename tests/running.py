"""Modules of the tests that have to run in a process of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def run_module(*words: str) -> None:
    """Run ``python -m`` with none of our variables; what it wrote to stderr is in the failure."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("COQUI_AMHARIC_")}
    done = subprocess.run(
        [sys.executable, "-m", *words],
        env=clean | {"OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr[-4000:]
