"""Sentences a second through Ray Data with one worker and with two, and what that means at scale.

    python benchmarks/scale_bench.py [--sentences 240000] [--workers 1 2] [--backend rules]

Needs the extra ``ray``. Each measurement starts Ray on this machine, transcribes the same file and
writes Parquet; the first, small run of each is not counted. Start-up is left out, since it does not
grow with the corpus. The estimate for a billion sentences divides by the measured rate of one
worker and by the number of workers: it supposes that storage keeps up and that the cores are like
this one.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import rows
import soak

BILLION = 1_000_000_000
FLEET = 64


def write_corpus(path: Path, sentences: int) -> None:
    """Write sentences of the lexicon's words, as the soak puts them together."""
    strings = soak.Strings(1, soak.corpus_lines(None))
    draw = random.Random(1)  # noqa: S311  no secret
    with path.open("w", encoding="utf-8") as stream:
        for _ in range(sentences):
            stream.write(strings.sentence(draw) + "\n")


def measure(path: Path, folder: Path, workers: int, backend: str | None) -> float:
    """Return seconds for a file with some workers, after a small run to warm up."""
    from coqui_amharic_ext.data import ray_engine
    from coqui_amharic_ext.data.transcriber import Transcriber

    size = path.stat().st_size
    pieces = max(1, size // 32)
    out = folder / f"out{workers}"
    done = ray_engine.run(
        [path], out, Transcriber(backend=backend), workers=workers, force=True, range_bytes=pieces
    )
    return done.seconds


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure each number of workers, and estimate."""
    found = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small, whole = folder / "small.txt", folder / "whole.txt"
        write_corpus(small, 500)
        write_corpus(whole, options.sentences)
        for workers in options.workers:
            measure(small, folder, workers, options.backend)
            seconds = measure(whole, folder, workers, options.backend)
            rate = options.sentences / seconds
            found.append({"workers": workers, "seconds": round(seconds, 2), "rate": round(rate)})
            sys.stderr.write(f"{workers} workers: {rate:,.0f} sentences/s\n")
    single = found[0]["rate"] / found[0]["workers"]
    return {
        "sentences": options.sentences,
        "backend": options.backend or "the configured chain",
        "measured": found,
        "speed-up": round(found[-1]["rate"] / found[0]["rate"], 2),
        "estimate": {
            "sentences": BILLION,
            "core hours": round(BILLION / single / 3600),
            f"hours on {FLEET} cores, if rates add up": round(BILLION / single / 3600 / FLEET, 1),
        },
        "machine": rows.machine("cpu"),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the result as JSON, and write it where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--sentences", type=int, default=240_000)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--backend", help="only this G2P backend, not the configured chain")
    parser.add_argument("--output", type=Path, help="write the JSON to this file, too")
    options = parser.parse_args(arguments)
    document = json.dumps(run(options), ensure_ascii=False, indent=1) + "\n"
    sys.stdout.write(document)
    if options.output is not None:
        options.output.write_text(document, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
