"""Speed, start-up time and memory of the G2P, against epitran in the same run.

    python benchmarks/g2p_bench.py [--words FILE] [--text FILE] [--output FILE.csv]

Cold types: words that a system has not met before, in batches that the systems take in turn, so
that what else the machine does hits all of them alike. Running text: normalisation and chain,
sentence by sentence, words met before. First sentence: import and one sentence in a fresh
interpreter, of words that are known and with one that a backend is loaded for. Peak: the process's
memory, and that above an interpreter that does nothing.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import gc
import itertools
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from coqui_amharic_ext.io.locks import OutputLock

RESULTS = Path(__file__).parent / "results" / "g2p.csv"
PREFIXES = ("", "የ", "በ", "ለ", "ከ", "ስለ", "እንደ", "ወደ", "ያለ", "እየ")
SUFFIXES = ("", "ን", "ም", "ና", "ዎች", "ዎቹ", "ዬ", "ው", "ዋ", "ዎችን", "ዎቻቸው", "ስ")
BATCH = 1000
SENTENCE = 12
START_RUNS = 9
BYTECODE = tempfile.TemporaryDirectory(prefix="g2p-bench-")


@dataclass(frozen=True)
class Result:
    """One metric with its 20, 50 and 80 % quantiles."""

    metric: str
    system: str
    unit: str
    low: float
    median: float
    high: float

    @classmethod
    def of(cls, metric: str, system: str, unit: str, values: Sequence[float]) -> Result:
        """Summarise values; of a single one all quantiles are the value itself."""
        ordered = sorted(values)
        pick = [ordered[round(q * (len(ordered) - 1))] for q in (0.2, 0.8)]
        return cls(metric, system, unit, pick[0], statistics.median(values), pick[1])


def word_types(path: str | None, count: int) -> list[str]:
    """Return distinct words: those of a file, or our lexicon's with affixes, well mixed."""
    from coqui_amharic_ext.g2p.phonology.letters import fidel
    from coqui_amharic_ext.io.tables import rows

    if path is not None:
        found = Path(path).read_text(encoding="utf-8").split()
    else:
        words, roots = rows("g2p/data/words.tsv", "word"), rows("g2p/data/roots.tsv", "citation")
        stems = [stem for (stem,) in (*words, *roots)]
        found = [p + s + e for s, p, e in itertools.product(stems, PREFIXES, SUFFIXES)]
    known = set(fidel())
    types = [word for word in dict.fromkeys(found) if set(word) <= known]
    random.Random(1).shuffle(types)  # noqa: S311  no secret
    return types[:count]


