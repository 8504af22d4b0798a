"""A wav that can be listened to while it is written."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, BinaryIO, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

UNKNOWN: Final = 0xFFFFFFFF
"""A length that players take for 'until the end'."""
_HEADER_BYTES: Final = 44


class WavStream:
    """Writes 16-bit mono PCM chunk by chunk, each one at once.

    The header gives no length, so that a pipe can be played and a file that was cut off can be,
    too; where the target can be rewound, it gives the true one in the end.

    Parameters
    ----------
    target : binary file
        Open for writing.
    rate : int
        Samples a second.
    """

    def __init__(self, target: BinaryIO, rate: int) -> None:
        self._target = target
        self._rate = rate
        self.samples = 0
        target.write(self._header(UNKNOWN, UNKNOWN))
        target.flush()

    def _header(self, riff: int, data: int) -> bytes:
        form = (b"fmt ", 16, 1, 1, self._rate, 2 * self._rate, 2, 16)
        return struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", riff, b"WAVE", *form, b"data", data)

    def write(self, samples: NDArray[np.float32]) -> None:
        """Write samples within -1 and 1; what is beyond is cut off."""
        import numpy as np

        pcm = np.round(np.clip(samples, -1.0, 1.0) * 32767).astype("<i2")
        self._target.write(pcm.tobytes())
        self._target.flush()
        self.samples += len(samples)

    def __enter__(self) -> WavStream:
        return self

    def __exit__(self, *raised: object) -> None:
        if not _can_rewind(self._target):
            return
        size = 2 * self.samples
        self._target.seek(0)
        self._target.write(self._header(_HEADER_BYTES - 8 + size, size))
        self._target.flush()


def _can_rewind(target: Any) -> bool:
    try:
        return bool(target.seekable())
    except (AttributeError, OSError):
        return False
