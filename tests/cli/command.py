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
