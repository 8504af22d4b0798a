"""The guard of the attention patches: declared sources, probes of unknown ones, refusals."""

from __future__ import annotations

from importlib import import_module
from operator import attrgetter
from typing import Any

import pytest
import torch

import coqui_amharic_ext as am
from coqui_amharic_ext.attention import probes
from coqui_amharic_ext.attention.patches import PATCHES
from coqui_amharic_ext.errors import UnavailableError
from coqui_amharic_ext.patching import Patcher, fingerprint, load
from tests.attention.models import batch_of, small_gpt, step
from tests.patched import IN_PLACE, stock_only


def _upstream(patch: Any) -> Any:
    return attrgetter(patch.qualname)(import_module(patch.module))


@stock_only
@pytest.mark.parametrize("patch", PATCHES, ids=lambda p: p.name)
def test_declared_sources_are_those_installed(patch):
    assert fingerprint(_upstream(patch)) in [(k.source_hash, k.signature) for k in patch.known]


@stock_only
@pytest.mark.parametrize(
    "source", [s for p in PATCHES for s in p.leans_on], ids=lambda source: source.qualname
)
def test_sources_that_replacements_lean_on_are_those_installed(source):
    found = attrgetter(source.qualname)(import_module(source.module))
    assert fingerprint(found)[0] in source.hashes


@pytest.mark.parametrize("patch", [p for p in PATCHES if p.probe], ids=lambda p: p.name)
def test_the_probe_passes_on_what_is_installed(patch):
    load(patch.probe)(_upstream(patch))


def test_the_probe_of_the_forward_fails_where_it_means_something_else():
    from TTS.tts.layers.xtts.gpt import GPT

    def scaled(self: Any, *args: Any, **kwargs: Any) -> Any:
        text, mel, logits = stock(self, *args, **kwargs)
        return text, 1.01 * mel, logits

    stock = GPT.forward
    with pytest.raises(RuntimeError, match=r"the mel loss differs from upstream's by 0\.0099"):
        probes.losses_agree(scaled)


def test_the_probes_of_the_conditioning_fail_where_it_means_something_else():
    from TTS.tts.layers.tortoise.arch_utils import AttentionBlock
    from TTS.tts.layers.xtts.perceiver_encoder import Attend

    block, attend = AttentionBlock.forward, Attend.forward
    with pytest.raises(RuntimeError, match="conditioning attention differs"):
        probes.block_agrees(lambda self, x, mask=None: block(self, x, mask) + 0.01 * x)
    with pytest.raises(RuntimeError, match="perceiver's attention differs"):
        probes.attend_agrees(lambda self, q, k, v, mask=None: attend(self, q, k, v) * 1.01)


def test_a_changed_part_that_changes_nothing_is_taken(monkeypatch):
    from TTS.tts.layers.xtts.gpt import GPT

    stock = GPT.get_logits
    monkeypatch.setattr(
        GPT, "get_logits", lambda self, *args, **kwargs: stock(self, *args, **kwargs)
    )
    states = {p.name: p.state for p in am.activate(am.Settings()).patches}
    assert states["gpt-training-forward"] == "applied"


def test_a_changed_part_that_changes_the_loss_leaves_upstreams_code(monkeypatch, caplog):
    from TTS.tts.layers.xtts.gpt import GPT

    stock = GPT.get_logits

    def shifted(self: Any, *args: Any, **kwargs: Any) -> Any:
        text, mel = stock(self, *args, **kwargs)
        return text, mel * 1.5

    monkeypatch.setattr(GPT, "get_logits", shifted)
    forward = GPT.forward
    report = am.activate(am.Settings())
    states = {p.name: p for p in report.patches}
    assert states["gpt-training-forward"].state == "skipped"
    reason = states["gpt-training-forward"].reason
    assert reason.startswith("RuntimeError: GPT.get_logits differs from")
    assert "its probe failed: ProbeError" in reason
    assert GPT.forward is forward
    assert states["perceiver-attention"].state in IN_PLACE  # that one patch alone is left out
    step(small_gpt(), batch_of([5, 9], [12, 7]))


def test_attention_off_puts_none_in_place():
    from TTS.tts.layers.tortoise.arch_utils import AttentionBlock
    from TTS.tts.layers.xtts.gpt import GPT
    from TTS.tts.layers.xtts.perceiver_encoder import Attend

    stock = GPT.forward, AttentionBlock.forward, Attend.forward
    am.activate(am.Settings(attention="off"))
    assert (GPT.forward, AttentionBlock.forward, Attend.forward) == stock
    assert torch.is_tensor(step(small_gpt(), batch_of([5], [6])).mel_logits)


@stock_only
@pytest.mark.parametrize("major", [4, 5])
def test_transformers_4_with_its_flash_attention_2_is_refused(monkeypatch, major):
    """That combination trains without causality: it must not run, with this package off either."""
    import transformers

    gpt = small_gpt()
    batch = batch_of([5, 9], [12, 7])
    monkeypatch.setattr(transformers, "__version__", f"{major}.57.6")
    patcher = Patcher([p for p in PATCHES if p.name == "flash-attention-2-guard"], am.Settings())
    try:
        patcher.apply(lambda module: True)
        (status,) = patcher.statuses()
        assert status.state == ("applied" if major == 4 else "upstream has it")
        step(gpt, batch)  # with sdpa nothing is refused
        monkeypatch.setattr(gpt.gpt.config, "_attn_implementation_internal", "flash_attention_2")
        if major == 4:
            with pytest.raises(UnavailableError, match="without causality"):
                step(gpt, batch)
    finally:
        patcher.undo()
