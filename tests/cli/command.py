"""The command as a child process, with none of our variables but those given."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

COMMAND = [sys.executable, "-c", "from coqui_amharic_ext.cli import main; main()"]


def environment(**extra: str) -> dict[str, str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("COQUI_AMHARIC_")}
    return clean | {"COQUI_AMHARIC_G2P": "rules"} | extra


def run(
    *arguments: str, given: str | bytes = "", folder: Path | None = None, **extra: str
) -> tuple[int, str, str]:
    """Run a verb, in a folder if one is given; return its exit code, output and error output."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        input=given.encode() if isinstance(given, str) else given,
        env=environment(**extra),
        cwd=folder,
        capture_output=True,
        timeout=300,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


_WATCHED = """
import atexit, os, sys

@atexit.register
def tell():
    heavy = [name for name in ("TTS", "transformers", "trainer") if name in sys.modules]
    print("cost", round(sum(os.times()[:2]), 2), *heavy, file=sys.stderr)

from coqui_amharic_ext.cli import main; main()
"""
MOST_SECONDS = 4.5
"""Of CPU: torch itself takes 2 s, the models' packages 6 s, and a model of full size 30."""


def refused_early(*arguments: str, folder: Path) -> str:
    """Run a verb that is refused; return its one line, before which nothing heavy was loaded."""
    done = subprocess.run(
        [sys.executable, "-c", _WATCHED, *arguments],
        env=environment(),
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert done.returncode == 2, done.stderr
    *said, cost = done.stderr.splitlines()
    assert len(said) == 1, done.stderr
    assert cost.split()[2:] == []
    assert float(cost.split()[1]) < MOST_SECONDS
    return said[0]
