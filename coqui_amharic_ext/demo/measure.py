"""Compare the extension with stock: time, memory and parity of a training step of the XTTS GPT."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

from coqui_amharic_ext.demo.compare import difference
from coqui_amharic_ext.demo.process import python, run_logged

LOSS_TOLERANCE: Final = 1e-4
GRADIENT_TOLERANCE: Final = 1e-3
ORDER: Final = ("stock", "extension", "extension", "stock")
"""Alternating, so that a machine that slows down favours neither."""

Begin = Callable[[str], AbstractContextManager[Callable[[str], None]]]


def measure(folder: Path, begin: Begin) -> dict[str, Any]:
    """Run the four steps in separate processes and compare them.

    Parameters
    ----------
    folder : Path
        Folder for the logs.
    begin : callable
        Called with the name of a step; returns a context manager that receives the latest log line.

    Returns
    -------
    dict
        ``stock`` and ``extension``: ``seconds`` (the quicker of two runs), ``slowest`` (the other)
        and ``peak_mib``; ``device``; ``difference``, as
        ``compare.difference`` returns it; ``equal``: whether that is within the tolerances.

    Raises
    ------
    StepFailedError
        A step ended with an error.
    """
    rows: dict[str, list[dict[str, Any]]] = {"stock": [], "extension": []}
    for number, variant in enumerate(ORDER):
        with begin(f"one GPT training step, {variant}") as tell:
            log = folder / f"compare-{number}-{variant}.log"
            run_logged(
                python("-m", "coqui_amharic_ext.demo.compare", str(folder / f"{variant}.pt")),
                log,
                tell=tell,
                environment={"COQUI_AMHARIC_AUTOLOAD": str(int(variant == "extension"))},
            )
            rows[variant].append(json.loads(log.read_text(encoding="utf-8").splitlines()[-1]))
    found = difference(folder / "stock.pt", folder / "extension.pt")
    for variant in rows:
        (folder / f"{variant}.pt").unlink()
    summary = {
        variant: {
            "seconds": min(row["seconds"] for row in measured),
            "slowest": max(row["seconds"] for row in measured),
            "peak_mib": statistics.median(row["peak_mib"] for row in measured),
        }
        for variant, measured in rows.items()
    }
    equal = found["loss"] <= LOSS_TOLERANCE and found["gradient"] <= GRADIENT_TOLERANCE
    return {
        **summary,
        "device": rows["stock"][0]["device"],
        "difference": found,
        "equal": equal,
    }
