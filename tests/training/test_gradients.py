"""Processes that train together have one model: that of one process on the joined batch."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("TTS")

from coqui_amharic_ext.demo import tiny  # noqa: E402
from coqui_amharic_ext.training import gradients  # noqa: E402
from coqui_amharic_ext.training.dataset import IndexTrueDataset  # noqa: E402
from tests.patched import stock_only  # noqa: E402
from tests.training import together  # noqa: E402

Found = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def runs(
    assets: tiny.TinyAssets, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Found, Found, Found]:
    """What two processes found, each for itself, and what one found on the joined batches."""
    folder = tmp_path_factory.mktemp("together")
    recipe = {
        "model_args": assets.gpt_args(),
        "optimizer": "SGD",
        "optimizer_params": {},
        "lr": 0.1,
        "lr_scheduler": None,
        "run_eval": False,
        "save_checkpoints": False,
        "dashboard_logger": "tensorboard",
        "print_step": 1000,
        "plot_step": 1000,
    }
    (folder / "recipe.json").write_text(json.dumps(recipe), encoding="utf-8")
    first, second = together.launch(folder, 2)
    (alone,) = together.launch(folder, 1)
    return first, second, alone


def _gap(one: dict[str, Any], other: dict[str, Any]) -> float:
    """Largest distance of two sets of weights, against the size of each weight tensor."""
    return max(
        float((one[name] - other[name]).norm() / one[name].norm().clamp(min=1e-6)) for name in one
    )


def _moved(one: dict[str, Any], other: dict[str, Any]) -> float:
    """Distance of two models as a whole; some weights start at zero."""
    return float(sum(((one[name] - other[name]) ** 2).sum() for name in one) ** 0.5)


ACTIVE = [name for name in together.SCENARIOS if name != "stock"]


@stock_only
def test_upstream_alone_trains_the_processes_apart(runs: tuple[Found, Found, Found]) -> None:
    first, second, _ = runs
    assert first["stock"]["exchanges"] == []
    assert _gap(first["stock"]["weights"], second["stock"]["weights"]) > 1e-3


@pytest.mark.parametrize("scenario", ACTIVE)
def test_all_processes_have_the_same_weights(
    runs: tuple[Found, Found, Found], scenario: str
) -> None:
    first, second, _ = runs
    one, other = first[scenario]["weights"], second[scenario]["weights"]
    assert one.keys() == other.keys()
    assert [name for name in one if not torch.equal(one[name], other[name])] == []


def _tolerance(alone: Found, scenario: str) -> float:
    if scenario == "bf16":
        # bf16 rounds each half of the batch for itself; what it loses to float32 is the measure.
        return 2 * _gap(alone["plain"]["weights"], alone["bf16"]["weights"])
    # AdamW divides small gradients by their own size, and so enlarges the noise of summation.
    return 1e-3 if scenario == "adamw" else 1e-5


@pytest.mark.parametrize("scenario", [name for name in ACTIVE if name != "overflow"])
def test_they_learn_what_one_process_learns_from_the_joined_batch(
    runs: tuple[Found, Found, Found], scenario: str
) -> None:
    tolerance = _tolerance(runs[2], scenario)
    first, second, alone = (run[scenario] for run in runs)
    assert _gap(first["weights"], alone["weights"]) < tolerance
    assert len(first["losses"]) == together.STEPS
    means = [(a + b) / 2 for a, b in zip(first["losses"], second["losses"], strict=True)]
    assert means == pytest.approx(alone["losses"], rel=tolerance)
    # Models that do not move would pass all of the above.
    assert _moved(runs[2]["start"]["weights"], alone["weights"]) > 100 * _moved(
        first["weights"], alone["weights"]
    )


def test_one_process_overflow_makes_all_skip_the_step(runs: tuple[Found, Found, Found]) -> None:
    first, second, alone = (run["overflow"] for run in runs)
    assert alone["scale"] == 2**16  # nothing overflows there
    assert first["scale"] == second["scale"] == 2**15
    assert all(bool(weight.isfinite().all()) for weight in first["weights"].values())


def test_accumulated_passes_exchange_nothing(runs: tuple[Found, Found, Found]) -> None:
    first, _, alone = runs
    every_step = len(first["plain"]["exchanges"])
    assert every_step % together.STEPS == 0
    assert len(first["accumulated"]["exchanges"]) == every_step // 2
    assert alone["plain"]["exchanges"] == []


def test_a_step_exchanges_the_trained_parameters_and_no_others(
    runs: tuple[Found, Found, Found],
) -> None:
    first = runs[0]["plain"]
    weights = first["weights"].values()
    flags, *sizes = first["exchanges"][: len(first["exchanges"]) // together.STEPS]
    assert flags == len(weights)  # one flag for each: who has a gradient
    assert sum(sizes) == sum(weight.numel() for weight in weights)


def _pretend(monkeypatch: pytest.MonkeyPatch, reduce: Callable[..., Any]) -> None:
    monkeypatch.setattr(gradients, "processes", lambda: 2)
    monkeypatch.setattr(gradients.distributed, "all_reduce", reduce)


def test_a_gradient_that_only_another_process_has_counts_as_zero_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    both, theirs, nobodys = (torch.nn.Parameter(torch.ones(2)) for _ in range(3))
    both.grad = torch.tensor([1.0, 2.0])
    calls: list[int] = []

    def reduce(tensor: Any, op: Any = None, async_op: bool = False) -> Any:
        calls.append(tensor.numel())
        if len(calls) == 1:  # the other process has a gradient for the first two
            tensor.copy_(torch.tensor([1.0, 1.0, 0.0]))
            return None
        tensor.add_(torch.tensor([3.0, 4.0, 6.0, 8.0]))
        return SimpleNamespace(wait=lambda: None)

    _pretend(monkeypatch, reduce)
    gradients.average_gradients([both, theirs, nobodys])
    assert both.grad.tolist() == [2.0, 3.0]
    assert theirs.grad is not None
    assert theirs.grad.tolist() == [3.0, 4.0]
    assert nobodys.grad is None


def test_buckets_hold_one_dtype_and_a_limited_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradients, "BUCKET_BYTES", 64)
    sizes: list[tuple[Any, int]] = []

    def reduce(tensor: Any, op: Any = None, async_op: bool = False) -> Any:
        sizes.append((tensor.dtype, tensor.numel()))
        tensor.mul_(2)
        return SimpleNamespace(wait=lambda: None)

    _pretend(monkeypatch, reduce)
    parameters = [
        torch.nn.Parameter(torch.zeros(10, dtype=dtype))
        for dtype in (torch.float32, torch.bfloat16) * 4
    ]
    for number, parameter in enumerate(parameters):
        parameter.grad = torch.full_like(parameter, number)
    frozen = torch.nn.Parameter(torch.ones(1), requires_grad=False)
    gradients.average_gradients([*parameters, frozen])
    # Twice the sum over two processes is the same again.
    assert [float(p.grad[0]) for p in parameters] == list(range(8))
    assert sorted(sizes[1:], key=str) == sorted(
        [(torch.float32, 20), (torch.float32, 20), (torch.bfloat16, 40)], key=str
    )


@pytest.mark.usefixtures("stock_decodes")
@pytest.mark.parametrize("shared", [False, True])
def test_processes_that_draw_the_same_samples_are_told_how_to_share_them(
    activate: Callable[..., Any],
    dataset: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    shared: bool,
) -> None:
    inner = dataset()
    drawn = []
    for _ in range(2):  # upstream seeds each process, and so each dataset, alike
        made = dataset()
        drawn.append([made[number]["filenames"] for number in range(8)])
    assert drawn[0] == drawn[1]
    rows = [row for rows in inner.samples.values() for row in rows]
    used = IndexTrueDataset(inner, rows, 1, skip=False) if shared else inner
    trainer = SimpleNamespace(
        use_accelerate=False, train_loader=SimpleNamespace(dataset=used), model=None
    )
    _pretend(monkeypatch, lambda *args, **kwargs: None)
    with caplog.at_level(logging.INFO):
        gradients._synchronise(trainer, ())
        gradients._synchronise(trainer, ())
    assert caplog.text.count("averaged over 2 processes") == 1
    assert ("set index_true_dataset=True" in caplog.text) is not shared


def test_one_process_exchanges_nothing() -> None:
    parameter = torch.nn.Parameter(torch.ones(1))
    parameter.grad = torch.ones(1)
    assert gradients.average_gradients([parameter]) == 0
