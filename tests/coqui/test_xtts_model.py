"""A tiny XTTS with random weights runs upstream's own inference on Amharic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from TTS.tts.configs.xtts_config import XttsArgs, XttsConfig
from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer
from TTS.tts.models.xtts import Xtts

import coqui_amharic_ext as am
from coqui_amharic_ext.errors import UnavailableError
from tests.coqui.conftest import SENTENCES

WIDTH = 32


def _model(vocabulary: Path) -> Xtts:
    torch.manual_seed(0)
    args = XttsArgs(
        gpt_layers=1,
        gpt_n_model_channels=WIDTH,
        gpt_n_heads=2,
        gpt_max_audio_tokens=10,
        gpt_max_prompt_tokens=70,
        decoder_input_dim=WIDTH,
    )
    model = Xtts(XttsConfig(model_args=args))
    model.tokenizer = VoiceBpeTokenizer(vocabulary)
    model.init_models()
    model.eval()
    model.speaker_manager = None
    return model


@pytest.fixture(scope="module")
def model(vocabulary: Path) -> Xtts:
    # Built before activation: what is patched must reach it all the same.
    am.deactivate()
    return _model(vocabulary)


@pytest.fixture
def heard(model: Xtts, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record what reaches the GPT, decoded."""
    texts: list[str] = []
    generate = model.gpt.generate

    def recorded(*args: Any, **kwargs: Any) -> Any:
        texts.append(model.tokenizer.decode(kwargs["text_inputs"][0].tolist()))
        return generate(*args, **kwargs)

    monkeypatch.setattr(model.gpt, "generate", recorded)
    return texts


def _voice() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return (
        torch.randn(1, 32, WIDTH, generator=generator),
        torch.randn(1, 512, 1, generator=generator),
    )


@pytest.mark.parametrize("language", ["am", "am-ET", "amh"])
def test_synthesize(
    model: Xtts, heard: list[str], monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    latents, embedding = _voice()
    voice = {"gpt_conditioning_latents": latents, "speaker_embedding": embedding}
    monkeypatch.setattr(model, "clone_voice", lambda *args, **kwargs: voice)
    wav = model.synthesize("ጳውሎስ፣ ሰላም።", language=language, speaker_wav="any.wav")["wav"]
    assert wav.size > 0
    assert heard == ["[am]ƥawlos, səlam."]


@pytest.mark.parametrize("method", ["inference", "inference_stream"])
def test_amharic_as_another_language_is_told_once(
    model: Xtts, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, method: str
) -> None:
    """tts-server takes every text for English unless it is told otherwise."""
    monkeypatch.setattr("coqui_amharic_ext.coqui.xtts_model._warned", set())
    for text in ("hello", "ሰላም", "ደህና"):
        result = getattr(model, method)(text, "en", *_voice())
        if method == "inference_stream":
            next(result)
        assert ("--language_idx am" in caplog.text) == (text != "hello")
    assert caplog.text.count("the language is 'en'") == 1


def test_synthesize_still_refuses_what_nobody_knows(model: Xtts) -> None:
    with pytest.raises(AssertionError, match="Language xx is not supported"):
        model.synthesize("text", language="xx", speaker_wav="any.wav")


def test_long_text_is_spoken_whole_and_in_order(model: Xtts, heard: list[str]) -> None:
    text = " ".join(SENTENCES * 2)
    model.inference(text, "am", *_voice(), enable_text_splitting=True)
    assert len(heard) > 2
    whole = model.tokenizer.preprocess_text(text, "am")
    assert " ".join(piece.removeprefix("[am]") for piece in heard).split() == whole.split()


def test_one_long_sentence_is_split_unless_the_caller_says_no(
    model: Xtts, heard: list[str]
) -> None:
    text = " ".join(["ልጆቹ ከትምህርት ቤት ተመለሱ፣"] * 20)
    model.inference(text, "am", *_voice())
    assert len(heard) > 1
    with pytest.raises(AssertionError, match="maximum of 400 tokens"):
        model.inference(text, "am", *_voice(), enable_text_splitting=False)


def test_numbers_are_counted_as_the_words_they_become(model: Xtts, heard: list[str]) -> None:
    # 60 characters of digits are many hundreds of letters, too many for one input.
    text = "፤ ".join(["987,654,321"] * 6)
    assert len(text) < 120
    model.inference(text, "am", *_voice())
    assert len(heard) > 1


def test_acronyms_are_read_before_upstream_lowers_the_text(model: Xtts, heard: list[str]) -> None:
    model.inference("USA", "am", *_voice())
    assert heard == ["[am]" + model.tokenizer.preprocess_text("USA", "am")]


def test_streaming(model: Xtts) -> None:
    chunks = list(model.inference_stream("ሰላም።", "am", *_voice(), stream_chunk_size=4))
    assert sum(chunk.numel() for chunk in chunks) > 0


def test_a_model_that_never_learnt_amharic_says_so(stock_vocabulary: Path) -> None:
    model = _model(stock_vocabulary)
    for run in (model.inference, model.inference_stream):
        with pytest.raises(UnavailableError, match=r"no \[am\] token"):
            list(run("ሰላም", "am", *_voice()))
    assert model.inference("hello", "en", *_voice())["wav"].size > 0


def test_a_live_model_runs_upstreams_code_after_deactivation(model: Xtts) -> None:
    am.deactivate()
    assert model.inference("hello", "en", *_voice())["wav"].size > 0
    with pytest.raises(NotImplementedError, match="'am' is not supported"):
        model.inference("ሰላም", "am", *_voice())
