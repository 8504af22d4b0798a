"""Text of any length is spoken whole and in order, by the real models with random weights."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")
pytest.importorskip("TTS")

from coqui_amharic_ext.coqui.cleaners import spoken  # noqa: E402
from coqui_amharic_ext.coqui.request import find_checkpoint  # noqa: E402
from coqui_amharic_ext.coqui.synthesis import Synthesizer  # noqa: E402
from coqui_amharic_ext.coqui.xtts_text import xtts_settings  # noqa: E402
from coqui_amharic_ext.coqui.xtts_tokenizer import CHAR_LIMIT  # noqa: E402
from coqui_amharic_ext.demo import tiny  # noqa: E402
from coqui_amharic_ext.errors import SynthesisError, UnavailableError  # noqa: E402
from coqui_amharic_ext.settings import get_settings  # noqa: E402
from tests.coqui.conftest import SENTENCES  # noqa: E402
from tests.coqui.speaking import AUDIO_TOKENS, save_vits, save_xtts  # noqa: E402

LONG = " ".join(
    [
        *SENTENCES,
        "ይህ ዓረፍተ ነገር " + "በጣም ረጅም ነው እና " * 25 + "አሁን አለቀ።",
        "ሰ" * 300 + "።",
    ]
)
"""Sentences, one of 400 characters without a mark in it, and one word of 300."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_xtts(tmp_path_factory.mktemp("xtts"))


@pytest.fixture(scope="module")
def xtts(folder: Path) -> Synthesizer:
    return Synthesizer.load(folder, device="cpu")


@pytest.fixture(scope="module")
def vits(tmp_path_factory: pytest.TempPathFactory) -> Synthesizer:
    return Synthesizer.load(save_vits(tmp_path_factory.mktemp("vits")), device="cpu")


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return [tiny.write_clip(tmp_path_factory.mktemp("voice") / "voice.wav", 2.0)]


def _words(text: str) -> str:
    return "".join(text.split())


def test_pieces_hold_the_whole_text_in_order_and_fit_the_model(xtts: Synthesizer) -> None:
    pieces = xtts.pieces(LONG)
    whole = spoken(LONG, xtts_settings(get_settings()))
    assert _words("".join(pieces)) == _words(whole)
    assert max(map(len, pieces)) <= CHAR_LIMIT
    assert len(pieces) >= len(whole) / CHAR_LIMIT
    tokens = [len(xtts.model.tokenizer.encode(piece, "am")) for piece in pieces]
    assert max(tokens) < xtts.model.args.gpt_max_text_tokens


def test_a_piece_with_too_many_tokens_is_cut_again(
    xtts: Synthesizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xtts.model.args, "gpt_max_text_tokens", 40)
    pieces = xtts.pieces(LONG)
    assert _words("".join(pieces)) == _words(spoken(LONG, xtts_settings(get_settings())))
    assert max(len(xtts.model.tokenizer.encode(piece, "am")) for piece in pieces) < 40


SIGNS = st.sampled_from([*"ሰላምጳኳ።፣፤!?.:፡ \n«»5፲aB-😀", "ዓ.ም ", "ቋንቋ ", "ረጅም" * 9])


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.lists(SIGNS, max_size=60).map("".join))
def test_pieces_of_any_text_hold_every_letter_in_order(xtts: Synthesizer, text: str) -> None:
    whole = [c for c in spoken(text, xtts_settings(get_settings())) if c.isalnum()]
    if not whole:
        with pytest.raises(SynthesisError):
            xtts.pieces(text)
        return
    pieces = xtts.pieces(text)
    assert [c for c in "".join(pieces) if c.isalnum()] == whole
    assert max(map(len, pieces)) <= CHAR_LIMIT


