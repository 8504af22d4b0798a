"""The measure of scale: its corpus, and what it makes of the rates."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path.insert(0, str(FOLDER))

import scale_bench  # noqa: E402


def test_the_corpus_has_as_many_lines_as_were_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "corpus.txt"
    scale_bench.write_corpus(path, 200)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 200
    assert len(set(lines)) > 190


def test_a_billion_is_worked_out_from_one_workers_rate(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import json

    monkeypatch.setattr(scale_bench, "measure", lambda path, folder, workers, backend: 1 / workers)
    output = tmp_path / "scale.json"
    assert scale_bench.main(["--sentences", "1000", "--output", str(output)]) == 0
    found = json.loads(output.read_text(encoding="utf-8"))
    assert json.loads(capsys.readouterr().out) == found
    assert [row["rate"] for row in found["measured"]] == [1000, 2000]
    assert found["speed-up"] == 2
    # 10^9 sentences at 1000 a second are 10^6 seconds.
    assert found["estimate"]["core hours"] == 278
