"""Sound is read and written without FFmpeg's libraries, with the samples that FFmpeg gives."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

torch = pytest.importorskip("torch")
torchaudio = pytest.importorskip("torchaudio")

from coqui_amharic_ext.coqui import audio_loading  # noqa: E402
from coqui_amharic_ext.io import ffmpeg  # noqa: E402
from tests.bare import bare, require_bare  # noqa: E402

needs_ffmpeg = pytest.mark.skipif(
    bool(ffmpeg.missing()), reason="the samples to compare with come from FFmpeg's libraries"
)
LOSSLESS = [
    ("wav", "WAV", subtype)
    for subtype in ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW")
] + [("wav", "WAVEX", "PCM_16"), ("flac", "FLAC", "PCM_16"), ("flac", "FLAC", "PCM_24")]
LOSSY = [("ogg", "OGG", "VORBIS", 1e-6), ("mp3", "MP3", "MPEG_LAYER_III", 1e-5)]
OPTIONS: list[dict[str, Any]] = [
    {},
    {"channels_first": False},
    {"frame_offset": 100},
    {"frame_offset": 100, "num_frames": 50},
    {"num_frames": 0},
    {"num_frames": 10**9},
    {"frame_offset": 10**9},
    {"frame_offset": 10**9, "channels_first": False},
    {"frame_offset": -5, "num_frames": -3},
    {"normalize": True},
    {"normalize": False, "frame_offset": 7},
]


def _sound(rate: int, channels: int, seconds: float = 0.7) -> Any:
    time = np.arange(int(rate * seconds) + 13) / rate
    random = np.random.default_rng(rate + channels)
    waves = [0.5 * np.sin(2 * np.pi * (220 + 40 * c) * time) for c in range(channels)]
    return np.stack(waves, 1) + 0.05 * random.standard_normal((len(time), channels))


@pytest.fixture
def stock(inactive: None) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """torchaudio's own functions."""
    return torchaudio.load, torchaudio.save


@pytest.fixture
def ours(
    stock: tuple[Callable[..., Any], Callable[..., Any]], monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Callable[..., Any], Callable[..., Any]]]:
    """Ours, as if torchcodec could not load anything."""
    monkeypatch.setattr(ffmpeg, "missing", lambda: "RuntimeError: Could not load libtorchcodec")
    audio_loading._said_missing.cache_clear()
    load, save = stock
    yield audio_loading.load_without_ffmpeg(load), audio_loading.save_without_ffmpeg(save)
    audio_loading._said_missing.cache_clear()


@pytest.fixture
def stock_load(stock: tuple[Callable[..., Any], Callable[..., Any]]) -> Callable[..., Any]:
    return stock[0]


@pytest.fixture
def load(ours: tuple[Callable[..., Any], Callable[..., Any]]) -> Callable[..., Any]:
    return ours[0]


@pytest.fixture
def save(ours: tuple[Callable[..., Any], Callable[..., Any]]) -> Callable[..., Any]:
    return ours[1]


@needs_ffmpeg
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [16000, 22050, 48000])
@pytest.mark.parametrize(("ending", "kind", "subtype"), LOSSLESS)
def test_lossless_samples_are_the_same_bits(
    ending: str,
    kind: str,
    subtype: str,
    rate: int,
    channels: int,
    tmp_path: Path,
    load: Callable[..., Any],
    stock_load: Callable[..., Any],
) -> None:
    path = tmp_path / f"a.{ending}"
    soundfile.write(path, _sound(rate, channels), rate, format=kind, subtype=subtype)
    expected, expected_rate = stock_load(str(path))
    found, found_rate = load(str(path))
    assert found_rate == expected_rate == rate
    assert found.dtype == expected.dtype == torch.float32
    assert found.shape == expected.shape
    assert torch.equal(found, expected)


