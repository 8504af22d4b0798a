"""What kernels declare, which one is taken, and what is said when none can be."""

from __future__ import annotations

import importlib
import logging
from dataclasses import replace
from typing import Any

import pytest
import torch

import coqui_amharic_ext as am
from coqui_amharic_ext import plugins
from coqui_amharic_ext.attention import selection
from coqui_amharic_ext.attention.kernel import KernelSpec
from coqui_amharic_ext.attention.kernels import (
    blockwise,
    eager,
    flash_attn,
    flash_attn_4,
    sdpa,
    varlen,
    xformers,
)
from coqui_amharic_ext.attention.selection import select
from coqui_amharic_ext.availability import Demand
from coqui_amharic_ext.errors import UnavailableError
from coqui_amharic_ext.plugins import hookimpl
from coqui_amharic_ext.settings import ATTENTION_CHOICES
from tests.attention.models import batch_of, small_gpt, step, without_dropout
from tests.patched import ours_by_default

HOPPER = Demand("cuda", "bfloat16", 64, True, (9, 0), "linux")
PLAIN = replace(HOPPER, dropout=False)

REFUSALS = [
    # kernel, demand, what the reason must name ("" for no refusal)
    (flash_attn, HOPPER, ""),
    (flash_attn, replace(HOPPER, dtype="float32"), "float32"),
    (flash_attn, replace(HOPPER, head_dim=60), "60"),
    (flash_attn, replace(HOPPER, head_dim=264), "264"),
    (flash_attn, replace(HOPPER, capability=(7, 5)), "7.5"),
    (flash_attn, replace(HOPPER, platform="win32"), "win32"),
    (flash_attn, replace(HOPPER, device="cpu", capability=None), "cpu"),
    (flash_attn_4, HOPPER, "dropout"),
    (flash_attn_4, PLAIN, ""),
    (flash_attn_4, replace(PLAIN, capability=(8, 0)), "8.0"),
    (flash_attn_4, replace(PLAIN, capability=(12, 0)), ""),
    (varlen, HOPPER, "dropout"),
    (varlen, PLAIN, ""),
    (varlen, replace(PLAIN, platform="win32"), ""),
    (varlen, replace(PLAIN, platform="darwin"), "darwin"),
    (varlen, replace(PLAIN, dtype="float32"), "float32"),
    (xformers, HOPPER, ""),
    (xformers, replace(HOPPER, dtype="float32"), ""),
    (xformers, replace(HOPPER, dtype="float64"), "float64"),
    (xformers, replace(HOPPER, device="cpu", capability=None), "cpu"),
    (blockwise, HOPPER, "cuda"),
    (blockwise, Demand("cpu", "float32", 64, True), ""),
    (sdpa, HOPPER, ""),
    (sdpa, replace(HOPPER, platform="win32"), ""),
    (sdpa, Demand("mps", "float32", 64, False, None, "darwin"), ""),
    (sdpa, Demand("hpu", "float32", 64, False), "hpu"),
    (blockwise, Demand("mps", "float32", 64, False, None, "darwin"), "mps"),
    (eager, replace(HOPPER, dtype="float64"), ""),
]


@pytest.mark.parametrize(("kernel", "demand", "named"), REFUSALS)
def test_declared_limits(kernel: Any, demand: Demand, named: str):
    reason = kernel.SPEC.refusal(demand)
    assert bool(reason) == bool(named)
    assert named in reason


def test_every_kernel_of_the_settings_is_registered():
    names = set(ATTENTION_CHOICES) - {"auto", "off"}
    assert names <= set(plugins.attention_backends())


def test_auto_asks_every_own_kernel():
    assert set(selection.ORDER) == set(ATTENTION_CHOICES) - {"auto", "off"}


