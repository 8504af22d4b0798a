"""Transcribe batches of texts, as ``datasets.map`` and Ray Data call it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from coqui_amharic_ext.settings import Settings, get_settings

COLUMNS: Final = ("normalised", "ipa", "backend", "quality")
"""The added columns."""


@dataclass(frozen=True)
class Transcriber:
    """Transcribes one column of a batch.

    It contains only its options, so that it can be sent to other processes and ``datasets.map`` can
    find cached results. The options are fixed at creation, also for other processes.

    Parameters
    ----------
    column : str
        The column with the texts.
    backend : str, optional
        Use this G2P backend instead of the configured chain.
    settings : Settings, optional
        By default those in force at creation.

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
            ``normalised``: spoken form; ``ipa``; ``backend``: those that answered, separated by
            commas; ``quality``: share of words with all measures within bounds, 1.0 without
            words.

        Raises
        ------
        KeyError
            The batch has no such column.
        ValueError
            The batch already has an added column.
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
