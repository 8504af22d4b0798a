"""Batches of texts to batches of transcriptions: what ``datasets.map`` and Ray Data call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from coqui_amharic_ext.settings import Settings, get_settings

COLUMNS: Final = ("normalised", "ipa", "backend", "quality")
"""The columns that are added."""


@dataclass(frozen=True)
class Transcriber:
    """Transcribes one column of a batch.

    It holds nothing but its choices, so that it can be sent to other processes, and so that
    ``datasets.map`` knows work again that it has done before. The choices are fixed when it is
    made; processes elsewhere do as this one did.

    Parameters
    ----------
    column : str
        The column with the texts.
    backend : str, optional
        Only this G2P backend, not the configured chain.
    settings : Settings, optional
        By default those in force where the object is made.

    Examples
    --------
    >>> Transcriber(backend="rules")({"text": ["ሰላም"]})["ipa"]
    ['səlam']
    """

    column: str = "text"
    backend: str | None = None
    settings: Settings | None = None

    def __post_init__(self) -> None:
        if self.settings is None:
            object.__setattr__(self, "settings", get_settings())

    def __call__(self, batch: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
        """Return the added columns for a batch.

        Returns
        -------
        dict
            ``normalised``: spoken form; ``ipa``; ``backend``: who answered, joined by commas;
            ``quality``: share of the words whose measures are all within their bounds, 1.0 where
            there are no words.

        Raises
        ------
        KeyError
            The batch has no such column.
        ValueError
            The batch has a column of an added one's name.
        TypeError
            A text is not a ``str``.
        """
        from coqui_amharic_ext.g2p.api import transcribe

        if self.column not in batch:
            there = ", ".join(batch)
            raise KeyError(f"there is no column {self.column!r}; there are: {there}")
        taken = [name for name in COLUMNS if name in batch]
        if taken:
            raise ValueError(f"there are columns named {', '.join(taken)} already; rename them")
        found = [
            transcribe(text, backend=self.backend, settings=self.settings)
            for text in batch[self.column]
        ]
        return {
            "normalised": [one.normalised for one in found],
            "ipa": [one.ipa for one in found],
            "backend": [",".join(one.backends) for one in found],
            "quality": [
                sum(word.quality.ok for word in one.words) / len(one.words) if one.words else 1.0
                for one in found
            ],
        }
