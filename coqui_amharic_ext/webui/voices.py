"""Checkpoints that can speak, sentence by sentence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from coqui_amharic_ext.errors import CoquiAmharicError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class VoiceError(CoquiAmharicError, ValueError):
    """A checkpoint's folder cannot be loaded."""


class Voice(Protocol):
    """A loaded checkpoint."""

    rate: int

    def speak(self, text: str, reference: Path | None) -> Iterator[NDArray[np.float32]]:
        """Yield samples within ±1 as they are made; ``reference`` is a speaker's recording."""
        ...
