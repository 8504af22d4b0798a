"""Throws a great many strings at ``phonemize`` and tells what it could not take.

    python benchmarks/soak.py [--count 1000000] [--seed 1] [--workers 2] [--text FILE] [--json]

Strings are corpus lines, words of our lexicon put together, mutations of both, and random Unicode,
lone surrogates and unassigned code points included; the same seed gives the same strings whatever
the number of workers. Looked for: exceptions, strings that take longer than ``--hang`` seconds,
Ethiopic letters left in the IPA, and symbols that are neither phones nor kept punctuation. Then
single lines of a megabyte, of several kinds, are read at three sizes to see that time is linear
(processor time, so that what else the machine does hardly counts).

Exit code 1 if anything was found, or a line of full size took longer than ``--line-seconds``.
"""

from __future__ import annotations

import argparse
import heapq
import json
import multiprocessing
import random
import re
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import rows

CHUNK = 1000
KEPT = 20
"""Findings of one kind that are shown in full."""
SLOWEST = 10
EXTRAS = (
    "\u135d\u135e\u135f\u200b\u200d\u200e\ufeff\u0301፡።፣፤፥፦፧፨፩፲፻፼"
    "0123456789.,:;-–/%$€°½«»()[]#@'\"\n\t"
)
BLOCKS = ((0x1200, 0x13A0), (0x2D80, 0x2DE0), (0xAB00, 0xAB30), (0x1E7E0, 0x1E800))


class Hang(BaseException):
    """Raised by the alarm; no ``except Exception`` on the way may take it for a backend's error."""


class Finding(NamedTuple):
    """One string that was not taken as it should be."""

    kind: str
    index: int
    text: str
    what: str


@dataclass
class Tally:
    """What was found in some of the strings."""

    count: int = 0
    characters: int = 0
    busy: float = 0.0
    kinds: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    slowest: list[tuple[float, int, str]] = field(default_factory=list)

    def note(self, finding: Finding) -> None:
        """Count a finding, and keep it if there are few of its kind."""
        self.found[finding.kind] += 1
        if self.found[finding.kind] <= KEPT:
            self.findings.append(finding)

    def add(self, other: Tally) -> None:
        """Take in what was found in other strings."""
        self.count += other.count
        self.characters += other.characters
        self.busy += other.busy
        self.kinds += other.kinds
        for finding in other.findings:
            if sum(f.kind == finding.kind for f in self.findings) < KEPT:
                self.findings.append(finding)
        self.found += other.found
        self.slowest = heapq.nlargest(SLOWEST, [*self.slowest, *other.slowest])


class Strings:
    """The strings of one seed, by index, chunk by chunk."""

    def __init__(self, seed: int, lines: Sequence[str]) -> None:
        self.seed = seed
        self.lines = lines
        self.words = _words()
        self.letters = [chr(code) for block in BLOCKS for code in range(*block)]

    def chunk(self, number: int) -> Iterator[tuple[str, str]]:
        """Yield kind and text of ``CHUNK`` strings."""
        draw = random.Random(f"{self.seed}:{number}")  # noqa: S311  no secret
        kinds = draw.choices(list(MAKERS), weights=list(WEIGHTS), k=CHUNK)
        for kind in kinds:
            yield kind, MAKERS[kind](self, draw)

    def corpus(self, draw: random.Random) -> str:
        """Return a line of the corpus."""
        return draw.choice(self.lines)

    def sentence(self, draw: random.Random) -> str:
        """Return words of the lexicon in a row."""
        picked = draw.choices(self.words, k=draw.randint(1, 14))
        return " ".join(picked) + draw.choice(("።", "፧", "!", "", "…"))

    def mutation(self, draw: random.Random) -> str:
        """Return a line or sentence with slips of several kinds."""
        text = list(draw.choice((self.corpus, self.sentence))(draw))
        for _ in range(draw.randint(1, 8)):
            place = draw.randint(0, len(text))
            what = draw.randrange(6)
            if what == 0 and text:
                del text[place - 1]
            elif what == 1:
                text.insert(place, draw.choice(self.letters))
            elif what == 2:
                text.insert(place, draw.choice(EXTRAS))
            elif what == 3:
                text[place:place] = text[place : place + draw.randint(1, 9)] * draw.randint(1, 5)
            elif what == 4:
                text[place:place] = str(draw.randrange(10 ** draw.randint(1, 16)))
            else:
                other = draw.choice(self.lines)
                text[place:] = other[draw.randint(0, len(other)) :]
        return "".join(text)

    def letters_alone(self, draw: random.Random) -> str:
        """Return Ethiopic characters of any kind, unassigned ones included."""
        return "".join(draw.choices(self.letters, k=draw.randint(1, 40)))

    def unicode(self, draw: random.Random) -> str:
        """Return any code points."""
        return "".join(chr(_code_point(draw)) for _ in range(draw.randint(0, 60)))

    def mixed(self, draw: random.Random) -> str:
        """Return pieces of the other kinds without anything between them."""
        parts = [self.letters_alone, self.unicode, self.sentence]
        return "".join(draw.choice(parts)(draw)[:20] for _ in range(draw.randint(2, 6)))


