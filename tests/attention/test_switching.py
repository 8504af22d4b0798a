"""A step runs on a double of the model; the model itself is upstream's all the time."""

from __future__ import annotations

import copy
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
import torch
from torch.utils.checkpoint import checkpoint

import coqui_amharic_ext as am
from tests.attention.models import batch_of, small_gpt, step, without_dropout, worst_gradient
from tests.patched import ours_by_default

BATCH = batch_of([5, 20, 13], [30, 4, 17])
SETTINGS = {
    "packed": am.Settings(),
    "padded": am.Settings(packing=False),
    "checkpointing": am.Settings(checkpointing=1),
    "every other": am.Settings(checkpointing=2),
    "checkpointing alone": am.Settings(attention="off", checkpointing=1),
}


def _traces(gpt: Any) -> dict[str, Any]:
    """What a model could have kept: names in configs, module types, instance attributes."""
    kept: dict[str, Any] = {
        "attention": gpt.gpt.config._attn_implementation,
        "use_cache": gpt.gpt.config.use_cache,
    }
    for name, module in gpt.named_modules():
        plain = {k for k in vars(module) if not k.startswith("_forward")}
        kept[name] = (type(module), plain, list(module._modules))
    return kept


@pytest.mark.parametrize("chosen", SETTINGS.values(), ids=SETTINGS)
def test_nothing_stays_on_the_model(chosen):
    gpt = small_gpt()
    before = _traces(gpt)
    am.activate(chosen)
    step(gpt, BATCH)
    assert _traces(gpt) == before


@pytest.mark.parametrize("chosen", SETTINGS.values(), ids=SETTINGS)
def test_nothing_stays_after_a_step_that_raised(chosen, monkeypatch):
    gpt = small_gpt()
    before = _traces(gpt)
    am.activate(chosen)

    def fail(*args: Any, **kwargs: Any) -> Any:
        raise MemoryError("for a test")

    hook = gpt.gpt.h[1].register_forward_pre_hook(fail)
    with pytest.raises(MemoryError):
        step(gpt, BATCH)
    hook.remove()
    assert _traces(gpt) == before


@ours_by_default
def test_a_model_built_before_activation_is_covered_and_goes_on_after_it():
    from transformers import AttentionInterface

    gpt = without_dropout(small_gpt())
    expected = step(gpt, BATCH)
    am.activate(am.Settings())
    step(gpt, BATCH)
    assert am.status().chosen.calls("blockwise") == 2
    am.deactivate()
    found = step(gpt, BATCH)
    assert found.mel == expected.mel
    assert all(torch.equal(found.grads[k], v) for k, v in expected.grads.items() if v is not None)
    assert not [name for name in AttentionInterface._global_mapping if "coqui_amharic" in name]


def test_a_model_built_while_active_runs_upstreams_code_after_deactivation():
    from TTS.tts.layers.xtts.gpt import GPT

    stock = GPT.forward
    am.activate(am.Settings())
    gpt = without_dropout(small_gpt())
    step(gpt, BATCH)
    am.deactivate()
    assert GPT.forward is stock
    assert step(gpt, BATCH).mel == step(without_dropout(small_gpt()), BATCH).mel


def test_a_model_can_be_copied_between_steps():
    gpt = without_dropout(small_gpt())
    am.activate(am.Settings(checkpointing=1))
    expected = step(gpt, BATCH)
    assert step(copy.deepcopy(gpt), BATCH).mel == expected.mel


def _generate(gpt: Any) -> list[int]:
    texts = torch.arange(2, 14).unsqueeze(0)
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        latents = torch.randn(1, 32, 64, generator=generator)
        codes = gpt.generate(latents, texts, do_sample=False, num_beams=1)
    return list(codes[0].tolist())