@pytest.mark.parametrize("streaming", [False, True])
def test_long_text_is_spoken_whole_and_in_order(
    xtts: Synthesizer, voice: list[Path], monkeypatch: pytest.MonkeyPatch, streaming: bool
) -> None:
    given: list[str] = []
    encode = type(xtts.model.tokenizer).encode

    def noting(self: Any, text: str, lang: str) -> list[int]:
        given.append(text)
        return encode(self, text, lang)

    pieces = xtts.pieces(LONG)
    monkeypatch.setattr(xtts.model.gpt, "max_gen_mel_tokens", 6)
    speak = xtts.stream if streaming else xtts.speak
    chunks = speak(LONG, speaker_wav=voice, pause=0.1)
    first = next(chunks)
    monkeypatch.setattr(type(xtts.model.tokenizer), "encode", noting)
    chunks = [first, *chunks]
    # What the model was given after the first piece, which it had then.
    assert given == [piece.lower() for piece in pieces[1:]]
    assert [chunk.piece for chunk in chunks] == sorted(chunk.piece for chunk in chunks)
    assert [chunk.text for chunk in chunks if chunk.last] == pieces
    assert {chunk.pieces for chunk in chunks} == {len(pieces)}
    for number in range(len(pieces)):
        samples = np.concatenate([c.samples for c in chunks if c.piece == number])
        assert samples.dtype == np.float32
        assert np.isfinite(samples).all()
        assert len(samples) > 1000
        # A pause follows where a sentence ends, and nowhere else.
        ends = pieces[number][-1] in ".?!" and number + 1 < len(pieces)
        assert (not samples[-2400:].any()) == ends


def test_streaming_yields_before_the_piece_is_whole(xtts: Synthesizer, voice: list[Path]) -> None:
    steps: list[int] = []
    forward = xtts.model.gpt.gpt_inference.register_forward_hook(lambda *_: steps.append(1))
    try:
        chunks = xtts.stream("ሰላም፣ እንዴት ነህ?", speaker_wav=voice, chunk_tokens=5)
        next(chunks)
        early = len(steps)
        rest = list(chunks)
    finally:
        forward.remove()
    # One chunk is held back, so that the last one is known.
    assert early <= 2 * 5 + 2
    assert len(steps) == AUDIO_TOKENS
    assert len(rest) + 1 == -(-AUDIO_TOKENS // 5)


def test_streamed_and_whole_speech_last_alike(xtts: Synthesizer, voice: list[Path]) -> None:
    def length(speak: Any, **options: Any) -> int:
        torch.manual_seed(3)
        return sum(len(c.samples) for c in speak("ሰላም ነው", speaker_wav=voice, **options))

    whole = length(xtts.speak)
    # An untrained model speaks as long as it may.
    assert whole == pytest.approx(AUDIO_TOKENS * 1024 / 22050 * 24000, rel=0.01)
    assert length(xtts.stream) == whole
    assert length(xtts.speak, speed=2.0) == pytest.approx(whole / 2, rel=0.1)


@pytest.mark.parametrize("streaming", [False, True])
def test_speech_that_reached_the_longest_is_told(
    xtts: Synthesizer, voice: list[Path], caplog: pytest.LogCaptureFixture, streaming: bool
) -> None:
    speak = xtts.stream if streaming else xtts.speak
    with caplog.at_level(logging.WARNING):
        list(speak("ሰላም ነው", speaker_wav=voice))
    assert f"reached the model's longest ({AUDIO_TOKENS} audio tokens)" in caplog.text


def test_the_voice_is_computed_once(
    xtts: Synthesizer, voice: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []
    original = type(xtts.model).get_conditioning_latents
    monkeypatch.setattr(xtts, "_voices", {})
    monkeypatch.setattr(
        type(xtts.model),
        "get_conditioning_latents",
        lambda self, **k: calls.append(k) or original(self, **k),
    )
    for _ in range(2):
        list(xtts.speak("ሰላም ነው። ደህና ነኝ።", speaker_wav=voice))
    assert len(calls) == 1


def test_vits_speaks_sentence_by_sentence(vits: Synthesizer) -> None:
    chunks = list(vits.stream("ሰላም። በ2015 ተሠራ። ደህና ነኝ"))
    assert [chunk.text for chunk in chunks] == ["ሰላም።", "በ2015 ተሠራ።", "ደህና ነኝ"]
    assert all(chunk.last and len(chunk.samples) > 1000 for chunk in chunks)
    assert vits.sample_rate == 22050


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "XTTS needs a recording of the voice"),
        ({"speaker_wav": [Path("none.wav")]}, "the recording none.wav does not exist"),
        ({"speaker": "አበበ"}, "no speaker 'አበበ'; it has none: give a recording"),
        ({"speaker_wav": ["junk"]}, "junk.wav cannot be used"),
        ({"speaker_wav": ["voice"], "volume": 2}, "volume: not an option of XTTS; it has temp"),
        ({"speaker_wav": ["voice"], "chunk_tokens": 0}, "chunk_tokens must be at least 1"),
        ({"speaker_wav": ["voice"], "pause": -1}, "pause must be 0 or more"),
    ],
)
def test_a_wrong_voice_or_option_is_named(
    options: dict[str, Any], message: str, xtts: Synthesizer, voice: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "junk.wav").write_bytes(b"RIFF, and no more")
    named = {"junk": tmp_path / "junk.wav", "voice": voice[0]}
    if "speaker_wav" in options:
        options = {**options, "speaker_wav": [named.get(str(p), p) for p in options["speaker_wav"]]}
    with pytest.raises(SynthesisError, match=message):
        list(xtts.stream("ሰላም", **options))