MAKERS: dict[str, Callable[[Strings, random.Random], str]] = {
    "corpus": Strings.corpus,
    "sentence": Strings.sentence,
    "mutation": Strings.mutation,
    "letters": Strings.letters_alone,
    "unicode": Strings.unicode,
    "mixed": Strings.mixed,
}
WEIGHTS = (5, 20, 40, 10, 10, 15)


def _code_point(draw: random.Random) -> int:
    """Draw a code point; by block size alone nearly all would be Chinese or unassigned."""
    return draw.randrange(draw.choice((0x80, 0x250, 0x600, 0x3000, 0x10000, 0x110000)))


def _words() -> list[str]:
    from coqui_amharic_ext.io.tables import rows as data

    words, roots = data("g2p/data/words.tsv", "word"), data("g2p/data/roots.tsv", "citation")
    return [word for (word,) in (*words, *roots)]


def corpus_lines(path: Path | None) -> list[str]:
    """Return a file's lines, or the bundled corpus's and the forms that normalisation is for."""
    if path is not None:
        return [line for line in path.read_text(encoding="utf-8").splitlines() if line]
    root = Path(__file__).parents[1]
    bundled = root / "coqui_amharic_ext" / "demo" / "corpus" / "sentences.txt"
    lines = bundled.read_text(encoding="utf-8").splitlines()
    forms = root / "tests" / "text" / "data" / "spoken_forms.tsv"
    for row in forms.read_text(encoding="utf-8").splitlines()[1:]:
        lines.append(row.split("\t")[1])
    return [line for line in lines if line]


@lru_cache(maxsize=1)
def _foreign() -> re.Pattern[str]:
    from coqui_amharic_ext.g2p.phonology.inventory import inventory

    allowed = {char for phone in inventory() for char in phone} | set(" .,;:?!")
    return re.compile(f"[^{re.escape(''.join(sorted(allowed)))}]")


def _alarm(*_: object) -> None:
    raise Hang


def soak(task: tuple[int, int, int, Sequence[str], str | None, float]) -> Tally:
    """Read one chunk of strings; runs in a worker process."""
    number, first, last, lines, backend, hang = task
    from coqui_amharic_ext.g2p.quality import ETHIOPIC
    from coqui_amharic_ext.g2p.readers import reader

    read = reader(backend=backend).phonemize
    read("ሰላም")  # so that no string is called slow for the loading of a backend
    tally = Tally()
    strings = _strings(first, tuple(lines))
    signal.signal(signal.SIGALRM, _alarm)
    for place, (kind, text) in enumerate(strings.chunk(number)):
        index = number * CHUNK + place
        if index >= last:
            break
        tally.count += 1
        tally.kinds[kind] += 1
        tally.characters += len(text)
        start = time.perf_counter()
        signal.setitimer(signal.ITIMER_REAL, hang)
        try:
            ipa = read(text)
        except Hang:
            signal.setitimer(signal.ITIMER_REAL, 0)
            tally.note(Finding("hangs", index, text, f"no answer within {hang:g} s"))
            continue
        except Exception as error:
            signal.setitimer(signal.ITIMER_REAL, 0)
            where = traceback.extract_tb(error.__traceback__)[-1]
            what = f"{type(error).__name__}: {error} ({where.name}, line {where.lineno})"
            tally.note(Finding("crashes", index, text, what))
            continue
        signal.setitimer(signal.ITIMER_REAL, 0)
        seconds = time.perf_counter() - start
        tally.busy += seconds
        tally.slowest.append((seconds, index, text))
        if left := ETHIOPIC.search(ipa):
            tally.note(Finding("leftovers", index, text, f"{left.group()!r} in {ipa[:200]!r}"))
        elif foreign := _foreign().search(ipa):
            tally.note(Finding("foreign symbols", index, text, f"{foreign.group()!r} in {ipa!r}"))
    tally.slowest = heapq.nlargest(SLOWEST, tally.slowest)
    return tally


@lru_cache(maxsize=1)
def _strings(seed: int, lines: tuple[str, ...]) -> Strings:
    return Strings(seed, lines)


# What a line is made of, over and over; nothing where it is drawn.
LINES: dict[str, str] = {
    "different words": "",
    "sentences": "ሰላም ለሁላችሁ ዛሬ እንነጋገራለን። ",
    "one word": "ላምበ",
    "one letter": "በ",
    "length marks": "በ\u135f",
    "digits": "0123456789",
    "Ethiopic digits": "፲፰፻፹፯",
    "amounts": "በ2015 25% ብር 1,500.50 ",
    "dates": "ሐምሌ 11 ቀን 2000 ዓ.ም ",
    "abbreviations": "ለዶ/ር ወ/ሮ ",
    "slashes": "ት/",
    "marks": "።፣.,",
    "Latin": "Coqui TTS ",
    "one Latin word": "abcde",
    "addresses": "https://a.b/c?d=e&f#g ",
    "emoji": "😀👨\u200d👩\u200d👧",
    "joiners": "\u200b",
    "combining marks": "\u0301",
    "brackets": "(((",
    "hyphens": "በ-1-",
    "Chinese": "汉字",
}


