"""The step's figures are of the step, whatever the process and the machine did before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from coqui_amharic_ext.demo import compare


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    import torch

    for name, value in {"LAYERS": 1, "WIDTH": 64, "HEADS": 2, "STEPS": 1}.items():
        monkeypatch.setattr(compare, name, value)
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@pytest.mark.usefixtures("small")
def test_peak_memory_is_not_lost_below_an_earlier_peak(tmp_path: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("CUDA counts its memory itself")
    first = compare.main(tmp_path / "a.pt")
    torch.ones(2**27).sum()  # half a GiB, given back at once
    again = compare.main(tmp_path / "b.pt")
    assert first["peak_mib"] > 5
    assert again["peak_mib"] == pytest.approx(first["peak_mib"], abs=0.1)
    assert torch.get_num_threads() == 1, "threads that wait would count as CPU time"
