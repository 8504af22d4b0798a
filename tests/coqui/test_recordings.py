"""Recordings from which no voice can be taken are refused by name, before a model is there."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from coqui_amharic_ext.coqui.recordings import check_recordings, warn_of_low_rates
from coqui_amharic_ext.errors import SynthesisError

RATE = 22050
SPEECH = (0.3 * np.sin(np.arange(2 * RATE) * 0.05)).astype(np.float32)


def _spoilt() -> np.ndarray:
    samples = SPEECH.copy()
    samples[RATE] = np.nan
    return samples


@pytest.mark.parametrize(
    ("samples", "says"),
    [
        (_spoilt(), "values that are not finite numbers, the first at 1.00 s"),
        (np.full_like(SPEECH, np.inf), "values that are not finite numbers, the first at 0.00 s"),
        (SPEECH * 0, "is silent in the 2.0 s"),
        (SPEECH * 1e-4, "is silent"),
        (np.stack([SPEECH, -SPEECH], axis=1), "is silent .* its channels cancel each other"),
        (SPEECH[:0], "has 0.00 s, too short for a voice: XTTS needs 0.33 s"),
        (SPEECH[: RATE // 4], "has 0.25 s, too short"),
        (SPEECH * 30_000, r"samples up to \d+; float samples of sound lie within -1 and 1"),
    ],
)
def test_it_says_what_is_wrong(samples: np.ndarray, says: str, tmp_path: Path) -> None:
    path = tmp_path / "voice.wav"
    soundfile.write(path, samples, RATE, subtype="FLOAT")
    with pytest.raises(SynthesisError, match=f"voice.wav .*{says}"):
        check_recordings([path], 30)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: None, "does not exist"),
        (Path.mkdir, "is a folder"),
        (Path.touch, "is empty"),
        (lambda path: path.write_bytes(b"RIFF, and no more"), "cannot be used: .*convert it"),
        (lambda path: path.write_text("ሰላም", encoding="utf-8"), "cannot be used"),
    ],
)
def test_what_is_no_recording(make: Callable[[Path], object], says: str, tmp_path: Path) -> None:
    make(tmp_path / "voice.wav")
    with pytest.raises(SynthesisError, match=f"the recording .*voice.wav {says}"):
        check_recordings([tmp_path / "voice.wav"], 30)


def test_rates_channels_and_formats_of_all_kinds_will_do(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stereo = np.stack([SPEECH, SPEECH * 0], axis=1)
    soundfile.write(tmp_path / "a.wav", stereo, 8000)
    soundfile.write(tmp_path / "b.flac", SPEECH, 96_000)
    soundfile.write(tmp_path / "c.ogg", SPEECH, 48_000)
    (tmp_path / "d.m4a").write_bytes(b"\0\0\0\x20ftypM4A ")  # FFmpeg's, which says for itself
    paths = sorted(tmp_path.iterdir())
    check_recordings(paths, 30)
    with caplog.at_level(logging.WARNING):
        warn_of_low_rates(paths)
    assert caplog.text.count("will sound muffled") == 1
    assert "a.wav has 8000 samples a second" in caplog.text


def test_what_the_model_does_not_hear_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "voice.wav"
    soundfile.write(path, _spoilt(), RATE, subtype="FLOAT")
    check_recordings([path], 0.9)
    soundfile.write(path, np.concatenate([SPEECH * 0, SPEECH]), RATE)
    check_recordings([path], 3)
    with pytest.raises(SynthesisError, match=r"is silent in the 1\.5 s that the model hears"):
        check_recordings([path], 1.5)
