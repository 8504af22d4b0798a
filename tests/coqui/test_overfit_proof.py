"""The text path carries the information: a short form of ``benchmarks/overfit_proof.py``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("TTS")

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def overfit_proof(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import overfit_proof

    yield overfit_proof
    sys.modules.pop("overfit_proof")


def test_a_gpt_learns_four_clips_and_misses_their_texts(overfit_proof: Any, tmp_path: Path) -> None:
    """Even where the codes before are there to go by, the wrong text costs a good part."""
    proof = overfit_proof.Proof(tmp_path, history_dropout=0.0)
    before = proof.measure()
    # Of the clips' codes the commonest alone makes a third.
    assert before["own_text"] < 0.35
    proof.train(120)
    after = proof.measure()
    assert after["own_text"] >= 0.95
    assert after["swapped_text"] <= 0.85
    assert after["follows_the_swapped_text"] > 1 / after["distinct_codes"]


@pytest.mark.slow
def test_with_swapped_texts_the_model_speaks_the_other_clip(
    overfit_proof: Any, tmp_path: Path
) -> None:
    proof = overfit_proof.Proof(tmp_path)
    proof.train(overfit_proof.STEPS)
    result = proof.measure()
    assert result["own_text"] >= 0.95
    assert result["swapped_text"] <= 0.35
    # Not just lost: it says what the text that it was given stands for.
    assert result["follows_the_swapped_text"] >= 0.9


def test_the_committed_figures_are_the_proof() -> None:
    path = BENCHMARKS / "results" / "overfit_proof.json"
    plain, proof = json.loads(path.read_text(encoding="utf-8"))
    assert (plain["history_dropout"], proof["history_dropout"]) == (0.0, 0.8)
    assert min(plain["own_text"], proof["own_text"]) >= 0.95
    assert proof["swapped_text"] <= 0.35
    assert proof["follows_the_swapped_text"] >= 0.9
