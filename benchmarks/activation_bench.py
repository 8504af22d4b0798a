"""What autoload adds to ``import torch``: our own part alone, in fresh processes.

``python benchmarks/activation_bench.py [--runs N]``. Each run imports torch with entry points
switched off, then times what PyTorch would do for ours: load it and call it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys

LIMIT_MS = 2.0
PROBE = """
import json, time
import torch
before = time.perf_counter()
from coqui_amharic_ext.autoload import AwaitCoqui, autoload
autoload()
after = time.perf_counter()
import sys
heavy = [name for name in ("TTS", "transformers", "pluggy", "epitran") if name in sys.modules]
installed = any(isinstance(finder, AwaitCoqui) for finder in sys.meta_path)
print(json.dumps({"ms": (after - before) * 1000, "heavy": heavy, "installed": installed}))
"""


def measure() -> dict[str, object]:
    """Time one autoload in a fresh process."""
    environment = dict(os.environ, TORCH_DEVICE_BACKEND_AUTOLOAD="0", COQUI_AMHARIC_AUTOLOAD="1")
    done = subprocess.run(
        [sys.executable, "-c", PROBE], env=environment, capture_output=True, text=True, check=True
    )
    result: dict[str, object] = json.loads(done.stdout)
    return result


def main() -> int:
    """Print the median and range in milliseconds; exit 1 above the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9, help="fresh processes (default: 9)")
    arguments = parser.parse_args()
    runs = [measure() for _ in range(arguments.runs)]
    if not all(run["installed"] for run in runs) or any(run["heavy"] for run in runs):
        print(f"autoload did not do its work, or imported too much: {runs}", file=sys.stderr)
        return 1
    times = sorted(float(str(run["ms"])) for run in runs)
    median = statistics.median(times)
    print(
        f"autoload: median {median:.2f} ms, least {times[0]:.2f}, most {times[-1]:.2f} "
        f"({len(times)} fresh processes; limit {LIMIT_MS} ms)"
    )
    return int(median > LIMIT_MS)


if __name__ == "__main__":
    sys.exit(main())
