"""Checks of a voice's recordings before a model uses them."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from coqui_amharic_ext.errors import SynthesisError
from coqui_amharic_ext.io import mpg123

logger = logging.getLogger(__name__)

MIN_SECONDS: Final = 0.33
"""The shortest recording that XTTS can take a voice from."""
SILENT: Final = 1e-3
"""Relative to full scale (-60 dB): a recording that never exceeds this holds no voice."""
TOO_LOUD: Final = 10.0
"""Relative to full scale: such samples were never scaled, and upstream clips them at 1."""
MIN_RATE: Final = 16_000
_CONTAINERS: Final = (b"\x1aE\xdf\xa3", b"0&\xb2u", b"#!AMR", b"\xff\xf1", b"\xff\xf9", b"ADIF")
"""First bytes of files that FFmpeg reads and libsndfile does not: Matroska, ASF, AMR, AAC."""


def check_recordings(paths: Iterable[Path], seconds: float) -> None:
    """Refuse recordings from which no voice can be taken.

    Parameters
    ----------
    paths : iterable of Path
        The recordings, of any rate and number of channels.
    seconds : float
        The length at the start of each that the model hears.

    Raises
    ------
    SynthesisError
        One is missing, empty, no recording, too short, silent, or holds values that are not
        finite. A container that libsndfile does not know is left to upstream and FFmpeg.
    """
    for path in paths:
        reason = _refusal(path, seconds)
        if reason:
            raise SynthesisError(f"the recording {path} {reason}")


def _refusal(path: Path, seconds: float) -> str | None:
    if not path.is_file():
        return "is a folder" if path.is_dir() else "does not exist"
    if not path.stat().st_size:
        return "is empty"
    import numpy as np
    import soundfile

    try:
        with mpg123.quiet(path), soundfile.SoundFile(path) as file:
            rate = int(file.samplerate)
            audio = file.read(max(1, round(seconds * rate)), dtype="float32", always_2d=True)
    except (RuntimeError, OSError) as error:
        if _is_for_ffmpeg(path):
            return None
        reason = str(error).partition(": ")[2] or str(error)
        return f"cannot be used: {reason.strip()} (convert it to WAV, for example with ffmpeg)"
    if len(audio) < MIN_SECONDS * rate:
        return (
            f"has {len(audio) / rate:.2f} s, too short for a voice: XTTS needs {MIN_SECONDS} s, "
            "and 3 s or more to sound like it"
        )
    if not np.isfinite(audio).all():
        first = int(np.flatnonzero(~np.isfinite(audio).all(axis=1))[0])
        return f"holds values that are not finite numbers, the first at {first / rate:.2f} s"
    peak = float(np.abs(audio.mean(axis=1)).max())
    if peak < SILENT:
        both = "; its channels cancel each other" if np.abs(audio).max() >= SILENT else ""
        return f"is silent in the {len(audio) / rate:.1f} s that the model hears{both}"
    if peak > TOO_LOUD:
        return f"holds samples up to {peak:g}; float samples of sound lie within -1 and 1"
    return None


def warn_of_low_rates(paths: Iterable[Path]) -> None:
    """Warn of recordings whose sample rate is too low for a clear voice."""
    import soundfile

    for path in paths:
        if _is_for_ffmpeg(path):
            continue
        with mpg123.quiet(path):
            rate = soundfile.info(path).samplerate
        if rate < MIN_RATE:
            logger.warning(
                "the recording %s has %d samples a second; the voice will sound muffled, as it "
                "does there",
                path,
                rate,
            )


def _is_for_ffmpeg(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(16)
    return start.startswith(_CONTAINERS) or start[4:8] == b"ftyp"
