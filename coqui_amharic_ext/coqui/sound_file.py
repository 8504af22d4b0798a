"""Speech files in the format that the extension names."""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol

from coqui_amharic_ext.errors import CoquiAmharicError
from coqui_amharic_ext.io.ffmpeg import fix
from coqui_amharic_ext.io.wav import WavStream

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WAV: Final = ("", ".wav", ".wave")
"""The format without an extension, as of a pipe or a device, is wav."""
LIBSNDFILE: Final = {
    ".aif": "AIFF",
    ".aiff": "AIFF",
    ".au": "AU",
    ".caf": "CAF",
    ".flac": "FLAC",
    ".mp3": "MP3",
    ".oga": "OGG",
    ".ogg": "OGG",
}
FFMPEG: Final = (".aac", ".m4a", ".mka", ".mp4", ".opus", ".webm", ".wma")


class SoundFormatError(CoquiAmharicError, ValueError):
    """A file's extension names no format that can be written here; the message says which do."""


class SoundSink(Protocol):
    """A writer of speech, chunk by chunk."""

    @property
    def samples(self) -> int:
        """The number of samples written."""

    def write(self, samples: NDArray[np.float32]) -> None:
        """Write samples within -1 and 1; others are clipped."""

    def __enter__(self) -> SoundSink: ...

    def __exit__(self, *raised: object) -> None: ...


def require_format(path: Path) -> None:
    """Refuse a file whose extension names a format that cannot be written.

    Raises
    ------
    SoundFormatError
        The extension is unknown, or the program that writes the format is missing.
    """
    ending = path.suffix.lower()
    if ending in WAV or (ending in LIBSNDFILE and _in_libsndfile(LIBSNDFILE[ending])):
        return
    if ending not in LIBSNDFILE and ending not in FFMPEG:
        known = ", ".join(sorted({*WAV[1:], *LIBSNDFILE, *FFMPEG}))
        raise SoundFormatError(
            f"{path}: {ending} is no format of sound that can be written; give one of {known}"
        )
    if shutil.which("ffmpeg") is None:
        raise SoundFormatError(
            f"{path}: {ending} is written by FFmpeg, which is not there; install it "
            f"({fix()}), or give a .wav or .flac"
        )


def is_wav(path: Path) -> bool:
    """Whether a file's extension names wav, the only format that can be streamed."""
    return path.suffix.lower() in WAV


def open_sound(target: BinaryIO, rate: int, path: Path) -> SoundSink:
    """Return a writer into ``target`` in the format that the extension of ``path`` names."""
    if is_wav(path):
        return WavStream(target, rate)
    return _Encoded(target, rate, path)


def _in_libsndfile(name: str) -> bool:
    import soundfile

    return name in soundfile.available_formats()


class _Encoded:
    """Collects speech as a wav and encodes it at the end.

    In memory, since libsndfile's wrapper drops the errors of a full disk.
    """

    def __init__(self, target: BinaryIO, rate: int, path: Path) -> None:
        self._target, self._rate, self._path = target, rate, path
        self._wav = io.BytesIO()
        self._stream = WavStream(self._wav, rate)

    @property
    def samples(self) -> int:
        return self._stream.samples

    def write(self, samples: NDArray[np.float32]) -> None:
        self._stream.write(samples)

    def __enter__(self) -> _Encoded:
        return self

    def __exit__(self, *raised: object) -> None:
        if raised[0] is not None:
            return
        self._stream.__exit__(None, None, None)
        name = LIBSNDFILE.get(self._path.suffix.lower())
        if name is not None and _in_libsndfile(name):
            encoded = self._by_libsndfile(name)
        else:
            encoded = self._by_ffmpeg()
        self._target.write(encoded)
        self._target.flush()

    def _by_libsndfile(self, name: str) -> bytes:
        import soundfile

        self._wav.seek(0)
        audio, _ = soundfile.read(self._wav, dtype="int16")
        encoded = io.BytesIO()
        try:
            soundfile.write(encoded, audio, self._rate, format=name)
        except (RuntimeError, ValueError) as error:
            raise self._failed(str(error)) from error
        return encoded.getvalue()

    def _by_ffmpeg(self) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"speech{self._path.suffix.lower()}"
            command = ["ffmpeg", "-v", "error", "-i", "pipe:0", str(path)]
            done = subprocess.run(  # noqa: S603 - its name is ours
                command, input=self._wav.getvalue(), capture_output=True, check=False
            )
            if done.returncode:
                said = done.stderr.decode(errors="replace").strip().splitlines()
                raise self._failed(said[-1] if said else f"ffmpeg ended with {done.returncode}")
            return path.read_bytes()

    def _failed(self, reason: str) -> SoundFormatError:
        return SoundFormatError(
            f"{self._path} cannot be written at {self._rate} samples a second: {reason}; give a "
            ".wav or .flac"
        )
