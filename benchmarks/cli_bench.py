"""Speed and memory of ``coqui-amharic phonemize`` on long files, as whole commands.

    python benchmarks/cli_bench.py [--words N] [--types N] [--runs N] [--csv FILE]

Every figure is of a child process, from its start to its end: reading, normalising, transcribing
with the rules backend, writing. Two files are made: running text (words drawn by Zipf's law from
30 000 types) and cold text (each type once). "warm" is what a second million words of the same
text takes more than the first, so that neither start nor first meetings are in it; it and "whole"
are in words per second of CPU time, which is per core. "workers" compares wall-clock time, one
process against two, in turn; "CPU of 2 workers" is what the second one costs. Memory is the peak of
the largest process. The load average of the minute before is in every row: on a machine that does
other work the wall-clock figures mean little.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rows

COMMAND = [sys.executable, "-c", "from coqui_amharic_ext.cli import main; main()", "phonemize"]
TYPES_IN_TEXT = 30_000
LINE = 12
TARGETS = {"warm": 300_000.0, "peak memory": 200.0, "workers": 1.7}
"""What is aimed at: words/s of one core, MB at most, times one worker."""


@dataclass(frozen=True)
class Run:
    """One command: wall-clock and CPU seconds, and the largest process's peak in MB."""

    wall: float
    cpu: float
    peak: float


def run(files: Sequence[Path], workers: int = 1) -> Run:
    """Run the command on files, its output thrown away."""
    options = [part for file in files for part in ("--file", str(file))]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("COQUI_AMHARIC_")}
    started = time.perf_counter()
    child = subprocess.Popen(
        [*COMMAND, *options, "--workers", str(workers)],
        stdout=subprocess.DEVNULL,
        env=clean | {"COQUI_AMHARIC_G2P": "rules"},
    )
    _, status, used = os.wait4(child.pid, 0)
    wall = time.perf_counter() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit(f"phonemize ended with exit code {child.returncode}")
    return Run(wall, used.ru_utime + used.ru_stime, peak_mb(used))


def peak_mb(used: resource.struct_rusage) -> float:
    """Return a peak in MB (10^6 bytes); Linux counts in KiB, macOS in bytes."""
    return used.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


def make_files(folder: Path, words: int, types: int) -> tuple[Path, Path, int, int]:
    """Write running and cold text; return the files and how many words each really has.

    It is done in a process of its own: a child's peak begins with what its parent had when it
    forked.
    """
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_make_files, folder, words, types).result()


def _make_files(folder: Path, words: int, types: int) -> tuple[Path, Path, int, int]:
    from g2p_bench import running_text, word_types

    known = word_types(None, max(types, TYPES_IN_TEXT))
    text = running_text(None, known[:TYPES_IN_TEXT], words + LINE)
    running, cold = folder / "running.txt", folder / "cold.txt"
    running.write_text("\n".join(text) + "\n", encoding="utf-8")
    lines = (" ".join(known[i : i + LINE]) for i in range(0, types, LINE))
    cold.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return running, cold, sum(len(line.split()) for line in text), len(known[:types])


def measure(options: argparse.Namespace, folder: Path) -> Iterator[dict[str, Any]]:
    """Yield one row for each metric."""
    running, cold, words, types = make_files(folder, options.words, options.types)
    whole, warm, cold_rates, ratios, costs = [], [], [], [], []
    peaks: dict[str, list[float]] = {}
    for _ in range(options.runs):
        once, twice = run([running]), run([running, running])
        whole.append(words / once.cpu)
        warm.append(words / (twice.cpu - once.cpu))
        peaks.setdefault(f"{words} words", []).append(once.peak)
        peaks.setdefault(f"{2 * words} words", []).append(twice.peak)
        one, two = run([cold]), run([cold], workers=2)
        cold_rates.append(types / one.cpu)
        ratios.append(one.wall / two.wall)
        costs.append(two.cpu / one.cpu)
        peaks.setdefault(f"{types} types", []).append(one.peak)
        peaks.setdefault(f"{types} types, 2 workers", []).append(two.peak)
    yield row("whole", f"{words} words", "words/s of CPU time", whole)
    yield row("warm", f"{words} words more", "words/s of CPU time", warm)
    yield row("cold", f"{types} types", "words/s of CPU time", cold_rates)
    yield row("workers", f"{types} types, 1 against 2", "times as fast", ratios)
    yield row("CPU of 2 workers", f"{types} types", "times that of 1", costs)
    for what, values in peaks.items():
        yield row("peak memory", what, "MB", values)


def row(metric: str, what: str, unit: str, values: Sequence[float]) -> dict[str, Any]:
    """Return a metric's quantiles, and whether its median reaches what is aimed at."""
    low, median, high = rows.quantiles(values)
    target = TARGETS.get(metric)
    reached = "" if target is None else median <= target if unit == "MB" else median >= target
    return {
        "metric": metric,
        "of": what,
        "unit": unit,
        "runs": len(values),
        "q20": f"{low:.4g}",
        "median": f"{median:.4g}",
        "q80": f"{high:.4g}",
        "target": "" if target is None else f"{target:g}",
        "reached": reached,
    }


def about() -> dict[str, str]:
    """Return device, versions, commit and time."""
    kept = ("device", "cores", "coqui-amharic-ext", "commit", "time")
    found = rows.machine("cpu")  # imports torch, so not before the children are measured
    return {name: found[name] for name in kept}


def main() -> int:
    """Measure, print, append to the CSV; 1 if something aimed at is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--words", type=int, default=1_000_000, help="words of running text")
    parser.add_argument("--types", type=int, default=200_000, help="types of cold text")
    parser.add_argument("--runs", type=int, default=3, help="how often all of it is run")
    parser.add_argument("--csv", type=Path, default=rows.RESULTS / "cli.csv")
    options = parser.parse_args()
    found = []
    load = f"{os.getloadavg()[0]:.1f}"
    with tempfile.TemporaryDirectory() as folder:
        for result in measure(options, Path(folder)):
            verdict = {True: "reached", False: "missed", "": ""}[result["reached"]]
            aim = f"  (aim {result['target']}: {verdict})" if result["target"] else ""
            sys.stdout.write(
                f"{result['metric']:<16} {result['of']:<28} {float(result['median']):>12,.6g} "
                f"{result['unit']}  [{result['q20']} … {result['q80']}]{aim}\n"
            )
            sys.stdout.flush()
            found.append({"load": load} | result)
    machine = about()
    rows.append(options.csv, [machine | result for result in found])
    sys.stdout.write(f"appended to {options.csv}\n")
    return int(any(result["reached"] is False for result in found))


if __name__ == "__main__":
    sys.exit(main())
