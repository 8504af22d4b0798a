"""What activation costs: our own part alone, in fresh processes.

``python benchmarks/activation_bench.py [--runs N]``. Each run imports torch with entry points
switched off, then times what PyTorch would do for ours: load it and call it. That is what every
program that imports torch pays, and it has a limit. Programs that import Coqui pay for checking and
applying the patches, too; that is timed against Coqui's own import and printed without a limit.

Autoload is measured in CPU time and from bytecode, as in an installed package: an unmeasured first
process writes it. Compiling the sources in each process takes three times as long as autoload.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from typing import Any

LIMIT_MS = 2.0
PROBE = """
import json, time
import torch
before = time.process_time()
from coqui_amharic_autoload import autoload
autoload()
after = time.process_time()
import sys
heavy = [name for name in ("TTS", "transformers", "pluggy", "epitran") if name in sys.modules]
installed = any(type(finder).__name__ == "PostImportFinder" for finder in sys.meta_path)
print(json.dumps({"ms": (after - before) * 1000, "heavy": heavy, "installed": installed}))
"""
PATCHES = """
import json, time
before = time.perf_counter()
import TTS.tts.models.xtts, TTS.tts.layers.xtts.trainer.gpt_trainer, TTS.utils.synthesizer
between = time.perf_counter()
import coqui_amharic_ext as am
from coqui_amharic_ext import activation
activation.activate()
after = time.perf_counter()
applied = sum(patch.state == "applied" for patch in am.status().patches)
times = {"coqui": between - before, "patches": after - between, "applied": applied}
print(json.dumps(times))
"""


def measure(code: str, **variables: str) -> dict[str, Any]:
    """Run code in a fresh process and return what it prints as JSON."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("COQUI_AMHARIC_")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment | variables,
        capture_output=True,
        text=True,
        check=True,
    )
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def main() -> int:
    """Print medians and ranges; exit 1 when autoload is above its limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9, help="fresh processes (default: 9)")
    arguments = parser.parse_args()
    measure(PROBE, TORCH_DEVICE_BACKEND_AUTOLOAD="0")
    runs = [measure(PROBE, TORCH_DEVICE_BACKEND_AUTOLOAD="0") for _ in range(arguments.runs)]
    if not all(run["installed"] for run in runs) or any(run["heavy"] for run in runs):
        print(f"autoload did not do its work, or imported too much: {runs}", file=sys.stderr)
        return 1
    times = sorted(run["ms"] for run in runs)
    median = statistics.median(times)
    print(
        f"autoload at import torch: median {median:.2f} ms, least {times[0]:.2f}, most "
        f"{times[-1]:.2f} ({len(times)} fresh processes; limit {LIMIT_MS} ms of CPU time)"
    )
    full = [measure(PATCHES, COQUI_AMHARIC_AUTOLOAD="0") for _ in range(min(arguments.runs, 5))]
    print(
        f"checking and applying {full[0]['applied']} patches: median "
        f"{statistics.median(run['patches'] for run in full) * 1000:.0f} ms, beside "
        f"{statistics.median(run['coqui'] for run in full) * 1000:.0f} ms for importing Coqui "
        f"({len(full)} fresh processes)"
    )
    return int(median > LIMIT_MS)


if __name__ == "__main__":
    sys.exit(main())