def test_vits_has_no_such_options(vits: Synthesizer, voice: list[Path]) -> None:
    with pytest.raises(SynthesisError, match="speaker_wav, speed: only XTTS has such options"):
        list(vits.speak("ሰላም", speaker_wav=voice, speed=2.0))


@pytest.mark.parametrize("text", ["", "  \n", "።፣ !", "😀"])
def test_text_with_nothing_to_say(text: str, xtts: Synthesizer, vits: Synthesizer) -> None:
    for synthesizer in (xtts, vits):
        with pytest.raises(SynthesisError, match="nothing to say"):
            list(synthesizer.speak(text))


@pytest.mark.parametrize("text", [None, b"abc", 5])
def test_what_is_no_text(text: Any, vits: Synthesizer) -> None:
    with pytest.raises(TypeError, match="text must be a str"):
        list(vits.speak(text))


def test_the_checkpoint_of_a_run_is_found(tmp_path: Path) -> None:
    with pytest.raises(SynthesisError, match="does not exist"):
        find_checkpoint(tmp_path / "none")
    (tmp_path / ".checkpoint_9.pth.partial-0123456789abcdef").touch()
    with pytest.raises(SynthesisError, match="has no checkpoint"):
        find_checkpoint(tmp_path)
    for name in ("checkpoint_100.pth", "checkpoint_20.pth", "best_model_3.pth"):
        (tmp_path / name).touch()
    assert find_checkpoint(tmp_path).name == "checkpoint_100.pth"
    (tmp_path / "best_model.pth").touch()
    assert find_checkpoint(tmp_path).name == "best_model.pth"
    assert find_checkpoint(tmp_path / "checkpoint_20.pth").name == "checkpoint_20.pth"


