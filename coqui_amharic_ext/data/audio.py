"""Read and measure clips, block by block in one pass."""

from __future__ import annotations

import hashlib
import io
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from coqui_amharic_ext.data.findings import DataError
from coqui_amharic_ext.io import ffmpeg, mpg123

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FRAME_SECONDS: Final = 0.02
"""Length of the frames whose loudness tells speech from silence."""

SILENT: Final = 1e-3
"""RMS of a frame, relative to full scale (-60 dB), below which it is silent in any clip."""

BELOW_LOUDEST: Final = 1e-2
"""RMS of a frame, relative to the loudest one (-40 dB), below which it is silent."""

FULL_SCALE: Final = 0.999
CLIPPED_RUN: Final = 3
"""Neighbouring samples at full scale that count as clipped; single peaks are where normalisation
to full scale leaves them."""

RATES: Final = range(1000, 768001)
MOST_CHANNELS: Final = 32
MOST_SAMPLES: Final = 2**30
MOST_LOADED: Final = 60_000_000
"""Limits of a clip; ``MOST_LOADED`` is 20 minutes at 48 kHz."""

_BLOCK_FRAMES: Final = 512


class AudioError(DataError):
    """An audio file cannot be read; the message gives the reason."""


@dataclass(frozen=True, slots=True)
class Clip:
    """Measures of one clip.

    Parameters
    ----------
    rate : int
        Samples per second.
    channels : int
        As recorded; the measures are of their mean, which is what upstream trains on.
    samples : int
        Samples of one channel.
    peak, loudest : float
        Largest sample and largest RMS of a frame, relative to full scale.
    clipped : int
        Samples in runs of at least ``CLIPPED_RUN`` at full scale, over all channels.
    lead, tail : float
        Seconds of silence before the first and after the last frame that is not silent.
    finite : bool
        Whether every sample is a finite number.
    digest : str
        Hash of the decoded samples: equal for copies, also in another lossless format.
    """

    rate: int
    channels: int
    samples: int
    peak: float
    loudest: float
    clipped: int
    lead: float
    tail: float
    finite: bool
    digest: str

    @property
    def seconds(self) -> float:
        """Length of the clip."""
        return self.samples / self.rate

    @property
    def silent(self) -> bool:
        """Whether no frame is louder than ``SILENT``."""
        return self.loudest < SILENT


def measure(path: Path) -> Clip:
    """Read a clip and measure it.

    Raises
    ------
    AudioError
        It is missing, cannot be read, or is empty.
    """
    import numpy as np

    digest = hashlib.blake2b(digest_size=16)
    loudness: list[NDArray[np.float32]] = []
    peak, clipped, samples, finite = 0.0, 0, 0, True
    with open_audio(path) as file:
        rate, channels = int(file.samplerate), int(file.channels)
        frame = max(1, round(rate * FRAME_SECONDS))
        for block in file.blocks(blocksize=frame * _BLOCK_FRAMES, dtype="float32", always_2d=True):
            samples += len(block)
            if samples > MOST_SAMPLES:
                raise _too_long(samples, rate)
            digest.update(np.ascontiguousarray(block).tobytes())
            if not np.isfinite(block).all():
                finite = False
                block = np.nan_to_num(block, nan=0.0, posinf=0.0, neginf=0.0)
            clipped += _clipped(block)
            mono = block.mean(axis=1)
            peak = max(peak, float(np.max(np.abs(block), initial=0.0)))
            padded = np.pad(mono, (0, -len(mono) % frame)).reshape(-1, frame)
            loudness.append(np.sqrt(np.square(padded).mean(axis=1)))
    if not samples:
        raise AudioError("it contains no audio")
    digest.update(f"{rate}".encode())
    levels = np.concatenate(loudness)
    loudest = float(np.max(levels))
    lead, tail = _edges(levels, loudest, samples / rate)
    return Clip(
        rate=rate,
        channels=channels,
        samples=samples,
        peak=peak,
        loudest=loudest,
        clipped=clipped,
        lead=lead,
        tail=tail,
        finite=finite,
        digest=digest.hexdigest(),
    )


@contextmanager
def open_audio(source: Path | bytes) -> Iterator[Any]:
    """Open a clip as ``soundfile`` does: ``samplerate``, ``channels``, ``read`` and ``blocks``.

    Parameters
    ----------
    source : Path or bytes
        A file, or its contents.

    Raises
    ------
    AudioError
        It is missing, cannot be read, or its header has values that no recording has.
    """
    with mpg123.quiet(source), _open(source) as file:
        _require_plausible(file)
        yield file


def _require_plausible(file: Any) -> None:
    """Check a header before memory is allocated for it."""
    if file.samplerate not in RATES:
        raise AudioError(f"its sample rate is {file.samplerate} Hz, which no recording has")
    if not 0 < file.channels <= MOST_CHANNELS:
        raise AudioError(f"it has {file.channels} channels")
    # libsndfile gives 2**63 - 1 for an unknown length.
    if MOST_SAMPLES < file.frames < 2**62:
        raise _too_long(file.frames, file.samplerate)


def _too_long(samples: int, rate: int) -> AudioError:
    return AudioError(f"it has {samples / rate / 3600:.1f} h, which is no clip; cut it first")