def running_text(path: str | None, types: list[str], words: int) -> list[str]:
    """Return sentences: a file's lines, or types drawn by Zipf's law, with punctuation."""
    if path is not None:
        return [line for line in Path(path).read_text(encoding="utf-8").splitlines() if line]
    random_ = random.Random(2)  # noqa: S311  no secret
    weights = [1 / rank for rank in range(1, len(types) + 1)]
    drawn = random_.choices(types, weights, k=words)
    return [
        " ".join(drawn[i : i + SENTENCE // 2])
        + "፣ "
        + " ".join(drawn[i + SENTENCE // 2 : i + SENTENCE])
        + "።"
        for i in range(0, len(drawn) - SENTENCE, SENTENCE)
    ]


def systems() -> dict[str, Callable[[list[str]], object]]:
    """Return what reads a batch of words, by name; each starts with an empty memory for words."""
    from coqui_amharic_ext.g2p.sentence import Reader
    from coqui_amharic_ext.settings import Settings

    found: dict[str, Callable[[list[str]], object]] = {}
    for name, backends in (("rules", ("rules",)), ("chain with epitran", ("epitran", "rules"))):
        reader = Reader(Settings(g2p_backends=backends))
        found[name] = lambda words, read=reader.phonemize: read(" ".join(words))  # type: ignore[misc]
    from epitran import Epitran

    transliterate = Epitran("amh-Ethi").transliterate
    found["epitran"] = lambda words: [transliterate(word) for word in words]
    return found


def timed(function: Callable[..., object], *arguments: object) -> float:
    """Return the seconds of a core that a call takes; what else the machine does not counted."""
    start = time.thread_time()
    function(*arguments)
    return time.thread_time() - start


def cold(types: list[str]) -> Iterator[Result]:
    """Time batches of new words, the systems in turn and in changing order."""
    read = systems()
    for function in read.values():
        function(["ሰላም", "ነው"])  # tables and libraries are loaded by the first word
    rates: dict[str, list[float]] = {name: [] for name in read}
    order = list(read)
    gc.disable()
    for start in range(0, len(types) - BATCH + 1, BATCH):
        batch = types[start : start + BATCH]
        for name in order:
            rates[name].append(BATCH / timed(read[name], batch))
        order = order[1:] + order[:1]
        gc.collect()
    gc.enable()
    for name, values in rates.items():
        yield Result.of("cold types", name, "words/s", values)
        if name != "epitran":
            pairs = zip(values, rates["epitran"], strict=True)
            yield Result.of("cold types / epitran", name, "ratio", [a / b for a, b in pairs])


def warm(sentences: list[str]) -> Iterator[Result]:
    """Time running text through normalisation and chain, with the words known."""
    from coqui_amharic_ext.g2p.sentence import Reader
    from coqui_amharic_ext.settings import Settings

    words = sum(len(sentence.split()) for sentence in sentences)
    for name, backends in (("rules", ("rules",)), ("chain with epitran", ("epitran", "rules"))):
        reader = Reader(Settings(g2p_backends=backends))

        def read(reader: Reader = reader) -> None:
            for sentence in sentences:
                reader.phonemize(sentence)

        read()
        yield Result.of("running text", name, "words/s", [words / timed(read) for _ in range(7)])


FIRST_SENTENCES = {"known words": "ሰላም፣ ዛሬ እንዴት ነህ?", "unknown word": "ሰላም፣ ዛሬ ዶላፖ ነህ?"}
"""A backend before ``rules`` is loaded when a word is not known, and not before."""
START = """
import time
start, worked = time.perf_counter(), time.process_time()
import coqui_amharic_ext as am
am.phonemize({sentence!r}, settings=am.Settings(g2p_backends={backends!r}))
print((time.perf_counter() - start) * 1000, (time.process_time() - worked) * 1000)
"""
PEAK = """
import pathlib, re
status = pathlib.Path("/proc/self/status").read_text()
print(int(re.search(r"VmHWM:\\s+(\\d+)", status)[1]) / 1024)
"""
MEMORY = """
import sys
import coqui_amharic_ext as am
settings = am.Settings(g2p_backends={backends!r})
for line in sys.stdin:
    am.phonemize(line, settings=settings)
"""


def in_fresh_interpreter(code: str, text: str = "") -> list[float]:
    """Run code that prints numbers, and return them."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", code],
        env=environment | {"PYTHONPYCACHEPREFIX": BYTECODE.name},
        input=text,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return [float(number) for number in done.stdout.split()]


def start_and_memory(sentences: list[str]) -> Iterator[Result]:
    """Measure start-up and memory, each in a fresh interpreter."""
    (nothing,) = in_fresh_interpreter(PEAK)
    for name, backends in (("rules", ("rules",)), ("chain with epitran", ("epitran", "rules"))):
        for words, sentence in FIRST_SENTENCES.items():
            code = START.format(sentence=sentence, backends=backends) + PEAK
            in_fresh_interpreter(code)  # compiles what an installation has compiled
            runs = [in_fresh_interpreter(code) for _ in range(START_RUNS)]
            wall, cpu, peaks = zip(*runs, strict=True)
            yield Result.of(f"first sentence, {words}", name, "ms", wall)
            yield Result.of(f"first sentence, {words}, CPU", name, "ms", cpu)
            yield Result.of(f"first sentence, {words}, peak", name, "MB", peaks)
        (peak,) = in_fresh_interpreter(
            MEMORY.format(backends=backends) + PEAK, "\n".join(sentences)
        )
        yield Result.of("running text, peak", name, "MB", [peak])
        yield Result.of("running text, peak above the interpreter", name, "MB", [peak - nothing])


def write(path: Path, results: list[Result], about: dict[str, str]) -> None:
    """Append rows, each with date and versions."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with OutputLock(path, patience=30), path.open("a", encoding="utf-8", newline="") as file:
        new = file.tell() == 0
        writer = csv.writer(file, lineterminator="\n")
        if new:
            writer.writerow([*about, "metric", "system", "unit", "q20", "median", "q80"])
        for r in results:
            numbers = (f"{value:.4g}" for value in (r.low, r.median, r.high))
            writer.writerow([*about.values(), r.metric, r.system, r.unit, *numbers])


def describe() -> dict[str, str]:
    """Return date, versions and machine, which stand in every row."""

    def installed(name: str) -> str:
        try:
            return version(name)
        except PackageNotFoundError:
            return "source"

    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "coqui-amharic-ext": installed("coqui-amharic-ext"),
        "epitran": installed("epitran"),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {_cpu()}",
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor()


def main() -> None:
    """Measure, print as it goes, and append to the CSV."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--words", help="a file of words, instead of forms of our lexicon")
    parser.add_argument("--text", help="a file of sentences, instead of drawn words")
    parser.add_argument("--types", type=int, default=30_000, help="how many different words")
    parser.add_argument("--running", type=int, default=200_000, help="words of running text")
    parser.add_argument("--output", type=Path, default=RESULTS, help="CSV file to append to")
    options = parser.parse_args()
    types = word_types(options.words, options.types)
    sentences = running_text(options.text, types, options.running)
    results: list[Result] = []
    for result in itertools.chain(cold(types), warm(sentences), start_and_memory(sentences)):
        results.append(result)
        sys.stdout.write(
            f"{result.metric:<41} {result.system:<19} {result.median:>12,.1f} {result.unit}"
            f"   ({result.low:,.1f} to {result.high:,.1f})\n"
        )
        sys.stdout.flush()
    write(options.output, results, describe())
    sys.stdout.write(f"appended to {options.output}\n")


if __name__ == "__main__":
    main()
