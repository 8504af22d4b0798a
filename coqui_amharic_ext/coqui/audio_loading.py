"""``torchaudio.load`` and ``save`` where torchcodec cannot load FFmpeg's libraries.

Upstream looks ``torchaudio.load`` up at each call, so that patching it covers all code that reads
audio. libsndfile gives the same samples as FFmpeg: bit for bit for WAV and FLAC, and within float32
noise for OGG Vorbis and MP3. FFmpeg leaves padding at the end of some short OGG files, libsndfile
does not. OGG Opus keeps the rate of the recording, where FFmpeg decodes it to 48 kHz.
"""

from __future__ import annotations

import errno
import functools
import logging
import os
from collections.abc import Callable
from typing import Any, Final

from coqui_amharic_ext.errors import CoquiAmharicError
from coqui_amharic_ext.io import ffmpeg

logger = logging.getLogger(__name__)

_WRITTEN: Final = {
    "wav": "PCM_16",
    "flac": "PCM_24",
    "ogg": "VORBIS",
    "mp3": "MPEG_LAYER_III",
}
"""libsndfile's names of the encodings that FFmpeg writes, by the file's extension."""
_PATHS: Final = (str, os.PathLike)


class UnreadableSoundError(CoquiAmharicError, RuntimeError):
    """A file cannot be read, or written, without FFmpeg; others may be fine."""


def load_without_ffmpeg(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``torchaudio.load`` to read with soundfile where torchcodec cannot decode."""

    @functools.wraps(original)
    def load(
        uri: Any,
        frame_offset: int = 0,
        num_frames: int = -1,
        normalize: bool = True,
        channels_first: bool = True,
        format: str | None = None,
        buffer_size: int = 4096,
        backend: str | None = None,
    ) -> tuple[Any, int]:
        if not _said_missing():
            return original(  # type: ignore[no-any-return]
                uri,
                frame_offset,
                num_frames,
                normalize,
                channels_first,
                format,
                buffer_size,
                backend,
            )
        import torch

        samples, rate = _read(uri)
        samples = samples[max(frame_offset, 0) :]
        if num_frames >= 0:
            samples = samples[:num_frames]
        data = torch.from_numpy(samples.T.copy())
        return (data if channels_first else data.transpose(0, 1)), rate

    return load


def save_without_ffmpeg(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``torchaudio.save`` to write with soundfile where torchcodec cannot encode."""

    @functools.wraps(original)
    def save(
        uri: Any, src: Any, sample_rate: int, channels_first: bool = True, *rest: Any, **named: Any
    ) -> None:
        if not _said_missing():
            original(uri, src, sample_rate, channels_first, *rest, **named)
            return
        import numpy as np
        import soundfile

        ending = os.fspath(uri).rpartition(".")[2].lower() if isinstance(uri, _PATHS) else ""
        if ending not in _WRITTEN:
            raise UnreadableSoundError(f"{uri}: {ffmpeg.needed()}")
        audio = src.detach().cpu().float().numpy()
        audio = audio.T if audio.ndim == 2 and channels_first else audio
        # Integers as FFmpeg computes them: it rounds to 16 bits, to 32 bits for FLAC (and drops
        # the lower ones), and its full scale is one more than libsndfile's.
        if ending == "wav":
            audio = np.clip(np.rint(audio * 2.0**15), -(2**15), 2**15 - 1).astype(np.int16)
        elif ending == "flac":
            whole = np.rint(audio.astype(np.float64) * 2.0**31)
            audio = np.clip(whole, -(2**31), 2**31 - 1).astype(np.int32) & ~0xFF
        soundfile.write(os.fspath(uri), audio, sample_rate, subtype=_WRITTEN[ending])

    return save


@functools.lru_cache(maxsize=1)
def _said_missing() -> str:
    reason = ffmpeg.missing()
    if reason:
        logger.info("sound is read by soundfile: torchcodec cannot load FFmpeg (%s)", reason)
    return reason


def _read(uri: Any) -> tuple[Any, int]:
    """Read all samples, ``(samples, channels)`` in float32, and their rate."""
    import soundfile

    if isinstance(uri, _PATHS) and not os.path.exists(uri):
        if "://" in os.fspath(uri):
            raise UnreadableSoundError(f"{uri}: {ffmpeg.needed()}")
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), os.fspath(uri))
    if isinstance(uri, _PATHS) and os.path.isdir(uri):
        raise IsADirectoryError(errno.EISDIR, "is a folder, not a sound", os.fspath(uri))
    try:
        return soundfile.read(  # type: ignore[no-any-return]
            os.fspath(uri) if isinstance(uri, _PATHS) else uri, dtype="float32", always_2d=True
        )
    except soundfile.LibsndfileError as error:
        if error.code in ffmpeg.UNKNOWN_TO_LIBSNDFILE:
            raise UnreadableSoundError(f"{uri}: {ffmpeg.needed()}") from error
        raise RuntimeError(f"{uri} cannot be decoded: {error.error_string}") from error
    except TypeError as error:  # soundfile reads .raw as samples without a header
        raise UnreadableSoundError(f"{uri}: {ffmpeg.needed()}") from error
