"""Processes whose default encoding is not UTF-8."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

NAMES = ("C", "CP1252")


@cache
def _made() -> tuple[str, str]:
    """Return the folder with a CP1252 locale, and why there is none."""
    if shutil.which("localedef") is None:
        return "", "there is no localedef to make a CP1252 locale with"
    folder = Path(tempfile.mkdtemp(prefix="locales"))
    done = subprocess.run(
        ["localedef", "-i", "en_US", "-f", "CP1252", str(folder / "en_US.CP1252")],
        capture_output=True,
        text=True,
    )
    if not (folder / "en_US.CP1252").is_dir():
        return "", f"localedef makes no CP1252 locale: {done.stderr.strip()}"
    return str(folder), ""


def variables(name: str) -> dict[str, str]:
    """Return this process's variables in that locale, without ours and Python's fall-backs."""
    clean = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(("COQUI_AMHARIC_", "_COQUI_AMHARIC_", "LC_", "LANG", "PYTHONIOENC"))
    }
    clean |= {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "OMP_NUM_THREADS": "1"}
    if name == "C":
        return clean | {"LC_ALL": "C"}
    folder, missing = _made()
    if missing:
        pytest.skip(missing)
    return clean | {"LC_ALL": "en_US.CP1252", "LOCPATH": folder}
