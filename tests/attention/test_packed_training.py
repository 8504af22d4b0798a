"""Losses and every gradient are upstream's, on batches with padding."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import coqui_amharic_ext as am
from tests.attention.models import (
    TEXT_VOCABULARY,
    batch_of,
    small_gpt,
    step,
    without_dropout,
    worst_gradient,
)
from tests.patched import ours_by_default

BATCHES = {
    "uneven": batch_of([5, 20, 13, 9], [30, 4, 17, 25]),
    "one row": batch_of([7], [11]),
    "even": batch_of([8, 8, 8], [12, 12, 12]),
    "cond_idxs": batch_of([5, 20, 13], [30, 4, 17], cond_idxs=True),
    "cond_idxs, one row": batch_of([20], [30], cond_idxs=True),
    "wider than needed": batch_of([5, 9], [12, 7], extra=3),
    "one token": batch_of([1, 6], [1, 9]),
}
MODELS: dict[str, dict[str, Any]] = {
    "XTTS v2": {},
    "XTTS v1": dict(use_perceiver_resampler=False, code_stride_len=2048),
    "label smoothing": dict(label_smoothing=0.2),
    "one layer": dict(layers=1),
}

# What a float32 forward and backward leave between two orders of summation; a mask or a bound
# that is lost shows as 0.1 and more.
NOISE = 2e-5


def _assert_equal(found, expected) -> None:
    assert found.text == pytest.approx(expected.text, rel=1e-6)
    assert found.mel == pytest.approx(expected.mel, rel=1e-6)
    error, where = worst_gradient(found, expected)
    assert error < NOISE, where
    if expected.cond_idxs is not None:
        assert torch.equal(found.cond_idxs, expected.cond_idxs)


@pytest.mark.parametrize("mode", ["train", "eval"])
@pytest.mark.parametrize("batch", BATCHES.values(), ids=BATCHES)
def test_losses_and_gradients_equal_upstream(batch, mode):
    gpt = without_dropout(small_gpt())
    gpt.train(mode == "train")
    expected = step(gpt, batch)
    am.activate(am.Settings())
    _assert_equal(step(gpt, batch), expected)


@pytest.mark.parametrize("batch", ["uneven", "cond_idxs"])
@pytest.mark.parametrize("options", MODELS.values(), ids=MODELS)
def test_for_every_kind_of_model(options, batch):
    gpt = without_dropout(small_gpt(**options))
    expected = step(gpt, BATCHES[batch])
    am.activate(am.Settings())
    _assert_equal(step(gpt, BATCHES[batch]), expected)


@pytest.mark.parametrize("kernel", ["blockwise", "sdpa", "eager"])
@pytest.mark.parametrize("batch", BATCHES.values(), ids=BATCHES)
def test_without_packing_the_kernel_runs_on_padded_tensors_with_equal_gradients(batch, kernel):
    gpt = without_dropout(small_gpt())
    expected = step(gpt, batch)
    am.activate(am.Settings(attention=kernel, packing=False))
    _assert_equal(step(gpt, batch), expected)
    assert am.status().chosen.calls(kernel) == 2


@pytest.mark.parametrize("attention", ["auto", "off", "sdpa"])
@pytest.mark.parametrize("every", [1, 2])
@pytest.mark.parametrize("packing", [True, False])
def test_checkpointing_leaves_gradients_equal(attention, every, packing):
    gpt = without_dropout(small_gpt(layers=3))
    expected = step(gpt, BATCHES["uneven"])
    am.activate(am.Settings(attention=attention, checkpointing=every, packing=packing))
    _assert_equal(step(gpt, BATCHES["uneven"]), expected)


@ours_by_default
def test_checkpointing_with_dropout_recomputes_what_it_dropped():
    """With dropout on, a checkpointed step must equal one that keeps everything."""
    batch = BATCHES["uneven"]
    gpt = small_gpt()
    am.activate(am.Settings())
    torch.manual_seed(3)
    expected = step(gpt, batch)
    am.activate(am.Settings(checkpointing=1))
    torch.manual_seed(3)
    _assert_equal(step(gpt, batch), expected)


@ours_by_default
def test_checkpointing_recomputes_in_the_dtype_of_autocast():
    """Backward runs outside autocast; what is recomputed there must not be in float32."""
    batch = BATCHES["uneven"]
    gpt = without_dropout(small_gpt())
    steps = []
    for every in (0, 1):
        am.activate(am.Settings(checkpointing=every))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            steps.append(step(gpt, batch))
    assert worst_gradient(*steps)[0] == 0.0


def test_in_float64_the_two_are_the_same_function():
    """Nothing is left of the difference but rounding, however fine."""
    batch = BATCHES["cond_idxs"]
    gpt = without_dropout(small_gpt()).double()
    # Upstream's GroupNorm knows no float64; conditioning stays as it is and is not compared.
    gpt.conditioning_encoder.float()
    gpt.conditioning_perceiver.float()
    in_float32 = gpt.get_style_emb
    gpt.get_style_emb = lambda mels: in_float32(mels).double()
    expected = step(gpt, batch)
    am.activate(am.Settings(conditioning_sdpa=False))
    found = step(gpt, batch)
    assert found.mel == pytest.approx(expected.mel, rel=1e-13)
    for name in list(expected.grads):
        if name.startswith("conditioning"):
            del expected.grads[name]
    assert len(expected.grads) > 30
    error, where = worst_gradient(found, expected)
    assert error < 1e-12, where


@ours_by_default
def test_under_autocast_the_difference_is_that_of_its_dtype():
    batch = BATCHES["uneven"]
    gpt = without_dropout(small_gpt())
    exact = step(gpt, batch)

    def rounded():
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return step(gpt, batch)

    stock = rounded()
    am.activate(am.Settings())
    ours = rounded()
    allowed, _ = worst_gradient(stock, exact)
    error, where = worst_gradient(ours, exact)
    assert error < 2 * allowed, where
    assert abs(ours.mel - exact.mel) < 2 * abs(stock.mel - exact.mel) + 1e-3
    assert "bfloat16" in {choice.demand.dtype for choice in am.status().chosen.kernels}


@ours_by_default
@pytest.mark.parametrize("needed", [True, False])
def test_mel_logits_are_upstreams_and_zero_at_padding(needed):
    batch = BATCHES["uneven"]
    gpt = without_dropout(small_gpt())
    expected = step(gpt, batch).mel_logits
    am.activate(am.Settings(needed_logits=needed))
    found = step(gpt, batch).mel_logits
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    lengths = -(-batch["wav_lengths"] // 1024) + 4
    for row, length in enumerate(lengths.tolist()):
        torch.testing.assert_close(
            found[row, :, :length], expected[row, :, :length], rtol=1e-4, atol=1e-5
        )
        assert not found[row, :, length:].any()


def test_mel_logits_carry_gradients():
    gpt = without_dropout(small_gpt())
    own = BATCHES["even"]
    gradients = []
    for active in (False, True):
        if active:
            am.activate(am.Settings())
        gpt.zero_grad()
        # Upstream pads even the longest row by one position, where its logits are not zero.
        gpt(**own)[2][..., :-1].square().sum().backward()
        gradients.append(gpt.mel_head.weight.grad.clone())
    torch.testing.assert_close(gradients[1], gradients[0], rtol=1e-4, atol=1e-3)


@ours_by_default
def test_text_longer_than_its_tensor_is_an_error_that_says_so():
    batch = dict(BATCHES["uneven"], text_lengths=torch.tensor([5, 25, 13, 9]))
    am.activate(am.Settings())
    with pytest.raises(ValueError, match="text_lengths has 25, text_inputs is only 20 wide"):
        step(small_gpt(), batch)


def test_without_conditioning_the_error_is_upstreams():
    batch = dict(BATCHES["uneven"], cond_mels=None)
    gpt = small_gpt()
    with pytest.raises(AttributeError) as stock:
        step(gpt, batch)
    am.activate(am.Settings())
    with pytest.raises(AttributeError) as ours:
        step(gpt, batch)
    assert str(ours.value) == str(stock.value)


def test_evaluation_without_gradients_gives_upstreams_losses():
    gpt = small_gpt().eval()
    batch = BATCHES["uneven"]
    expected = step(gpt, batch, backward=False)
    am.activate(am.Settings(checkpointing=1))
    with torch.inference_mode():
        found = step(gpt, batch, backward=False)
    assert found.text == pytest.approx(expected.text, rel=1e-6)
    assert found.mel == pytest.approx(expected.mel, rel=1e-6)


@ours_by_default
def test_no_padded_position_is_read(monkeypatch):
    """Padding tokens whose embedding is NaN would show in every loss and gradient."""
    batch = dict(batch_of([5, 20, 13], [30, 4, 17]))
    gpt = without_dropout(small_gpt())
    # A token that no row holds stands at every padded text position but the first, which is the
    # row's stop token to upstream.
    poison = TEXT_VOCABULARY - 2
    padding = torch.arange(20)[None] > batch["text_lengths"][:, None]
    clean = dict(batch, text_inputs=batch["text_inputs"].clamp(max=poison - 1))
    batch["text_inputs"] = clean["text_inputs"].masked_fill(padding, poison)
    expected = step(gpt, clean)
    with torch.no_grad():
        gpt.text_embedding.weight[poison] = float("nan")
    assert step(gpt, batch).mel != step(gpt, batch).mel, "upstream's loss should be NaN"

    from coqui_amharic_ext.attention import packing

    prepare = packing.prepare

    def poisoned(gpt: Any, *args: Any) -> packing.Inputs:
        """Codes and targets at padding are not indices of anything."""
        inputs = prepare(gpt, *args)
        lengths = args[2]
        parts = [inputs.text, inputs.text_targets, inputs.mel, inputs.mel_targets]
        for tensor, kept in zip(parts, [lengths.text] * 2 + [lengths.mel] * 2, strict=True):
            for row, length in enumerate(kept):
                tensor[row, length:] = 10**6
        return inputs

    monkeypatch.setattr(packing, "prepare", poisoned)
    am.activate(am.Settings())
    _assert_equal(step(gpt, batch), expected)


def test_another_default_device_does_no_harm():
    gpt = without_dropout(small_gpt())
    batch = BATCHES["uneven"]
    expected = step(gpt, batch)
    am.activate(am.Settings())
    with torch.device("meta"):
        text, mel, _ = gpt(**batch)
        (0.01 * text + mel).backward()
    assert float(mel.detach()) == pytest.approx(expected.mel, rel=1e-6)
