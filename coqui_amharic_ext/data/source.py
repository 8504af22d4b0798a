"""The source of an import: clips with their texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class SourceClip:
    """One clip of a source.

    Parameters
    ----------
    place : str
        File and line, or file and row, for messages.
    name : str
        The name for its wav.
    text, speaker, language : str
        Empty if the source has none.
    written : str
        The original text, if the source keeps both forms.
    split : str
        ``train`` or ``eval`` in a corpus that is already split for upstream.
    load : callable
        Takes a sample rate and returns the audio; raises ``AudioError``.
    """

    place: str
    name: str
    text: str
    speaker: str
    language: str
    written: str
    split: str
    load: Callable[[int], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Source:
    """A source's clips, their number (0 if unknown), and messages about its defects.

    ``repeated`` says which rows name a file and text that another one has named already.
    """

    clips: Callable[[], Iterator[SourceClip]]
    total: int
    defects: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()
