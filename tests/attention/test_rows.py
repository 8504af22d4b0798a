"""Packing indices and row moves, for any lengths."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from coqui_amharic_ext.attention.layout import PackedLayout
from coqui_amharic_ext.attention.packing import Lengths, plan, read_lengths
from coqui_amharic_ext.attention.rows import put_rows, take_rows

LENGTHS = st.lists(st.integers(1, 40), min_size=1, max_size=8)


@settings(max_examples=50, deadline=None)
@given(LENGTHS)
def test_slots_place_rows_in_a_rectangle_padded_at_the_right(lengths):
    layout = PackedLayout.of(lengths)
    longest = max(lengths)
    rectangle = put_rows(torch.arange(1.0, sum(lengths) + 1), layout.slots, layout.batch * longest)
    rows = rectangle.view(-1, longest)
    expected = iter(range(1, sum(lengths) + 1))
    for row, length in zip(rows.tolist(), lengths, strict=True):
        assert row[:length] == [next(expected) for _ in range(length)]
        assert not any(row[length:])
    assert layout.cu_seqlens.tolist() == [sum(lengths[:n]) for n in range(len(lengths) + 1)]
    assert layout.cu_seqlens.dtype == torch.int32


@pytest.mark.parametrize("lengths", [[], [3, 0], [-1]])
def test_a_layout_needs_lengths_of_one_and_more(lengths):
    with pytest.raises(ValueError, match="whole numbers >= 1"):
        PackedLayout.of(lengths)


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(9)), st.integers(1, 9))
def test_taking_and_putting_rows_are_each_others_gradients(order, count):
    index = torch.tensor(order[:count])
    x = torch.randn(9, 2, dtype=torch.float64, requires_grad=True)
    y = torch.randn(count, 2, dtype=torch.float64, requires_grad=True)
    assert torch.equal(take_rows(x, index), x[index])
    assert torch.equal(take_rows(put_rows(y, index, 9), index), y)
    assert torch.autograd.gradcheck(lambda t: take_rows(t, index), x)
    assert torch.autograd.gradcheck(lambda t: put_rows(t, index, 9), y)
    assert torch.autograd.gradgradcheck(lambda t: take_rows(t, index).square(), x)


@pytest.mark.parametrize("move", [take_rows, lambda x, index: put_rows(x, index, 9)])
def test_compiled_moves_have_the_gradients_of_plain_ones(move):
    index = torch.tensor([7, 0, 3, 8])
    rows = 9 if move is take_rows else 4
    x = torch.randn(rows, 2, dtype=torch.float64, requires_grad=True)
    compiled = torch.compile(move, backend="eager")
    torch._dynamo.reset()
    gradients = [torch.autograd.grad(f(x, index).sin().sum(), x)[0] for f in (move, compiled)]
    torch.testing.assert_close(gradients[1], gradients[0])
    assert gradients[0].any()


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 12), st.integers(1, 15)), min_size=1, max_size=5),
    st.integers(1, 6),
    st.integers(0, 3),
)
def test_a_plan_interleaves_conditioning_text_and_codes_row_by_row(counts, prompt, extra):
    text, mel = (tuple(n) for n in zip(*counts, strict=True))
    text_width, mel_width = max(text) + extra, max(mel) + extra
    packed = plan(
        Lengths(text, mel, slice(0, 0)), prompt, text_width, mel_width, torch.device("cpu")
    )
    batch = len(counts)
    names = [f"c{row}.{i}" for row in range(batch) for i in range(prompt)]
    names += [f"t{row}.{i}" for row in range(batch) for i in range(text[row])]
    names += [f"m{row}.{i}" for row in range(batch) for i in range(mel[row])]
    sequence = [names[i] for i in packed.order.tolist()]
    expected = [
        f"{kind}{row}.{i}"
        for row in range(batch)
        for kind, count in (("c", prompt), ("t", text[row]), ("m", mel[row]))
        for i in range(count)
    ]
    assert sequence == expected
    for kind, width, index, rows, positions in (
        ("t", text_width, packed.text, packed.text_rows, packed.text_positions),
        ("m", mel_width, packed.mel, packed.mel_rows, packed.mel_positions),
    ):
        places = zip(index.tolist(), rows.tolist(), positions.tolist(), strict=True)
        for flat, place, position in places:
            assert sequence[place] == f"{kind}{flat // width}.{flat % width}"
            assert position == flat % width
    totals = [prompt + t + m for t, m in counts]
    assert packed.layout.lengths == tuple(totals)
    assert packed.layout.cu_seqlens.diff().tolist() == totals


def test_lengths_count_the_start_token_and_the_last_rows_masked_span():
    found = read_lengths(torch.tensor([4, 2]), torch.tensor([9, 6]), torch.tensor([[0, 1], [2, 5]]))
    assert found == Lengths(text=(5, 3), mel=(10, 7), ignored=slice(2, 5))