def _linked(folder: Path, target: Path, *names: str) -> Path:
    for name in names:
        (target / name).symlink_to(folder / name)
    return target


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("no config", "config.json does not exist; give the model's config.json"),
        ("config of another", "is of a glow_tts; this speaks with vits and xtts"),
        ("no config at all", "cannot be read as a Coqui config"),
        ("truncated", "model.pth is cut off: its end is missing"),
        ("pickle", r"model.pth holds Python code or objects \(pathlib"),
        ("other vocabulary", "model.pth has rows for 84 text tokens and .*vocab.json has 9 tokens"),
        ("no vocabulary", "has no vocab.json, and moved/vocab.json, which the config names"),
        ("a list", "is of an xtts, but .*model.pth holds a list"),
        ("torn vocabulary", "vocab.json is not a vocabulary of XTTS: .*EOF"),
        ("vocabulary in bytes", "vocab.json is not a vocabulary of XTTS: .*UTF-8"),
        ("speakers without voices", r"speakers_xtts.pth does not hold speakers .*it holds a list"),
        ("speakers with code", "speakers_xtts.pth does not hold speakers .*Python code"),
        ("torn speakers", "speakers_xtts.pth does not hold speakers"),
    ],
)
def test_files_that_do_not_fit_are_named(
    change: str, message: str, folder: Path, tmp_path: Path
) -> None:
    names = {"config.json", "vocab.json", "model.pth"}
    if change == "no config":
        _linked(folder, tmp_path, "model.pth")
    elif change == "config of another":
        _linked(folder, tmp_path, "model.pth")
        (tmp_path / "config.json").write_text('{"model": "glow_tts"}')
    elif change == "no config at all":
        _linked(folder, tmp_path, "model.pth")
        (tmp_path / "config.json").write_text("[1]")
    elif change == "truncated":
        _linked(folder, tmp_path, *(names - {"model.pth"}))
        (tmp_path / "model.pth").write_bytes((folder / "model.pth").read_bytes()[:5_000_000])
    elif change == "pickle":
        _linked(folder, tmp_path, *(names - {"model.pth"}))
        torch.save({"model": Path("x")}, tmp_path / "model.pth")
    elif change == "other vocabulary":
        _linked(folder, tmp_path, *(names - {"vocab.json"}))
        tiny.write_vocab(tmp_path / "vocab.json", symbols="abc")
    elif change == "a list":
        _linked(folder, tmp_path, *(names - {"model.pth"}))
        torch.save([1, 2], tmp_path / "model.pth")
    elif change.endswith("vocabulary") or change == "vocabulary in bytes":
        _linked(folder, tmp_path, "model.pth", "config.json")
        if change == "torn vocabulary":
            whole = (folder / "vocab.json").read_bytes()
            (tmp_path / "vocab.json").write_bytes(whole[: len(whole) // 2])
        elif change == "vocabulary in bytes":
            (tmp_path / "vocab.json").write_bytes(b"\x80\x04")
    else:
        _linked(folder, tmp_path, *names)
        speakers = tmp_path / "speakers_xtts.pth"
        torch.save(Path("x") if change == "speakers with code" else [1, 2], speakers)
        if change == "torn speakers":
            speakers.write_bytes(speakers.read_bytes()[:300])
    with pytest.raises(SynthesisError, match=message):
        Synthesizer.load(tmp_path, device="cpu")


def test_a_vocabulary_for_vits_and_a_device_that_is_not_there(folder: Path, tmp_path: Path) -> None:
    saved = save_vits(tmp_path)
    with pytest.raises(SynthesisError, match="a vocabulary is XTTS's"):
        Synthesizer.load(saved, vocab=folder / "vocab.json")
    with pytest.raises(SynthesisError, match="device='hpu9' cannot be used"):
        Synthesizer.load(saved, device="hpu9")


def test_a_model_that_never_learned_amharic_is_refused(tmp_path: Path, voice: list[Path]) -> None:
    stock = save_xtts(tmp_path, languages=("en",), symbols="abcdefghijklmnopqrstuvwxyz.,")
    synthesizer = Synthesizer.load(stock, device="cpu")
    with pytest.raises(UnavailableError, match=r"no \[am\] token"):
        list(synthesizer.speak("ሰላም", speaker_wav=voice))
    assert len(list(synthesizer.speak("hello there", language="en", speaker_wav=voice))) == 1