def _open(source: Path | bytes) -> Any:
    """Open a file; errors name its fault."""
    import soundfile

    if isinstance(source, Path):
        if not os.path.isfile(source):
            if os.path.exists(source):
                kind = "a folder" if os.path.isdir(source) else "not a regular file"
                raise AudioError(f"it is {kind}")
            raise AudioError("it does not exist")
        if source.stat().st_size == 0:
            raise AudioError("the file is empty")
    try:
        opened = source if isinstance(source, Path) else io.BytesIO(source)
        return _Reading(soundfile.SoundFile(opened), source)
    except soundfile.LibsndfileError as error:
        if error.code not in ffmpeg.UNKNOWN_TO_LIBSNDFILE:
            raise _unreadable(source, error) from error
    except TypeError:
        pass  # soundfile takes .raw for samples without a header
    except (RuntimeError, OSError) as error:
        raise _unreadable(source, error) from error
    if ffmpeg.missing():
        where = "its bytes cannot be read as audio: " if isinstance(source, bytes) else ""
        raise AudioError(where + ffmpeg.needed())
    return _decoded(source)


@contextmanager
def _decoded(source: Path | bytes) -> Iterator[_Samples]:
    """Read a sound as upstream does, with torchcodec, which needs FFmpeg."""
    from torchcodec.decoders import AudioDecoder

    try:
        decoder = AudioDecoder(source if isinstance(source, bytes) else str(source))
        rate = int(decoder.metadata.sample_rate or 0)
        # A small file can contain days.
        samples = decoder.get_samples_played_in_range(0, (MOST_LOADED + 1) / max(1, rate))
    except Exception as error:  # torchcodec raises RuntimeError, ValueError and its own
        raise _unreadable(source, error) from error
    audio = samples.data.T.contiguous().numpy()
    if len(audio) > MOST_LOADED:
        raise _too_long(len(audio), rate)
    yield _Samples(audio, int(samples.sample_rate))


class _Samples:
    """Decoded samples, ``(samples, channels)``, read as from a ``soundfile.SoundFile``."""

    def __init__(self, audio: NDArray[np.float32], rate: int) -> None:
        self._audio = audio
        self.samplerate = rate
        self.frames, self.channels = audio.shape

    def read(self, **_: object) -> NDArray[np.float32]:
        return self._audio

    def blocks(self, blocksize: int, **_: object) -> Iterator[NDArray[np.float32]]:
        for start in range(0, len(self._audio), blocksize):
            yield self._audio[start : start + blocksize]


def _unreadable(source: Path | bytes, error: Exception) -> AudioError:
    first = str(error).strip().split("\n", 1)[0]
    reason = (first.partition(": ")[2] or first).strip()
    if isinstance(source, bytes):
        return AudioError(f"its bytes cannot be read as audio: {reason}")
    return AudioError(
        f"{reason} (convert it, for example: ffmpeg -i {source.name} {source.stem}.wav)"
    )


class _Reading:
    """A sound file whose read errors are ``AudioError``: a truncated file opens without one."""

    def __init__(self, file: Any, source: Path | bytes) -> None:
        self._file = file
        self._source = source

    def __enter__(self) -> Any:
        return self._file

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._file.close()
        if isinstance(error, RuntimeError):
            raise _unreadable(self._source, error) from error


def _clipped(block: NDArray[np.float32]) -> int:
    """Count the samples of a block that lie in runs at full scale."""
    import numpy as np

    loud = (np.abs(block) >= FULL_SCALE).T
    if not loud.any():
        return 0
    # A row of zeros between channels keeps their runs apart.
    flat = np.pad(loud, ((0, 0), (1, 1))).ravel().astype(np.int8)
    edges = np.flatnonzero(np.diff(flat))
    lengths = edges[1::2] - edges[::2]
    return int(lengths[lengths >= CLIPPED_RUN].sum())


def _edges(levels: NDArray[np.float32], loudest: float, seconds: float) -> tuple[float, float]:
    import numpy as np

    heard = np.flatnonzero(levels >= max(SILENT, loudest * BELOW_LOUDEST))
    if not len(heard):
        return seconds, seconds
    return (
        float(heard[0]) * FRAME_SECONDS,
        max(0.0, seconds - (float(heard[-1]) + 1) * FRAME_SECONDS),
    )


def load_mono(source: Path | bytes, rate: int) -> NDArray[np.float32]:
    """Read a clip as one channel at a sample rate.

    Parameters
    ----------
    path : Path
        Any file that libsndfile reads, and with FFmpeg's libraries what torchcodec reads.
    rate : int
        Samples per second of the result.

    Returns
    -------
    ndarray
        float32, shape ``(samples,)``, within -1 and 1.

    Raises
    ------
    AudioError
        It is missing, cannot be read, or contains values that are not finite.
    """
    with open_audio(source) as file:
        audio = file.read(frames=MOST_LOADED + 1, dtype="float32", always_2d=True)
        found = int(file.samplerate)
    return to_mono(audio, found, rate)


def to_mono(audio: NDArray[Any], found: int, rate: int) -> NDArray[np.float32]:
    """Mix channels ``(samples, channels)`` down and resample from ``found`` to ``rate``.

    Raises
    ------
    AudioError
        The rate, the length or a value is not valid for a clip.
    """
    import numpy as np

    if found not in RATES:
        raise AudioError(f"its sample rate is {found} Hz, which no recording has")
    if len(audio) > MOST_LOADED:
        raise _too_long(len(audio), found)
    if not np.isfinite(audio).all():
        raise AudioError("it contains values that are not finite numbers")
    mono = audio.mean(axis=1, dtype=np.float64)
    if found != rate and len(mono):
        from scipy.signal import resample_poly

        divisor = math.gcd(found, rate)
        mono = resample_poly(mono, rate // divisor, found // divisor)
    clipped: NDArray[np.float32] = np.clip(mono, -1.0, 1.0).astype(np.float32)
    return clipped