@ours_by_default
def test_auto_falls_back_and_a_training_runs_log_says_so_once(caplog, monkeypatch):
    # The trainer keeps its messages to the handlers of its own logger: a run's console and file.
    monkeypatch.setattr(importlib.import_module("trainer.logger").logger, "propagate", True)
    gpt = small_gpt()
    batch = batch_of([5, 9], [12, 7])
    am.activate(am.Settings(attention="auto"))
    with caplog.at_level(logging.INFO, logger="trainer"):
        step(gpt, batch)
        step(gpt, batch)
    # A record that several handlers of pytest's see is one.
    records = {id(record): record.getMessage() for record in caplog.records}
    said = [message for message in records.values() if "attention kernel" in message]
    assert len(said) == 1
    assert "blockwise" in said[0]
    assert "not flash_attn, flash_attn_4" in said[0]
    assert "it runs on cuda, the model is on cpu" in said[0]
    chosen = am.status().chosen
    (choice,) = chosen.kernels
    assert (choice.kernel, choice.asked_for, choice.calls) == ("blockwise", "auto", 4)
    assert (choice.demand.device, choice.demand.dtype) == ("cpu", "float32")
    assert "flash_attn" in dict(choice.passed_over)


@pytest.mark.parametrize("packing", [True, False])
@pytest.mark.parametrize(
    ("name", "install"),
    [
        ("flash_attn", "pip install"),
        ("flash_attn_4", "pip install --pre flash-attn-4"),
        ("xformers", "pip install"),
    ],
)
def test_a_named_kernel_that_cannot_serve_raises_when_a_gpt_runs(name, install, packing):
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device, on which the kernel may serve")
    gpt = small_gpt()
    report = am.activate(am.Settings(attention=name, packing=packing))
    assert report.active  # nothing is raised before a GPT runs
    with pytest.raises(UnavailableError, match=f"attention='{name}' cannot serve") as caught:
        step(gpt, batch_of([5, 9], [12, 7]))
    message = str(caught.value)
    assert "the model is on cpu" in message
    assert "No module named" not in message or install in message
    assert 'attention="auto"' in message


def test_the_error_names_what_is_missing_and_the_install_line(monkeypatch):
    def missing() -> Any:
        raise ModuleNotFoundError("No module named 'flash_attn'")

    spec = replace(flash_attn.SPEC, load=missing)
    monkeypatch.setattr(plugins, "attention_backends", lambda: {"flash_attn": spec})
    with pytest.raises(UnavailableError) as caught:
        select("flash_attn", HOPPER)
    assert "No module named 'flash_attn'" in str(caught.value)
    assert 'pip install "flash-attn>=2.8" --no-build-isolation' in str(caught.value)


@ours_by_default
def test_where_no_kernel_works_auto_leaves_upstreams_attention_and_says_so(monkeypatch, caplog):
    gpt = without_dropout(small_gpt())
    batch = batch_of([5, 9], [12, 7])
    expected = step(gpt, batch)
    monkeypatch.setattr(plugins, "attention_backends", lambda: {"flash_attn": flash_attn.SPEC})
    am.activate(am.Settings(attention="auto"))
    with caplog.at_level(logging.WARNING, logger="coqui_amharic_ext.attention"):
        found = [step(gpt, batch) for _ in range(2)]
    assert [f.mel for f in found] == pytest.approx([expected.mel] * 2, rel=1e-6)
    assert caplog.text.count("no attention kernel can serve") == 1
    assert [choice.kernel for choice in am.status().chosen.kernels] == [""]


