"""The comparison takes the fairer figure of each side, and parity from what the steps left."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from coqui_amharic_ext.demo import measure as module


@pytest.mark.parametrize(("off", "equal"), [(0.0, True), (0.5, False)])
def test_sides_alternate_and_are_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, off: float, equal: bool
) -> None:
    import torch

    seconds = iter([4.0, 3.0, 1.0, 2.0])
    asked: list[str] = []

    def run_logged(command: list[str], log: Path, **options: Any) -> float:
        on = options["environment"]["COQUI_AMHARIC_AUTOLOAD"] == "1"
        gradient = torch.ones(3) + (off if on else 0.0)
        torch.save({"losses": (1.0, 2.0), "gradients": {"w": gradient}}, command[-1])
        row = {"seconds": next(seconds), "peak_mib": 100.0 - 20 * on, "device": "cpu"}
        log.write_text(f"a line before\n{json.dumps(row)}\n")
        return 0.0

    @contextmanager
    def begin(title: str) -> Iterator[Callable[[str], None]]:
        asked.append(title.rpartition(" ")[2])
        yield lambda line: None

    monkeypatch.setattr(module, "run_logged", run_logged)
    found = module.measure(tmp_path, begin)
    assert asked == ["stock", "extension", "extension", "stock"]
    assert found["stock"] == {"seconds": 2.0, "slowest": 4.0, "peak_mib": 100.0}
    assert found["extension"] == {"seconds": 1.0, "slowest": 3.0, "peak_mib": 80.0}
    assert found["equal"] is equal
    assert not list(tmp_path.glob("*.pt"))


@pytest.mark.parametrize(("slowest", "told"), [(1.1, False), (2.0, True)])
def test_times_of_a_busy_machine_are_called_into_question(
    slowest: float, told: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    from rich.console import Console

    from coqui_amharic_ext.demo.run import _show_comparison

    side = {"seconds": 1.0, "slowest": slowest, "peak_mib": 100.0}
    result = {
        "stock": side,
        "extension": side | {"slowest": 1.0},
        "device": "cpu",
        "difference": {"loss": 0.0, "gradient": 0.0, "parameters": 114},
        "equal": True,
    }
    _show_comparison(Console(width=200), result)
    assert ("the machine was busy" in capsys.readouterr().out) is told
