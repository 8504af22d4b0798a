"""What the benchmarks' numbers rest on: lengths, peak memory, parity marks, shares, CSV rows."""

from __future__ import annotations

import argparse
import csv
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path.insert(0, str(FOLDER))

import attention_bench  # noqa: E402
import lengths  # noqa: E402
import plot  # noqa: E402
import rows  # noqa: E402
import training_bench  # noqa: E402

from coqui_amharic_ext.demo.memory import Peak  # noqa: E402

MIB = 2**18  # float32 numbers in a MiB


@pytest.mark.parametrize("padding", [0.0, 0.2, 0.44])
@pytest.mark.parametrize("count", [4, 6, 8])
def test_spread_clips_have_the_padding_that_was_asked_for(padding, count):
    assert lengths.padding_of(lengths.spread(padding, count)) == pytest.approx(padding, abs=0.02)


def test_more_padding_than_evenly_spread_clips_can_have_is_refused():
    with pytest.raises(ValueError, match=r"between 0 and 0\.49"):
        lengths.spread(0.6, 4)


@pytest.mark.parametrize(
    ("name", "low", "high"), [("ljspeech", 1.1, 10.1), ("conversational", 1, 12)]
)
def test_drawn_clips_keep_to_the_stated_range(name, low, high):
    clips = lengths.draw(name, 4000, seed=1)
    seconds = [clip.seconds for clip in clips]
    assert low <= min(seconds) < max(seconds) <= high
    assert lengths.draw(name, 4000, seed=1) == clips
    if name == "ljspeech":
        assert sum(seconds) / len(seconds) == pytest.approx(6.6, abs=0.1)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 6), st.integers(0, 100))
def test_a_clips_tokens_are_those_that_the_packed_forward_runs(count, seed):
    from coqui_amharic_ext.attention.packing import read_lengths

    clips = lengths.draw("conversational", count, seed)
    batch = lengths.tensors(clips, seed, "cpu")
    codes = torch.ceil(batch["wav_lengths"] / lengths.CODE_STRIDE).long() + 3
    found = read_lengths(batch["text_lengths"], codes, None)
    packed = [lengths.PROMPT + t + m for t, m in zip(found.text, found.mel, strict=True)]
    assert [clip.tokens for clip in clips] == packed


def test_the_peak_is_what_lived_at_one_time():
    with Peak("cpu") as peak:
        first = torch.zeros(2 * MIB)
        second = first + 1  # 4 MiB live
        del first
        third = second * 2  # 4 again
        del second
        view = third[:MIB]  # no memory of its own
        del third, view
        torch.zeros(MIB)
    assert peak.mib == pytest.approx(4.0, abs=0.01)


def test_the_peak_counts_what_autograd_keeps():
    x = torch.zeros(MIB, requires_grad=True)
    with Peak("cpu") as peak:
        y = x
        for _ in range(5):
            y = y.exp()
        del y
    assert peak.mib == pytest.approx(5.0, abs=0.01)


def _attention_options(**changes: Any) -> argparse.Namespace:
    return argparse.Namespace(device="cpu", kernels=["sdpa", "blockwise"], repeats=1, **changes)


def test_each_kernel_is_measured_and_checked_in_one_run():
    case = attention_bench.Case((90, 170), 2, 16, "float32")
    table = {row["kernel"]: row for row in attention_bench.bench(case, _attention_options())}
    assert list(table) == ["stock sdpa", "stock eager", "blockwise", "sdpa"]
    for row in table.values():
        assert row["parity"] == "ok"
        assert float(row["forward_backward_ms"]) > 0
        assert float(row["peak_mib"]) > 0