@dataclass(frozen=True)
class LineTime:
    """Processor seconds for one line of a kind: a quarter of its size, half of it, all of it."""

    kind: str
    bytes: int
    quarter: float
    half: float
    full: float


def line_times(size: int, backend: str | None) -> Iterator[LineTime]:
    """Read a long line of each kind at three sizes."""
    from coqui_amharic_ext.g2p.readers import reader

    read = reader(backend=backend).phonemize
    read("ሰላም")  # backends and tables are loaded once in any process
    for kind, piece in LINES.items():
        times = []
        for share in (4, 2, 1):
            text = (
                piece * (size // share // len(piece.encode())) if piece else _varied(size // share)
            )
            start = time.process_time()
            read(text)
            times.append(time.process_time() - start)
        yield LineTime(kind, size, *(round(seconds, 4) for seconds in times))


def _varied(size: int) -> str:
    """Return a line in which hardly any word comes twice."""
    draw = random.Random(size)  # noqa: S311  no secret
    words = _words()
    parts, length = [], 0
    while length < size:
        parts.append(draw.choice(words) + draw.choice(words))
        length += len(parts[-1].encode()) + 1
    return " ".join(parts)


def _progress(done: int, total: int, started: float, tally: Tally) -> None:
    rate = done / max(1e-6, time.perf_counter() - started)
    found = ", ".join(f"{n} {kind}" for kind, n in tally.found.items()) or "nothing found"
    sys.stderr.write(f"{done:,} of {total:,} strings, {rate:,.0f}/s, {found}\n")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Read all strings and lines; return what the JSON holds."""
    lines = corpus_lines(options.text)
    chunks = -(-options.count // CHUNK)
    tasks = ((n, options.seed, options.count, lines, options.backend, options.hang)
             for n in range(chunks))  # fmt: skip
    tally, started, shown = Tally(), time.perf_counter(), 0.0
    with multiprocessing.Pool(options.workers) as pool:
        for part in pool.imap(soak, tasks):
            tally.add(part)
            if time.perf_counter() - shown > options.progress:
                shown = time.perf_counter()
                _progress(tally.count, options.count, started, tally)
    seconds = time.perf_counter() - started
    long_lines = list(line_times(options.line_bytes, options.backend))
    slow = [line.kind for line in long_lines if line.full > options.line_seconds]
    return {
        "count": tally.count,
        "seed": options.seed,
        "workers": options.workers,
        "backend": options.backend or "the configured chain",
        "characters": tally.characters,
        "seconds": round(seconds, 1),
        "strings a second": round(tally.count / seconds) if seconds else 0,
        "kinds": dict(tally.kinds),
        "found": {kind: tally.found[kind] for kind in
                  ("crashes", "hangs", "leftovers", "foreign symbols")},
        "findings": [finding._asdict() for finding in tally.findings],
        "slowest": [
            {"seconds": round(took, 4), "index": index, "text": text}
            for took, index, text in sorted(tally.slowest, reverse=True)
        ],
        "line limit in seconds": options.line_seconds,
        "lines over the limit": slow,
        "lines": [asdict(line) for line in long_lines],
        "machine": rows.machine("cpu"),
    }  # fmt: skip


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--count", type=int, default=1_000_000, help="strings")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--backend", help="only this G2P backend, not the configured chain")
    parser.add_argument("--text", type=Path, help="corpus lines from this file")
    parser.add_argument("--hang", type=float, default=20.0, help="seconds for one string")
    parser.add_argument("--line-bytes", type=int, default=1_000_000)
    parser.add_argument("--line-seconds", type=float, default=2.0)
    parser.add_argument("--progress", type=float, default=10.0, help="seconds between messages")
    parser.add_argument("--json", action="store_true", help="print all of it as JSON")
    parser.add_argument("--output", type=Path, help="write that JSON to this file")
    options = parser.parse_args(arguments)
    for name in ("count", "workers", "line_bytes"):
        if getattr(options, name) < 1:
            parser.error(f"--{name.replace('_', '-')} must be at least 1")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it all; return the exit code."""
    options = parse(arguments)
    found = run(options)
    document = json.dumps(found, ensure_ascii=True, indent=1)  # there are lone surrogates in it
    if options.output is not None:
        options.output.write_text(document + "\n", encoding="utf-8")
    if options.json:
        sys.stdout.write(document + "\n")
    else:
        for kind, number in found["found"].items():
            sys.stdout.write(f"{kind}: {number}\n")
        for finding in found["findings"]:
            sys.stdout.write(f"  {finding['kind']}: {finding['text']!a}: {finding['what']!a}\n")
        slowest = found["slowest"][0] if found["slowest"] else {"seconds": 0, "text": ""}
        sys.stdout.write(f"slowest: {slowest['seconds']} s, {slowest['text'][:80]!a}\n")
        for line in found["lines"]:
            sys.stdout.write(f"line of {line['bytes']:,} bytes, {line['kind']}: {line['full']} s\n")
    return 1 if any(found["found"].values()) or found["lines over the limit"] else 0


if __name__ == "__main__":
    sys.exit(main())
