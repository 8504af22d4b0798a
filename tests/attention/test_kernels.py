"""Each kernel against the formula in float64: at most twice as far off as upstream's SDPA is."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from coqui_amharic_ext.attention.kernel import KernelSpec
from coqui_amharic_ext.attention.kernels import blockwise, eager
from coqui_amharic_ext.attention.layout import PackedLayout
from tests.attention.kernels import (
    DTYPES,
    ON_CPU,
    ON_CUDA,
    Case,
    errors,
    reference,
    run,
    stock_sdpa,
    unavailable,
)

CASES = {
    "uneven": Case((70, 129, 1, 33, 64)),
    "one sequence": Case((97,)),
    "single tokens": Case((1, 1, 1)),
    "even": Case((64, 64), heads=2, head_dim=32),
}
PARTS = ("output", "dq", "dk", "dv")


def _compare(spec: KernelSpec, case: Case, device: str, dtype: torch.dtype) -> None:
    reason = unavailable(spec, device, dtype, case.head_dim)
    if reason:
        pytest.skip(f"{spec.name} on {device} in {dtype}: {reason}")
    expected = reference(case, dtype)
    tensors = case.tensors(device, dtype)
    layout = PackedLayout.of(case.lengths, device)
    found = errors(run(spec.load(), tensors, layout), expected)
    # The floor counts where upstream's error is 0 by luck, as with single tokens.
    floor = torch.finfo(dtype).eps
    stock = errors(run(stock_sdpa, tensors, layout), expected)
    for part, error, allowed in zip(PARTS, found, stock, strict=True):
        # A scores' gradient of 0, as over one key, leaves nothing to relate the error to.
        if math.isnan(error) and math.isnan(allowed):
            continue
        assert error <= max(2 * allowed, floor), f"{part}: {error:.3g}, upstream's {allowed:.3g}"


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("spec", [s for s in ON_CPU if s is not eager.SPEC], ids=lambda s: s.name)
def test_on_cpu(spec, case, dtype):
    _compare(spec, case, "cpu", dtype)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("spec", [s for s in ON_CUDA if s is not eager.SPEC], ids=lambda s: s.name)
def test_on_cuda(spec, case, dtype):
    _compare(spec, case, "cuda", dtype)


@settings(max_examples=25, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 150), min_size=1, max_size=5),
    heads=st.integers(1, 3),
    head_dim=st.sampled_from([8, 24, 64]),
    seed=st.integers(0, 1000),
)
def test_blockwise_for_any_lengths(lengths, heads, head_dim, seed):
    case = Case(tuple(lengths), heads, head_dim, seed)
    found = run(blockwise.attend, case.tensors("cpu", torch.float64), PackedLayout.of(lengths))
    expected = run(eager.attend, case.tensors("cpu", torch.float64), PackedLayout.of(lengths))
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("spec", ON_CPU, ids=lambda s: s.name)
def test_a_sequence_reads_no_other(spec):
    case = Case((20, 70, 30))
    tensors = case.tensors("cpu", torch.float32)
    clean = run(spec.load(), tensors, PackedLayout.of(case.lengths))
    for x in tensors:
        x[20:90] = float("nan")
    poisoned = run(spec.load(), tensors, PackedLayout.of(case.lengths))
    for before, after in zip(clean, poisoned, strict=True):
        assert torch.equal(before[:20], after[:20])
        assert torch.equal(before[90:], after[90:])


@pytest.mark.parametrize("spec", ON_CPU, ids=lambda s: s.name)
def test_a_query_reads_nothing_later(spec):
    case = Case((100,))
    query, key, value, _ = case.tensors("cpu", torch.float32)
    layout = PackedLayout.of(case.lengths)
    before = spec.load()(query, key, value, layout, dropout=0.0, scale=0.125)
    for x in (query, key, value):
        x[60:] += 1.0
    after = spec.load()(query, key, value, layout, dropout=0.0, scale=0.125)
    assert torch.equal(before[:60], after[:60])
    assert not torch.equal(before[60:], after[60:])


@pytest.mark.parametrize("spec", ON_CPU, ids=lambda s: s.name)
def test_views_of_one_projection_are_taken_as_they_are(spec):
    """GPT-2 hands over strided views of one (tokens, 3 * channels) product."""
    case = Case((40, 25), heads=2, head_dim=16)
    qkv = torch.randn(65, 96, generator=torch.Generator().manual_seed(3))
    views = [part.view(65, 2, 16) for part in qkv.split(32, 1)]
    layout = PackedLayout.of(case.lengths)
    found = spec.load()(*views, layout, dropout=0.0, scale=0.25)
    copies = spec.load()(*(x.contiguous() for x in views), layout, dropout=0.0, scale=0.25)
    torch.testing.assert_close(found, copies)
