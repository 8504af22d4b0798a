"""The tiny assets are what upstream's trainer asks for, the same for the same seed."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("TTS")

from coqui_amharic_ext.demo import tiny  # noqa: E402
from coqui_amharic_ext.g2p.phonology.inventory import inventory  # noqa: E402


@pytest.fixture(scope="module")
def dvae(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from TTS.tts.layers.xtts.dvae import DiscreteVAE

    state = torch.load(
        tiny.write_dvae(tmp_path_factory.mktemp("dvae") / "new" / "dvae.pth"), weights_only=True
    )
    # As upstream's GPTTrainer builds and loads it.
    made = DiscreteVAE(
        channels=80,
        normalization=None,
        positional_dims=1,
        num_tokens=tiny.gpt_args_overrides()["gpt_num_audio_tokens"] - 2,
        codebook_dim=512,
        hidden_dim=512,
        num_resnet_blocks=3,
        kernel_size=3,
        num_layers=2,
        use_transposed_convs=False,
    )
    missing, unexpected = made.load_state_dict(state, strict=False)
    assert not unexpected
    assert all(name.startswith("decoder.") for name in missing)
    return made.eval()


@pytest.mark.usefixtures("stock_decodes")
def test_codes_differ_over_a_clip(dvae: Any, tmp_path: Path) -> None:
    from TTS.tts.layers.tortoise.arch_utils import TorchMelSpectrogram
    from TTS.tts.models.xtts import load_audio

    norms = tiny.write_mel_norms(tmp_path / "norms.pth")
    mels = TorchMelSpectrogram(mel_norm_file=str(norms))(
        load_audio(tiny.write_clip(tmp_path / "clip.wav", 4.0), tiny.SAMPLE_RATE)
    )
    codes = dvae.get_codebook_indices(mels)
    assert codes.unique().numel() >= 5
    assert codes.max() < tiny.AUDIO_CODES


def test_every_phone_has_a_token(tmp_path: Path) -> None:
    from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer

    tokenizer = VoiceBpeTokenizer(tiny.write_vocab(tmp_path / "vocab.json"))
    inner = tokenizer.tokenizer
    ids = {name: inner.token_to_id(name) for name in ("[STOP]", "[UNK]", "[SPACE]", "[START]")}
    assert (ids["[STOP]"], ids["[UNK]"], ids["[SPACE]"]) == (0, 1, 2)
    assert ids["[START]"] == tokenizer.get_number_tokens() - 1
    for phone in inventory().values():
        for text in (phone.symbol, phone.coqui_symbol):
            found = inner.encode(f"[am]{text}[SPACE]{text}.").ids
            assert not {0, 1} & set(found), text


def test_a_vocabulary_holds_the_symbols_it_is_given(tmp_path: Path) -> None:
    from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer

    path = tiny.write_vocab(tmp_path / "vocab.json", ["ሰላም", "ላ"], languages=["am"])
    inner = VoiceBpeTokenizer(path).tokenizer
    assert inner.get_vocab_size() == 3 + 1 + 3 + 1
    assert 1 not in inner.encode("[am]ሰላም").ids
    assert 1 in inner.encode("[am]ብ").ids


def test_clips_are_mono_at_the_rate_asked_for_and_follow_from_the_seed(tmp_path: Path) -> None:
    one, same, other = (
        tiny.write_clip(tmp_path / f"{number}.wav", 0.7, seed)
        for number, seed in enumerate((4, 4, 5))
    )
    assert one.read_bytes() == same.read_bytes() != other.read_bytes()
    with wave.open(str(one)) as clip:
        assert (clip.getnchannels(), clip.getframerate()) == (1, tiny.SAMPLE_RATE)
        assert clip.getnframes() == int(0.7 * tiny.SAMPLE_RATE)


@pytest.mark.parametrize("seconds", [0, -1.0, float("nan")])
def test_a_clip_needs_a_length(tmp_path: Path, seconds: float) -> None:
    with pytest.raises(ValueError, match="must be above 0"):
        tiny.write_clip(tmp_path / "clip.wav", seconds)


def test_the_corpus_is_read_by_upstreams_formatter(tmp_path: Path) -> None:
    from TTS.tts.datasets.formatters import ljspeech

    metadata = tiny.write_corpus(tmp_path, ["ሰላም", "hello"], [0.6, 0.7])
    rows = ljspeech(str(tmp_path), metadata.name)
    assert [row["text"].strip() for row in rows] == ["ሰላም", "hello"]
    assert all(Path(row["audio_file"]).is_file() for row in rows)
    with pytest.raises(ValueError, match="2 sentences but 1 lengths"):
        tiny.write_corpus(tmp_path, ["a", "b"], [1.0])
