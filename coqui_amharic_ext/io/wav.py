"""16-bit mono wav files, which can be played while they are written."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_UNKNOWN: Final = 0xFFFFFFFF
"""A length that players read as 'until the end'."""
_HEADER_BYTES: Final = 44


def header(rate: int, size: int | None = None) -> bytes:
    """Return the header of a 16-bit mono wav.

    Parameters
    ----------
    rate : int
        Samples per second.
    size : int, optional
        Bytes of samples; without it, the header says that the length is not known.
    """
    riff = _UNKNOWN if size is None else size + _HEADER_BYTES - 8
    data = _UNKNOWN if size is None else size
    form = (b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16)
    return struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", riff, b"WAVE", *form, b"data", data)


class WavStream:
    """Writes samples chunk by chunk, each one at once.

    The first header gives no length, so that players take a pipe, and a file that was cut off. If
    the target is seekable, the true length is written at the end.

    Parameters
    ----------
    target : binary file
        Open for writing.
    rate : int
        Samples per second.
    """

    def __init__(self, target: BinaryIO, rate: int) -> None:
        self._target = target
        self._rate = rate
        self.samples = 0
        target.write(header(rate))
        target.flush()

    def write(self, samples: NDArray[np.floating[Any]]) -> None:
        """Write samples; those outside -1 and 1 are clipped."""
        import numpy as np

        pcm = np.round(np.clip(samples, -1.0, 1.0) * 32767).astype("<i2")
        self._target.write(pcm.tobytes())
        self._target.flush()
        self.samples += len(samples)

    def __enter__(self) -> WavStream:
        return self

    def __exit__(self, *raised: object) -> None:
        if not _is_seekable(self._target):
            return
        self._target.seek(0)
        self._target.write(header(self._rate, 2 * self.samples))
        self._target.flush()


def write_wav(path: Path, samples: NDArray[np.floating[Any]], rate: int) -> None:
    """Write samples from -1 to 1 to a file.

    Raises
    ------
    OSError
        The file cannot be written, for example on a full disk. (libsndfile's wrapper hides that.)
    """
    with path.open("wb") as target, WavStream(target, rate) as stream:
        stream.write(samples)


def _is_seekable(target: Any) -> bool:
    try:
        return bool(target.seekable())
    except (AttributeError, OSError):
        return False