@needs_ffmpeg
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [16000, 22050, 44100])
@pytest.mark.parametrize(("ending", "kind", "subtype", "tolerance"), LOSSY)
def test_lossy_samples_agree_within_float_noise(
    ending: str,
    kind: str,
    subtype: str,
    tolerance: float,
    rate: int,
    channels: int,
    tmp_path: Path,
    load: Callable[..., Any],
    stock_load: Callable[..., Any],
) -> None:
    path = tmp_path / f"a.{ending}"
    soundfile.write(path, _sound(rate, channels), rate, format=kind, subtype=subtype)
    expected, expected_rate = stock_load(path)
    found, found_rate = load(path)
    assert (found_rate, expected_rate, found.dtype) == (rate, rate, expected.dtype)
    # In the last block of a short OGG FFmpeg leaves what the encoder padded it with.
    length = len(_sound(rate, channels))
    assert length == found.shape[1] <= expected.shape[1] < length + 64 * (ending == "ogg") + 1
    assert (found - expected[:, :length]).abs().max() <= tolerance


@needs_ffmpeg
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("ending", ["wav", "flac", "ogg", "mp3"])
@pytest.mark.filterwarnings("ignore:TorchCodec AudioDecoder always")
def test_every_option_means_the_same(
    ending: str,
    options: dict[str, Any],
    tmp_path: Path,
    load: Callable[..., Any],
    stock_load: Callable[..., Any],
) -> None:
    path = tmp_path / f"a.{ending}"
    soundfile.write(path, _sound(16000, 2), 16000)
    expected, _ = stock_load(str(path), **options)
    found, _ = load(str(path), **options)
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    assert torch.allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg", "mp3"])
def test_open_files_are_read_and_tensors_can_be_changed_in_place(
    ending: str, tmp_path: Path, load: Callable[..., Any]
) -> None:
    path = tmp_path / f"a.{ending}"
    soundfile.write(path, _sound(16000, 1), 16000)
    found, rate = load(io.BytesIO(path.read_bytes()))
    assert rate == 16000
    assert torch.equal(found, load(path)[0])
    found.clip_(-0.1, 0.1)  # as upstream's load_audio does
    assert found.max() <= 0.1


