"""The soak finds what it is there to find, and finds nothing in us."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path.insert(0, str(FOLDER))

import soak  # noqa: E402

from coqui_amharic_ext.g2p import readers  # noqa: E402


def test_two_thousand_strings_and_long_lines_are_read(tmp_path: Path) -> None:
    output = tmp_path / "soak.json"
    options = ["--count", "2000", "--workers", "2", "--line-bytes", "40000", "--output", output]
    done = subprocess.run(
        [sys.executable, FOLDER / "soak.py", *options, "--progress", "0"],
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2,000 of 2,000 strings" in done.stderr
    found = json.loads(output.read_text(encoding="utf-8"))
    assert found["count"] == sum(found["kinds"].values()) == 2000
    assert set(found["kinds"]) == set(soak.MAKERS)
    assert set(found["found"].values()) == {0}
    assert len(found["lines"]) == len(soak.LINES)


def _scripted(monkeypatch: pytest.MonkeyPatch, read: Any) -> None:
    class Scripted:
        def __init__(self, *args: Any) -> None:
            self.phonemize = lambda text: "" if text == "ሰላም" else read(text)

    monkeypatch.setattr(readers, "reader", lambda *args, **kwargs: Scripted())


def _fail(text: str) -> str:
    raise RecursionError("too deep")


@pytest.mark.parametrize(
    ("read", "kind", "what"),
    [
        (_fail, "crashes", "RecursionError: too deep (_fail"),
        (lambda text: text and "saሰm", "leftovers", "'ሰ'"),
        (lambda text: "sa€m", "foreign symbols", "'€'"),
        (lambda text: time.sleep(5), "hangs", "no answer within 0.05 s"),
    ],
)
def test_each_fault_is_counted_and_shown(
    monkeypatch: pytest.MonkeyPatch, read: Any, kind: str, what: str
) -> None:
    _scripted(monkeypatch, read)
    tally = soak.soak((0, 1, 3, soak.corpus_lines(None), None, 0.05))
    assert tally.found[kind] >= 2
    assert what in tally.findings[0].what
    assert tally.findings[0].text == next(soak.Strings(1, soak.corpus_lines(None)).chunk(0))[1]


def test_what_is_found_fails_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    found: dict[str, Any] = {
        "found": {"crashes": 1}, "findings": [], "slowest": [], "lines": [],
        "lines over the limit": [],
    }  # fmt: skip
    monkeypatch.setattr(soak, "run", lambda options: found)
    assert soak.main([]) == 1
    found["found"] = {"crashes": 0}
    assert soak.main([]) == 0
    found["lines over the limit"] = ["digits"]
    assert soak.main([]) == 1


def test_the_strings_are_those_of_the_seed_whatever_the_number_of_workers() -> None:
    lines = soak.corpus_lines(None)
    one, again = (list(soak.Strings(7, lines).chunk(3)) for _ in range(2))
    assert one == again
    assert one != list(soak.Strings(8, lines).chunk(3))
    assert len({text for _, text in one}) > 800


def test_a_tally_keeps_counts_of_all_and_texts_of_some() -> None:
    whole = soak.Tally()
    for number in range(4):
        part = soak.Tally(count=10, slowest=[(number / 10, number, "x")])
        for index in range(10):
            part.note(soak.Finding("crashes", number * 10 + index, "x", "y"))
        whole.add(part)
    assert (whole.count, whole.found["crashes"]) == (40, 40)
    assert len(whole.findings) == soak.KEPT
    assert whole.slowest[0][0] == 0.3


@pytest.mark.parametrize("option", ["--count", "--workers", "--line-bytes"])
def test_a_number_that_cannot_be_is_refused(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        soak.parse([option, "0"])
    assert f"{option} must be at least 1" in capsys.readouterr().err
