from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from coqui_amharic_ext.data.audio import AudioError, load_mono, measure, to_mono
from coqui_amharic_ext.io import ffmpeg
from tests.data.conftest import RATE, silence, tone


def test_length_levels_and_silence_around_the_speech(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    audio = np.concatenate([silence(1.5), tone(2.0, level=0.5), silence(0.7)])
    soundfile.write(path, audio, RATE)
    clip = measure(path)
    assert clip.seconds == pytest.approx(4.2, abs=1e-3)
    assert (clip.rate, clip.channels, clip.clipped) == (RATE, 1, 0)
    assert clip.peak == pytest.approx(0.5, abs=1e-3)
    # The RMS of a sine is its amplitude over the square root of two.
    assert clip.loudest == pytest.approx(0.5 / 2**0.5, rel=0.01)
    assert clip.lead == pytest.approx(1.5, abs=0.03)
    assert clip.tail == pytest.approx(0.7, abs=0.03)
    assert not clip.silent


def test_hiss_is_silence(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    hiss = np.random.default_rng(0).normal(0, 2e-4, RATE)
    soundfile.write(path, hiss, RATE, subtype="FLOAT")
    assert measure(path).silent


def test_clipped_samples_are_counted_and_full_scale_peaks_are_not(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.wav", tmp_path / "cut.wav"
    peaks = tone(1.0, level=0.5)
    peaks[::500] = 1.0
    soundfile.write(whole, peaks, RATE, subtype="FLOAT")
    assert measure(whole).clipped == 0
    clipped = np.clip(tone(1.0, level=2.0), -1, 1)
    soundfile.write(cut, np.stack([clipped, tone(1.0)], axis=1), RATE, subtype="FLOAT")
    # A sine of twice full scale is above it for two thirds of the time.
    assert measure(cut).clipped == pytest.approx(2 / 3 * RATE, rel=0.02)


def test_a_copy_in_another_lossless_format_has_the_same_digest(tmp_path: Path) -> None:
    audio = (tone(1.0) * 32767).astype(np.int16)
    soundfile.write(tmp_path / "a.wav", audio, RATE)
    soundfile.write(tmp_path / "b.flac", audio, RATE)
    soundfile.write(tmp_path / "c.wav", audio[:-1], RATE)
    a, b, c = (measure(tmp_path / name).digest for name in ("a.wav", "b.flac", "c.wav"))
    assert a == b != c


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "it does not exist"),
        (b"", "the file is empty"),
        (b"RIFF1234", "convert it.*ffmpeg|needs FFmpeg's libraries"),
    ],
)
def test_what_cannot_be_read_says_why(content: bytes | None, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    if content is not None:
        path.write_bytes(content)
    for read in (measure, lambda p: load_mono(p, RATE)):
        with pytest.raises(AudioError, match=reason):
            read(path)


@pytest.mark.parametrize("ending", ["m4a", "webm", "opus", "mp4"])
def test_what_only_ffmpeg_reads(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Phones and browsers record these; the name says nothing about what is in the file."""
    if ffmpeg.missing():
        pytest.skip(f"making the file needs FFmpeg's libraries: {ffmpeg.missing()}")
    encoder = pytest.importorskip("torchcodec.encoders").AudioEncoder
    torch = pytest.importorskip("torch")
    sound = torch.from_numpy(tone(1.0, rate=48000)).float()[None]
    encoder(sound, sample_rate=48000).to_file(str(tmp_path / f"a.{ending}"))
    path = (tmp_path / f"a.{ending}").rename(tmp_path / "a.wav")
    clip = measure(path)
    assert (clip.rate, clip.channels) == (48000, 1)
    assert clip.seconds == pytest.approx(1.0, abs=0.1)
    assert clip.loudest == pytest.approx(0.5 / 2**0.5, rel=0.3)
    assert len(load_mono(path, RATE)) == pytest.approx(RATE, abs=RATE / 10)
    monkeypatch.setattr(ffmpeg, "missing", lambda: "RuntimeError: Could not load libtorchcodec")
    if ending != "opus":  # libsndfile reads it
        with pytest.raises(AudioError, match=r"needs FFmpeg's libraries.*ffmpeg") as caught:
            measure(path)
        assert "\n" not in str(caught.value)


def test_a_truncated_flac_is_unreadable_and_not_shorter(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    noise = np.random.default_rng(0).normal(0, 0.1, 5 * RATE)
    soundfile.write(path, noise, RATE)
    path.write_bytes(path.read_bytes()[:-60_000])
    with pytest.raises(AudioError):
        measure(path)


def test_values_that_are_no_numbers_are_found(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    audio = tone(1.0)
    audio[100] = np.nan
    soundfile.write(path, audio, RATE, subtype="FLOAT")
    assert not measure(path).finite
    with pytest.raises(AudioError, match="not finite"):
        load_mono(path, RATE)


@settings(max_examples=25, deadline=None)
@given(
    found=st.sampled_from([8000, 16000, 22050, 24000, 44100, 48000]),
    channels=st.integers(1, 3),
    frequency=st.floats(100, 3500),
)
def test_resampling_keeps_length_pitch_and_level(
    found: int, channels: int, frequency: float
) -> None:
    audio = np.repeat(tone(1.0, frequency, found)[:, None], channels, axis=1)
    mono = to_mono(audio, found, RATE)
    assert mono.dtype == np.float32
    assert len(mono) == pytest.approx(RATE, abs=1)
    middle = mono[RATE // 4 : 3 * RATE // 4] * np.hanning(len(mono[RATE // 4 : 3 * RATE // 4]))
    spectrum = np.abs(np.fft.rfft(middle))
    assert np.argmax(spectrum) * RATE / len(middle) == pytest.approx(frequency, abs=3)
    assert np.abs(mono[1000:-1000]).max() == pytest.approx(0.5, rel=0.05)
