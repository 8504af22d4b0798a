"""``Settings.precision`` is what the trainer computes in, and what the run's log says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("trainer")

from coqui_amharic_ext.errors import SettingsError, UnavailableError  # noqa: E402

on_cpu = pytest.mark.skipif(torch.cuda.is_available(), reason="says what a CPU lacks")


def _run(folder: Path, **changes: Any) -> tuple[Any, str]:
    from tests.training import toy

    made = toy.make(folder, **changes)
    made.train_epoch()
    return made, (made.output_path / "trainer_0_log.txt").read_text(encoding="utf-8")


RECIPES = [{}, {"mixed_precision": True, "precision": "bf16"}]


@pytest.mark.parametrize("recipe", RECIPES)
def test_stock_leaves_the_recipes_own(
    activate: Callable[..., Any], tmp_path: Path, recipe: dict[str, Any]
) -> None:
    activate()
    made, log = _run(tmp_path, **recipe)
    assert set(made.model.seen) == {torch.bfloat16 if recipe else torch.float32}
    used = "bf16 autocast" if recipe else "float32"
    assert f"precision {used} (the recipe's own)" in log


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize(
    ("precision", "dtype", "told"),
    [("bf16", torch.bfloat16, "bf16 autocast"), ("fp32", torch.float32, "float32")],
)
def test_a_precision_wins_over_the_recipe_and_is_told(
    activate: Callable[..., Any],
    tmp_path: Path,
    recipe: dict[str, Any],
    precision: str,
    dtype: Any,
    told: str,
) -> None:
    activate(precision=precision)
    made, log = _run(tmp_path, **recipe)
    assert made.model.seen == [dtype] * 3
    assert f"precision {told} (set by Settings.precision)" in log
    assert f"COQUI_AMHARIC_PRECISION={precision}" in log
    assert {p.dtype for p in made.model.parameters()} == {torch.float32}


@on_cpu
def test_fp16_on_a_cpu_is_an_error_and_not_bfloat16(
    activate: Callable[..., Any], tmp_path: Path
) -> None:
    activate(precision="fp16")
    with pytest.raises(UnavailableError, match=r"no fp16 on a CPU.*set precision to bf16"):
        _run(tmp_path)


@pytest.mark.gpu
@pytest.mark.parametrize(
    ("precision", "dtype"), [("fp16", torch.float16), ("bf16", torch.bfloat16)]
)
def test_a_gpu_computes_in_the_precision_asked_for(
    activate: Callable[..., Any], tmp_path: Path, precision: str, dtype: Any
) -> None:
    activate(precision=precision)
    made, _ = _run(tmp_path)
    assert made.model.seen == [dtype] * 3
    assert made.use_amp_scaler == (precision == "fp16")


def test_bf16_on_a_device_without_it_is_an_error(
    activate: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    activate(precision="bf16")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Old Card")
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: False)
    with pytest.raises(UnavailableError, match="Old Card does not compute in bfloat16"):
        _run(tmp_path)


def test_fp32_with_accelerate_is_an_error(activate: Callable[..., Any], tmp_path: Path) -> None:
    activate(precision="fp32")
    with pytest.raises(UnavailableError, match="use_accelerate to False"):
        _run(tmp_path, use_accelerate=True)


def test_an_unknown_precision_from_the_environment_is_raised_by_the_trainer(
    run_python: Callable[..., Any], tmp_path: Path
) -> None:
    done = run_python(
        f"from tests.training import toy; toy.make({str(tmp_path)!r})",
        check=False,
        COQUI_AMHARIC_PRECISION="bf17",
    )
    assert done.returncode != 0
    assert SettingsError.__name__ in done.stderr
    assert "precision='bf17' is not valid; valid values: stock, fp32, bf16, fp16" in done.stderr
