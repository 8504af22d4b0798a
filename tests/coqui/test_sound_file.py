"""A file holds what its ending says, or is refused by name."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from coqui_amharic_ext.coqui.sound_file import (
    FFMPEG,
    LIBSNDFILE,
    SoundFormatError,
    open_sound,
    require_format,
)

RATE = 22050
SPEECH = (0.3 * np.sin(np.arange(RATE) * 0.05)).astype(np.float32)


def _write(path: Path) -> None:
    require_format(path)
    with path.open("wb") as target, open_sound(target, RATE, path) as sound:
        for part in np.array_split(SPEECH, 7):
            sound.write(part)
        assert sound.samples == len(SPEECH)


@pytest.mark.parametrize("ending", [".wav", ".WAV", *LIBSNDFILE])
def test_libsndfile_writes_it(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"speech{ending}"
    _write(path)
    expected = LIBSNDFILE.get(ending.lower(), "WAV")
    info = soundfile.info(path)
    assert (info.format, info.samplerate, info.channels) == (expected, RATE, 1)
    audio, _ = soundfile.read(path)
    # Lossy ones add some silence at the ends.
    assert len(SPEECH) <= len(audio) < len(SPEECH) + RATE // 5
    assert np.abs(audio).max() == pytest.approx(0.3, abs=0.05)


@pytest.mark.parametrize("ending", FFMPEG)
def test_ffmpeg_writes_it(ending: str, tmp_path: Path) -> None:
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    path = tmp_path / f"speech{ending}"
    _write(path)
    assert not path.read_bytes().startswith(b"RIFF")
    back = tmp_path / "back.wav"
    subprocess.run(["ffmpeg", "-v", "error", "-i", path, back], check=True)
    assert soundfile.info(back).duration == pytest.approx(1, abs=0.2)


def test_without_an_ending_it_is_a_wav(tmp_path: Path) -> None:
    _write(tmp_path / "speech")
    assert soundfile.info(tmp_path / "speech").format == "WAV"


@pytest.mark.parametrize("name", ["speech.xyz", "speech.txt", "speech.pth"])
def test_an_ending_that_is_no_format_of_sound(name: str) -> None:
    with pytest.raises(SoundFormatError, match=r"no format of sound .* give one of .*\.mp3"):
        require_format(Path(name))


def test_what_needs_ffmpeg_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(SoundFormatError, match=r"a\.m4a: .*FFmpeg, which is not there; install it"):
        require_format(Path("a.m4a"))
    monkeypatch.setattr(soundfile, "available_formats", lambda: {"WAV": ""})  # of old
    with pytest.raises(SoundFormatError, match=r"a\.mp3: .*FFmpeg"):
        require_format(Path("a.mp3"))


def test_a_rate_that_a_format_has_not_is_named(tmp_path: Path) -> None:
    path = tmp_path / "speech.mp3"
    with pytest.raises(SoundFormatError, match="cannot be written at 12345 samples a second"):
        with path.open("wb") as target, open_sound(target, 12345, path) as sound:
            sound.write(SPEECH)


def test_what_ended_in_an_error_is_not_encoded(tmp_path: Path) -> None:
    path = tmp_path / "speech.flac"
    with pytest.raises(ZeroDivisionError):
        with path.open("wb") as target, open_sound(target, RATE, path):
            raise ZeroDivisionError
    assert path.read_bytes() == b""
