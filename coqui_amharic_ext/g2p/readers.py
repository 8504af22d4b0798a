"""The readers of this process, one for each choice of settings and backend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from coqui_amharic_ext.g2p.chain import chosen_specs
from coqui_amharic_ext.g2p.sentence import Reader
from coqui_amharic_ext.io.forking import ForkSafeLock
from coqui_amharic_ext.settings import get_settings

if TYPE_CHECKING:
    from coqui_amharic_ext.settings import Settings

KEPT: Final = 8
"""Readers that are kept; the oldest goes when another one is made."""

_readers: dict[tuple[object, ...], Reader] = {}
_lock = ForkSafeLock(rank=1)


def reader(settings: Settings | None = None, backend: str | None = None) -> Reader:
    """Return the reader for these settings, made once per process.

    Raises
    ------
    SettingsError, UnavailableError
        As ``phonemize``.
    """
    settings = get_settings() if settings is None else settings
    key = (settings, backend, chosen_specs(settings, backend))
    found = _readers.get(key)
    if found is None:
        with _lock:
            found = _readers.get(key)
            if found is None:
                found = Reader(settings, backend)
                while len(_readers) >= KEPT:
                    del _readers[next(iter(_readers))]
                _readers[key] = found
    return found


def forget() -> None:
    """Drop every reader, as a new process would."""
    _readers.clear()