def test_a_kernel_that_is_further_off_than_allowed_is_marked(monkeypatch):
    systems = attention_bench.systems

    def with_a_wrong_one(*args: Any) -> Any:
        for name, attend in systems(*args):
            yield name, attend
        yield "wrong", lambda q, k, v: attend(q, k, v) * 1.001

    monkeypatch.setattr(attention_bench, "systems", with_a_wrong_one)
    case = attention_bench.Case((9, 17), 2, 16, "float32")
    table = {row["kernel"]: row for row in attention_bench.bench(case, _attention_options())}
    assert table["wrong"]["parity"] == "FAILED"
    assert table["sdpa"]["parity"] == "ok"
    monkeypatch.setattr(sys, "argv", ["attention_bench.py", "--lengths", "16", "--padding", "0",
                                      "--kernels", "sdpa", "--repeats", "1", "--device", "cpu",
                                      "--heads", "2", "--head-dim", "16"])  # fmt: skip
    assert attention_bench.main() == 1


def test_each_step_of_the_full_set_changes_one_thing():
    found = training_bench.variants("full", "fp32")
    assert [v.name for v in found[:2]] == ["stock fp32", "eager fp32"]
    steps = found[2:]
    assert steps[0].variables == training_bench.PLAIN
    for before, after in pairwise(steps):
        changed = {
            key
            for key in before.variables | after.variables
            if before.variables.get(key, "0") != after.variables.get(key, "0")
        }
        changed |= {
            key
            for key in ("precision", "eager", "fused_adamw", "token_budget")
            if getattr(before, key) != getattr(after, key)
        }
        # Compilation and recomputation are each shown without the other.
        assert changed and len(changed - {"COMPILE"} or changed) <= 2, after.name


def test_shares_are_of_time_per_real_token():
    stock = {"variant": "stock fp32", "seconds": "2.0", "tokens": 100, "activation_mib": "50",
             "error": ""}  # fmt: skip
    ours = {"variant": "extension", "seconds": "2.0", "tokens": 200, "activation_mib": "10",
            "error": ""}  # fmt: skip
    table: list[dict[str, Any]] = [stock, ours]
    training_bench.compare(table)
    assert (ours["time_vs_stock"], ours["memory_vs_stock"]) == ("0.500", "0.200")
    assert (stock["time_vs_stock"], stock["memory_vs_stock"]) == ("1.000", "1.000")


def test_rows_of_other_columns_are_not_mixed_into_a_file(tmp_path):
    path = tmp_path / "rows.csv"
    rows.append(path, [{"a": 1, "b": 2}])
    rows.append(path, [{"a": 3, "b": 4}])
    assert path.read_text() == "a,b\n1,2\n3,4\n"
    with pytest.raises(ValueError, match="give another --csv"):
        rows.append(path, [{"a": 1, "c": 2}])


def test_every_row_says_where_and_of_what_it_is():
    found = rows.machine("cpu")
    assert {"device", "driver", "torch", "transformers", "coqui-tts", "commit", "time"} <= set(
        found
    )
    assert found["torch"] == torch.__version__.partition("+")[0]


@pytest.mark.parametrize("name", ["attention-cpu", "training-cpu-44"])
def test_committed_results_can_be_drawn(name, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib", reason="matplotlib draws the plots")
    file = rows.RESULTS / f"{name}.csv"
    monkeypatch.setattr(sys, "argv", ["plot.py", str(file), "--out", str(tmp_path)])
    assert plot.main() == 0
    assert [p for p in tmp_path.glob("*.png") if p.stat().st_size > 5000]


def test_what_the_readme_says_was_measured_is_in_the_results():
    readme = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    table = readme.split("## Measured")[1].split("## Settings")[0]
    cells = [line.split("|")[2:4] for line in table.splitlines() if line.startswith("|")][2:]
    said = [tuple(float(cell) for cell in row) for row in cells]
    measured = _results("training-cpu-44")
    assert said == [
        (round(float(r["time_vs_stock"]), 2), round(float(r["memory_vs_stock"]), 2))
        for r in measured
    ]
    without_padding = float(_results("training-cpu-0")[1]["time_vs_stock"])
    assert f"{without_padding:.2f} of stock's time" in " ".join(table.split())


def _results(name: str) -> list[dict[str, str]]:
    with (rows.RESULTS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
