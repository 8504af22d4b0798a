"""Fused AdamW updates as the recipe's does, and leaves checkpoints as upstream writes them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("trainer")

from coqui_amharic_ext.errors import UnavailableError  # noqa: E402
from coqui_amharic_ext.training.optimizer import fuse  # noqa: E402

STEPS = 20


def _model() -> Any:
    torch.manual_seed(1)
    return torch.nn.Sequential(
        torch.nn.Linear(16, 64), torch.nn.GELU(), torch.nn.LayerNorm(64), torch.nn.Linear(64, 8)
    )


def _groups(model: Any) -> list[dict[str, Any]]:
    """Two groups as ``optimizer_wd_only_on_weights`` makes them."""
    weights = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim == 1]
    return [
        {"params": weights, "weight_decay": 0.1},
        {"params": others, "weight_decay": 0.0, "lr": 2e-3},
    ]


def _train(model: Any, optimizer: Any, steps: int = STEPS) -> None:
    generator = torch.Generator().manual_seed(2)
    for _ in range(steps):
        optimizer.zero_grad()
        model(torch.randn(4, 16, generator=generator)).square().mean().backward()
        optimizer.step()


def _gap(one: Any, other: Any) -> float:
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    return max(float((a - b).detach().abs().max()) for a, b in pairs)


@pytest.mark.parametrize("kind", ["Adam", "AdamW"])
@pytest.mark.parametrize("options", [{}, {"amsgrad": True, "betas": (0.8, 0.9), "eps": 1e-6}])
def test_the_update_is_the_recipes(kind: str, options: dict[str, Any]) -> None:
    make = getattr(torch.optim, kind)
    reference, plain, fused = _model(), _model(), _model()
    start = copy.deepcopy(plain)
    _train(reference, make(_groups(reference), lr=1e-3, foreach=False, **options))
    _train(plain, make(_groups(plain), lr=1e-3, foreach=True, **options))
    optimizer = fuse(make(_groups(fused), lr=1e-3, **options))
    _train(fused, optimizer)
    assert type(optimizer) is make
    assert all(group["fused"] for group in optimizer.param_groups)
    assert [g["weight_decay"] for g in optimizer.param_groups] == [0.1, 0.0]
    # Adam's two stock forms differ by rounding; the fused one may as much, times a small factor.
    assert _gap(fused, reference) <= 10 * max(_gap(plain, reference), 1e-8)
    assert _gap(fused, start) > 1e-3


def _refused() -> dict[str, tuple[Any, str]]:
    def weight() -> list[Any]:
        return [torch.nn.Parameter(torch.ones(2))]

    class Own(torch.optim.AdamW):
        pass

    return {
        "SGD": (torch.optim.SGD(weight(), lr=0.1), "is SGD, not Adam or AdamW"),
        "RAdam": (torch.optim.RAdam(weight()), "is RAdam, not Adam or AdamW"),
        "subclass": (Own(weight()), "is Own, not Adam or AdamW"),
        "foreach": (torch.optim.AdamW(weight(), foreach=True), "ask for foreach"),
        "differentiable": (torch.optim.Adam(weight(), differentiable=True), "differentiable"),
        "complex": (
            torch.optim.AdamW([torch.nn.Parameter(torch.ones(2, dtype=torch.complex64))]),
            "not of a floating point type",
        ),
    }


@pytest.mark.parametrize("case", list(_refused()))
def test_what_has_no_fused_form_is_an_error(case: str) -> None:
    optimizer, reason = _refused()[case]
    with pytest.raises(UnavailableError, match=reason) as caught:
        fuse(optimizer)
    assert "set fused_adamw to False" in str(caught.value)


def test_a_saved_state_is_upstreams_and_a_loaded_one_goes_on_fused() -> None:
    stock_model, fused_model = _model(), _model()
    stock = torch.optim.AdamW(_groups(stock_model), lr=1e-3)
    fused = fuse(torch.optim.AdamW(_groups(fused_model), lr=1e-3))
    _train(stock_model, stock)
    _train(fused_model, fused)
    assert fused.state_dict()["param_groups"] == stock.state_dict()["param_groups"]
    assert fused.param_groups[0]["fused"] is True  # saving changed nothing

    ours, theirs = _model(), _model()
    ours.load_state_dict(stock_model.state_dict())
    theirs.load_state_dict(fused_model.state_dict())
    resumed_fused = fuse(torch.optim.AdamW(_groups(ours), lr=1e-3))
    resumed_fused.load_state_dict(copy.deepcopy(stock.state_dict()))
    resumed_stock = torch.optim.AdamW(_groups(theirs), lr=1e-3)
    resumed_stock.load_state_dict(copy.deepcopy(fused.state_dict()))
    assert [g["fused"] for g in resumed_fused.param_groups] == [True, True]
    assert [g["fused"] for g in resumed_stock.param_groups] == [None, None]
    _train(stock_model, stock)
    _train(ours, resumed_fused)
    _train(theirs, resumed_stock)
    assert _gap(ours, stock_model) < 1e-6
    assert _gap(theirs, stock_model) < 1e-6
    assert {int(state["step"]) for state in resumed_fused.state.values()} == {2 * STEPS}


def test_the_trainer_gets_it_by_setting_alone(activate: Callable[..., Any], tmp_path: Path) -> None:
    from tests.training import toy

    activate(fused_adamw=True)
    made = toy.make(tmp_path)
    assert [group["fused"] for group in made.optimizer[0].param_groups] == [True]
    log = (made.output_path / "trainer_0_log.txt").read_text(encoding="utf-8")
    assert "fused AdamW" in log
    with pytest.raises(UnavailableError, match="is SGD"):
        toy.make(tmp_path, optimizer="SGD")


def test_without_the_setting_the_trainer_has_its_own(
    activate: Callable[..., Any], tmp_path: Path
) -> None:
    from tests.training import toy

    activate()
    assert [group["fused"] for group in toy.make(tmp_path).optimizer[0].param_groups] == [None]


@pytest.mark.gpu
def test_a_state_from_a_cpu_goes_on_fused_on_a_gpu() -> None:
    before, after = _model(), _model().cuda()
    stock = torch.optim.AdamW(before.parameters(), lr=1e-3)
    _train(before, stock)
    fused = fuse(torch.optim.AdamW(after.parameters(), lr=1e-3))
    fused.load_state_dict(stock.state_dict())
    assert {state["step"].device.type for state in fused.state.values()} == {"cuda"}
    after(torch.ones(4, 16, device="cuda")).square().mean().backward()
    fused.step()
    assert {int(state["step"]) for state in fused.state.values()} == {STEPS + 1}
