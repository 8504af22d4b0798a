"""XTTS's limit for Amharic is what was measured, and keeps below the model's own lengths."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from coqui_amharic_ext.coqui.xtts_text import xtts_pieces
from coqui_amharic_ext.coqui.xtts_tokenizer import CHAR_LIMIT

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def test_the_limit_is_the_one_that_the_measurement_gives() -> None:
    done = subprocess.run(
        [sys.executable, BENCHMARKS / "sentence_limits.py"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_committed_measurement_is_of_this_limit() -> None:
    path = BENCHMARKS / "results" / "sentence_limits.json"
    committed = json.loads(path.read_text(encoding="utf-8"))
    assert committed["limit"] == committed["in_use"] == CHAR_LIMIT
    assert len(committed["measured"]) == committed["clips"] == 20
    # Seconds and characters of the clips give the rate that the bound was worked out from.
    seconds = sum(clip["seconds"] for clip in committed["measured"])
    characters = sum(clip["characters"] for clip in committed["measured"])
    assert committed["bounds_in_characters"]["trained"] == int(
        255995 / 22050 * characters / seconds
    )


letters = st.text(alphabet=[chr(c) for c in range(0x1200, 0x1350)] + [" "], max_size=CHAR_LIMIT)


@settings(deadline=None, max_examples=50)
@given(letters)
def test_no_piece_of_that_length_exceeds_the_models_text_tokens(text: str) -> None:
    assert 1 + len(xtts_pieces(text, "ipa")) < 402
    assert 1 + len(xtts_pieces(text, "fidel")[0]) < 402