@pytest.mark.parametrize("chosen", SETTINGS.values(), ids=SETTINGS)
def test_one_thread_generates_while_another_trains(chosen):
    gpt = without_dropout(small_gpt())
    gpt.init_gpt_for_inference()
    am.activate(chosen)
    trained, generated = step(gpt, BATCH), _generate(gpt)
    seen = []
    done = threading.Event()

    def generate() -> None:
        while not done.is_set() or len(seen) < 3:
            seen.append(_generate(gpt))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(1) as pool:
            other = pool.submit(generate)
            try:
                steps = [step(gpt, BATCH) for _ in range(15)]
            finally:
                done.set()
            other.result()
    finally:
        sys.setswitchinterval(interval)
    assert seen == [generated] * len(seen)
    for found in steps:
        assert found.mel == trained.mel
        assert worst_gradient(found, trained)[0] < 1e-6


def _set_to_checkpointing(gpt: Any, *, reentrant: bool) -> None:
    gpt.gpt._set_gradient_checkpointing(
        enable=True, gradient_checkpointing_func=partial(checkpoint, use_reentrant=reentrant)
    )


@ours_by_default
@pytest.mark.parametrize("reentrant", [True, False])
@pytest.mark.parametrize("packing", [True, False])
def test_checkpointing_that_the_user_set_is_kept_and_right(reentrant, packing):
    gpt = without_dropout(small_gpt())
    expected = step(gpt, BATCH)
    _set_to_checkpointing(gpt, reentrant=reentrant)
    am.activate(am.Settings(packing=packing))
    found = step(gpt, BATCH)
    error, where = worst_gradient(found, expected)
    assert error < 2e-5, where
    assert all(block.gradient_checkpointing for block in gpt.gpt.h)
    # Forward and recomputation: each of the two blocks ran twice.
    assert am.status().chosen.calls("blockwise") == 4


@ours_by_default
def test_a_block_that_someone_else_recomputes_gives_nan_and_not_a_wrong_number():
    """The recomputation runs upstream's attention, which knows no sequence bounds."""
    gpt = without_dropout(small_gpt())
    block = gpt.gpt.h[0]
    inner = type(block).forward

    def recomputed(*args: Any, **kwargs: Any) -> Any:
        return checkpoint(partial(inner, block, **kwargs), *args, use_reentrant=True)

    block.forward = recomputed
    am.activate(am.Settings())
    gradient = step(gpt, BATCH).grads["gpt.h.0.attn.c_attn.weight"]
    assert gradient is not None
    assert gradient.isnan().any()


def test_each_switch_can_be_off():
    gpt = without_dropout(small_gpt())
    expected = step(gpt, BATCH)
    for off in ("fused_gelu", "needed_logits", "conditioning_sdpa", "packing"):
        am.activate(am.Settings(**{off: False}))
        found = step(gpt, BATCH)
        error, where = worst_gradient(found, expected)
        assert error < 2e-5, (off, where)
        assert found.mel_logits.shape == expected.mel_logits.shape


@ours_by_default
def test_the_fused_gelu_runs_only_where_it_is_on(monkeypatch):
    seen = []
    from transformers.activations import NewGELUActivation

    original = NewGELUActivation.forward

    def watched(self: Any, x: torch.Tensor) -> torch.Tensor:
        seen.append(x.shape)
        return original(self, x)

    monkeypatch.setattr(NewGELUActivation, "forward", watched)
    gpt = small_gpt()
    am.activate(am.Settings())
    step(gpt, BATCH)
    assert not seen
    am.activate(am.Settings(fused_gelu=False))
    step(gpt, BATCH)
    assert len(seen) == 2


@ours_by_default
def test_no_kv_cache_is_built_in_training(monkeypatch):
    from transformers import DynamicCache

    built = []
    original = DynamicCache.__init__

    def watched(self: Any, *args: Any, **kwargs: Any) -> None:
        built.append(self)
        original(self, *args, **kwargs)

    monkeypatch.setattr(DynamicCache, "__init__", watched)
    gpt = small_gpt()
    step(gpt, BATCH)
    assert built, "upstream builds none any more, so this test proves nothing"
    for chosen in SETTINGS.values():
        built.clear()
        am.activate(chosen)
        step(gpt, BATCH)
        assert not built


def test_a_subclass_that_overrides_its_forward_is_left_alone():
    from TTS.tts.layers.xtts.gpt import GPT

    class Own(GPT):
        def forward(self, *args: Any, **kwargs: Any) -> str:
            return "own"

    am.activate(am.Settings())
    assert Own.__new__(Own).forward() == "own"
