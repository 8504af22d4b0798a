"""Generation, sampling, beams, streaming and ``return_latent`` run upstream's code, bit for bit."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import coqui_amharic_ext as am
from tests.attention.models import MEL_VOCABULARY, batch_of, small_gpt, step

MODES: dict[str, dict[str, Any]] = {
    "greedy": dict(do_sample=False),
    "sampling": dict(do_sample=True, top_k=20, top_p=0.9, temperature=0.8),
    "beams": dict(do_sample=False, num_beams=3),
    "several": dict(do_sample=True, num_return_sequences=2),
}


@pytest.fixture(scope="module")
def gpt():
    # transformers 4 takes the vocabulary for beams from upstream's max_mel_tokens + 3.
    model = small_gpt(layers=2, max_mel_tokens=MEL_VOCABULARY - 3).eval()
    # A stop token that never wins keeps every run at full length.
    torch.nn.init.normal_(model.mel_head.weight, std=0.5)
    with torch.no_grad():
        model.mel_head.bias[MEL_VOCABULARY - 1] = -20.0
    return model


def _text() -> torch.Tensor:
    return torch.randint(2, 50, (1, 9), generator=torch.Generator().manual_seed(4))


def _latents(gpt: Any) -> torch.Tensor:
    mels = torch.randn(1, 1, 80, 41, generator=torch.Generator().manual_seed(8))
    with torch.no_grad():
        return gpt.get_style_emb(mels).transpose(1, 2)


def _generate(gpt: Any, latents: torch.Tensor, **options: Any) -> torch.Tensor:
    gpt.init_gpt_for_inference(kv_cache=True)
    gpt.gpt_inference.eval()
    torch.manual_seed(9)
    with torch.no_grad():
        return gpt.generate(latents, _text(), max_new_tokens=25, **options)


def _stream(gpt: Any, latents: torch.Tensor) -> list[tuple[int, torch.Tensor]]:
    from TTS.tts.layers.xtts.stream_generator import init_stream_support

    init_stream_support()
    gpt.init_gpt_for_inference(kv_cache=True)
    gpt.gpt_inference.eval()
    torch.manual_seed(9)
    generator = gpt.get_generator(
        fake_inputs=gpt.compute_embeddings(latents, _text()),
        do_sample=True,
        top_k=20,
        top_p=0.9,
        temperature=0.8,
        num_beams=1,
        num_return_sequences=1,
        output_attentions=False,
        output_hidden_states=True,
        return_dict_in_generate=True,
        max_new_tokens=25,
    )
    with torch.no_grad():
        return [(int(token), latent.clone()) for token, latent in generator]


def _train_a_step(gpt: Any) -> None:
    """A training step in between must leave nothing behind."""
    gpt.train()
    step(gpt, batch_of([5, 9], [12, 7]))
    gpt.eval()


@pytest.mark.parametrize("options", MODES.values(), ids=MODES)
def test_generated_tokens_are_equal(gpt, options):
    latents = _latents(gpt)
    expected = _generate(gpt, latents, **options)
    am.activate(am.Settings(checkpointing=1))
    assert torch.equal(_generate(gpt, latents, **options), expected)
    _train_a_step(gpt)
    assert torch.equal(_generate(gpt, latents, **options), expected)
    assert expected.shape[1] > 20


def test_streamed_tokens_and_latents_are_equal(gpt):
    latents = _latents(gpt)
    expected = _stream(gpt, latents)
    am.activate(am.Settings())
    _train_a_step(gpt)
    found = _stream(gpt, latents)
    assert [token for token, _ in found] == [token for token, _ in expected]
    for (_, one), (_, other) in zip(found, expected, strict=True):
        assert torch.equal(one, other)
    assert len(expected) > 20


def _return_latent(gpt: Any, latents: torch.Tensor) -> torch.Tensor:
    codes = torch.randint(0, 50, (1, 21), generator=torch.Generator().manual_seed(6))
    with torch.no_grad():
        return gpt(
            _text(),
            torch.tensor([9]),
            codes,
            torch.tensor([21 * 1024]),
            cond_latents=latents,
            return_latent=True,
        )


def test_returned_latents_are_equal(gpt):
    latents = _latents(gpt)
    expected = _return_latent(gpt, latents)
    am.activate(am.Settings())
    _train_a_step(gpt)
    assert torch.equal(_return_latent(gpt, latents), expected)


def test_conditioning_is_within_noise_and_gives_the_same_tokens(gpt):
    before = _latents(gpt)
    expected = _generate(gpt, before, do_sample=False)
    am.activate(am.Settings())
    after = _latents(gpt)
    torch.testing.assert_close(after, before, rtol=0, atol=1e-5)
    assert torch.equal(_generate(gpt, after, do_sample=False), expected)


def test_returned_attentions_are_upstreams(gpt):
    batch = batch_of([5, 9], [12, 7])
    gpt.gpt.config._attn_implementation = "eager"
    try:
        expected = gpt(**batch, return_attentions=True)
        am.activate(am.Settings())
        found = gpt(**batch, return_attentions=True)
    finally:
        gpt.gpt.config._attn_implementation = "sdpa"
    assert len(found) == len(expected) == 2
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)
