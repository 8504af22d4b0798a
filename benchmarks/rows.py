"""What every benchmark row carries, and how rows get into a CSV file."""

from __future__ import annotations

import csv
import datetime
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from coqui_amharic_ext.io.locks import OutputLock

RESULTS = Path(__file__).parent / "results"
_PACKAGES = ("torch", "transformers", "coqui-tts", "coqui-amharic-ext")


def machine(device: str) -> dict[str, str]:
    """Return device, driver, versions, commit and time."""
    import torch

    found = {"device": _processor(), "driver": ""}
    if device == "cuda":
        found["device"] = torch.cuda.get_device_name()
        found["driver"] = f"{_driver()}, CUDA {torch.version.cuda}".removeprefix(", ")
    found["cores"] = str(os.cpu_count())
    found["threads"] = str(torch.get_num_threads())
    found |= {name: _version(name) for name in _PACKAGES}
    found["commit"] = _commit()
    found["time"] = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    return found


def append(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append rows to a CSV file; a file with other columns is refused, not mixed up.

    Raises
    ------
    ValueError
        The file's columns are not those of the rows.
    """
    fields = list(dict.fromkeys(key for row in rows for key in row))
    path.parent.mkdir(parents=True, exist_ok=True)
    with OutputLock(path, patience=30):  # another benchmark appends in no time
        if path.exists():
            with path.open(encoding="utf-8", newline="") as file:
                present = next(csv.reader(file), [])
            if present != fields:
                raise ValueError(
                    f"{path} has the columns {present}, not {fields}; give another --csv"
                )
        new = not path.exists()
        with path.open("a", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, fields, lineterminator="\n")
            if new:
                writer.writeheader()
            writer.writerows(rows)


def quantiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the 20 %, 50 % and 80 % quantiles."""
    ordered = sorted(values)
    low, middle, high = (ordered[round(q * (len(ordered) - 1))] for q in (0.2, 0.5, 0.8))
    return low, middle, high


def _driver() -> str:
    command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip().splitlines()[0]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()