def test_a_kernel_that_loads_but_fails_when_called_is_passed_over(monkeypatch):
    def broken(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("no kernel image is available for execution on the device")

    first = replace(sdpa.SPEC, name="flash_attn", load=lambda: broken)
    specs = {"flash_attn": first, "sdpa": sdpa.SPEC}
    monkeypatch.setattr(plugins, "attention_backends", lambda: specs)
    monkeypatch.setattr(selection, "_selections", {})
    chosen = select("auto", Demand("cpu", "float32", 16, True))
    assert chosen is not None
    assert chosen.spec.name == "sdpa"
    assert "no kernel image" in dict(chosen.passed_over)["flash_attn"]


def _without_bounds(query: Any, key: Any, value: Any, layout: Any, **options: Any) -> Any:
    """A kernel that ignores where sequences end."""
    from coqui_amharic_ext.attention.layout import PackedLayout

    whole = PackedLayout.of([len(query)], query.device)
    return eager.attend(query, key, value, whole, **options)


def _without_causality(query: Any, key: Any, value: Any, layout: Any, **options: Any) -> Any:
    q, k, v = (x.transpose(0, 1) for x in (query, key, value))
    parts = zip(*(x.split(layout.lengths, 1) for x in (q, k, v)), strict=True)
    attend = torch.nn.functional.scaled_dot_product_attention
    return torch.cat([attend(*part, scale=options["scale"]) for part in parts], 1).transpose(0, 1)


@pytest.mark.parametrize("wrong", [_without_bounds, _without_causality])
def test_a_kernel_with_wrong_results_does_not_pass_its_trial(monkeypatch, wrong):
    spec = replace(sdpa.SPEC, name="wrong", load=lambda: wrong)
    monkeypatch.setattr(plugins, "attention_backends", lambda: {"wrong": spec})
    monkeypatch.setattr(selection, "_selections", {})
    with pytest.raises(UnavailableError, match="differs from the formula"):
        select("wrong", Demand("cpu", "float32", 16, False))


def test_a_namespace_package_is_no_flash_attention(monkeypatch, tmp_path):
    """flash-attn-4 leaves a ``flash_attn`` package without the functions of flash-attn 2."""
    (tmp_path / "flash_attn" / "cute").mkdir(parents=True)
    monkeypatch.syspath_prepend(tmp_path)
    for module in ("flash_attn", "flash_attn.cute"):
        monkeypatch.delitem(__import__("sys").modules, module, raising=False)
    from coqui_amharic_ext.attention.trial import load_failure

    assert "ImportError" in load_failure(flash_attn.SPEC)
    assert "ImportError" in load_failure(flash_attn_4.SPEC)


def test_a_plugins_kernel_serves_by_name():
    calls = []

    def attend(*args: Any, **kwargs: Any) -> Any:
        calls.append(len(args[0]))
        return eager.attend(*args, **kwargs)

    class Plugin:
        @hookimpl
        def attention_backends(self) -> list[KernelSpec]:
            return [KernelSpec(name="mine", summary="for a test", load=lambda: attend)]

    plugins.register(Plugin(), "mine")
    try:
        gpt = small_gpt()
        am.activate(am.Settings(attention="mine"))
        calls.clear()
        step(gpt, batch_of([5, 9], [12, 7]))
        assert len([n for n in calls if n > 24]) == 2  # two layers; trial calls are shorter
        assert am.status().chosen.calls("mine") == 2
    finally:
        am.deactivate()
        plugins.unregister("mine")


def test_autocast_decides_the_dtype_that_is_asked_for():
    weight = torch.zeros(2, 2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert selection.demand_of(weight, 64, 0.1).dtype == "bfloat16"
    assert selection.demand_of(weight, 64, 0.1).dtype == "float32"
    assert selection.demand_of(weight.double(), 64, 0.0).dropout is False


def test_a_trial_leaves_the_random_numbers_alone():
    from coqui_amharic_ext.attention.trial import trial

    trial.cache_clear()
    torch.manual_seed(0)
    state = torch.get_rng_state()
    assert trial(sdpa.SPEC, Demand("cpu", "float32", 40, True)) == ""
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_what_this_machine_cannot_run_is_not_advised():
    from coqui_amharic_ext import plugins
    from coqui_amharic_ext.attention.trial import availability

    for name, spec in plugins.attention_backends().items():
        state = availability(spec)
        assert state.ok == ("cpu" in spec.devices), name
        assert state.fix == "", name
