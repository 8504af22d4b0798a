"""Compiled blocks: upstream's gradients, and one compilation for all lengths."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
import torch

import coqui_amharic_ext as am
from coqui_amharic_ext import plugins
from coqui_amharic_ext.attention.kernel import KernelSpec
from coqui_amharic_ext.plugins import hookimpl
from tests.attention.kernels import RECTANGLE
from tests.attention.models import batch_of, small_gpt, step, without_dropout, worst_gradient

BATCHES = [
    batch_of([5, 20, 13], [30, 4, 17]),
    batch_of([7, 19], [12, 40]),
    batch_of([30, 7, 9, 19], [22, 12, 40, 17]),
    batch_of([6, 6, 6], [8, 8, 8]),
]

pytestmark = pytest.mark.skipif(
    not (shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")),
    reason="torch.compile needs a C++ compiler",
)


class _Plugin:
    """The kernel that runs on CUDA when nothing is installed, under a name of its own."""

    @hookimpl
    def attention_backends(self) -> list[KernelSpec]:
        from dataclasses import replace

        return [replace(RECTANGLE, name="rectangle")]


@pytest.fixture(autouse=True)
def _rectangle():
    plugins.register(_Plugin(), "rectangle")
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()
    plugins.unregister("rectangle")


def _graphs() -> int:
    return torch._dynamo.utils.counters["stats"]["unique_graphs"]


@pytest.mark.parametrize(
    ("kernel", "checkpointing", "backend"),
    # Generated code is left out: what is at stake is the graph, and a compiler takes its time.
    [("rectangle", 0, "aot_eager"), ("rectangle", 2, "eager"), ("blockwise", 0, "eager")],
)
def test_one_compilation_serves_all_lengths(kernel, checkpointing, backend, monkeypatch):
    _compile_with(monkeypatch, backend)
    torch._dynamo.utils.counters.clear()
    gpt = without_dropout(small_gpt(layers=3))
    graphs = []
    for batch in BATCHES:
        am.deactivate()
        expected = step(gpt, batch)
        am.activate(am.Settings(attention=kernel, compile=True, checkpointing=checkpointing))
        found = step(gpt, batch)
        error, where = worst_gradient(found, expected)
        assert error < 2e-5, where
        graphs.append(_graphs())
    assert graphs[0] >= 1
    assert graphs == graphs[:1] * len(BATCHES), "a batch of other lengths was compiled again"
    if kernel == "rectangle":
        assert graphs[0] == 1, "the block is cut into several graphs"
    calls = am.status().chosen.calls(kernel)
    assert calls == (5 if checkpointing else 3)  # of the last batch alone


def _compile_with(monkeypatch: pytest.MonkeyPatch, backend: str) -> None:
    from coqui_amharic_ext.attention import switch

    def compiled() -> Any:
        return made

    made = torch.compile(switch._forward, dynamic=True, backend=backend)
    monkeypatch.setattr(switch, "_compiled", compiled)


@pytest.mark.slow
def test_generated_code_gives_upstreams_gradients():
    gpt = without_dropout(small_gpt(layers=1))
    expected = step(gpt, BATCHES[0])
    am.activate(am.Settings(compile=True))
    error, where = worst_gradient(step(gpt, BATCHES[0]), expected)
    assert error < 2e-5, where