@pytest.mark.parametrize(
    "content", [b"\x1aE\xdf\xa3webm", b"\0\0\0\x1cftypM4A \0\0\0\0"], ids=["webm", "m4a"]
)
@pytest.mark.parametrize("name", ["a.webm", "a.m4a", "a.raw", "a.wav"])
def test_other_containers_name_ffmpeg_and_the_command_in_one_line(
    content: bytes, name: str, tmp_path: Path, load: Callable[..., Any]
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(
        audio_loading.UnreadableSoundError, match=r"needs FFmpeg's libraries.*ffmpeg"
    ) as caught:
        load(str(path))
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_an_address_needs_ffmpeg(load: Callable[..., Any]) -> None:
    with pytest.raises(audio_loading.UnreadableSoundError, match="needs FFmpeg's libraries"):
        load("https://example.org/a.wav")


def test_a_missing_and_a_broken_file_are_told_apart(
    tmp_path: Path, load: Callable[..., Any]
) -> None:
    with pytest.raises(FileNotFoundError, match=r"nope\.wav"):
        load(tmp_path / "nope.wav")
    path = tmp_path / "a.flac"
    soundfile.write(path, _sound(16000, 1), 16000)
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(RuntimeError, match=r"a\.flac cannot be decoded"):
        load(path)


@needs_ffmpeg
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("ending", ["wav", "flac"])
def test_written_samples_are_those_that_ffmpeg_writes(
    ending: str,
    channels: int,
    first: bool,
    tmp_path: Path,
    save: Callable[..., Any],
    stock: tuple[Callable[..., Any], Callable[..., Any]],
) -> None:
    sound = torch.from_numpy(_sound(16000, channels).T.copy()).float() * 2  # some is clipped
    sound[:, :4] = torch.tensor([1.0, -1.0, 0.5 / 32768, 1.5 / 32768])
    sound = sound if first else sound.T
    _, stock_save = stock
    stock_save(tmp_path / f"stock.{ending}", sound, 16000, channels_first=first)
    save(tmp_path / f"ours.{ending}", sound, 16000, channels_first=first)
    kinds = [soundfile.info(tmp_path / f"{n}.{ending}").subtype for n in ("stock", "ours")]
    assert kinds[0] == kinds[1]
    a, _ = soundfile.read(tmp_path / f"stock.{ending}", dtype="int32")
    b, _ = soundfile.read(tmp_path / f"ours.{ending}", dtype="int32")
    assert np.array_equal(a, b)


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg", "mp3"])
def test_what_is_written_is_read_again(
    ending: str, tmp_path: Path, load: Callable[..., Any], save: Callable[..., Any]
) -> None:
    sound = torch.from_numpy(_sound(16000, 2).T.copy()).float()
    save(str(tmp_path / f"a.{ending}"), sound, 16000)
    found, rate = load(tmp_path / f"a.{ending}")
    assert (rate, found.shape) == (16000, sound.shape)
    assert (found - sound).abs().mean() < (1e-4 if ending in ("wav", "flac") else 0.05)
    with pytest.raises(audio_loading.UnreadableSoundError, match=r"a\.m4a: .*needs FFmpeg"):
        save(tmp_path / "a.m4a", sound, 16000)


# Every function of upstream's that reads sound by torchaudio, and what fails at import.
UPSTREAM = """
    import sys
    from pathlib import Path
    import torch
    wav = sys.argv[1]
    from coqui_amharic_ext.io import ffmpeg
    assert ffmpeg.missing(), "FFmpeg is there"
    import TTS.api
    from TTS.tts.models import vits, xtts
    from TTS.tts.models.bark import Bark
    from TTS.utils.vad import read_audio
    from TTS.tts.layers.xtts.trainer.dataset import get_prompt_slice
    for ending in ("wav", "flac", "ogg", "mp3"):
        path = str(Path(wav).with_suffix("." + ending))
        x, rate = vits.load_audio(path)
        assert (x.shape[0], rate) == (1, 16000), x.shape
        assert xtts.load_audio(path, 22050).shape[0] == 1
        assert read_audio(path)[1] == 16000
        get_prompt_slice(path, 8000, 4000, 16000)
    try:
        xtts.load_audio(str(Path(wav).with_suffix(".m4a")), 22050)
    except Exception as error:
        assert "needs FFmpeg" in str(error) and "\\n" not in str(error), error
    else:
        raise AssertionError("an m4a was read")
    print("read")
"""


def _sounds(folder: Path) -> Path:
    for ending in ("wav", "flac", "ogg", "mp3"):
        soundfile.write(folder / f"a.{ending}", _sound(16000, 1), 16000)
    (folder / "a.m4a").write_bytes(b"\0\0\0\x1cftypM4A \0\0\0\0")
    return folder / "a.wav"


def _run(start: list[str], code: str, *words: str, **extra: str) -> str:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("COQUI_AMHARIC_")}
    done = subprocess.run(
        [*start, sys.executable, "-c", textwrap.dedent(code), *words],
        env=clean | {"PYTHONUTF8": "1"} | extra,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


def test_upstream_reads_sound_on_a_machine_without_ffmpeg(tmp_path: Path) -> None:
    require_bare()
    assert _run(bare(), UPSTREAM, str(_sounds(tmp_path))) == "read\n"


def test_upstream_reads_sound_where_torchcodec_cannot_even_be_imported(tmp_path: Path) -> None:
    """As releases before 0.15 do without FFmpeg."""
    package = tmp_path / "site" / "torchcodec"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('Could not load libtorchcodec')")
    wav = _sounds(tmp_path)
    site = str(tmp_path / "site")
    assert _run([], UPSTREAM, str(wav), PYTHONPATH=site) == "read\n"
