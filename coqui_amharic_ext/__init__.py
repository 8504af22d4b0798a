"""Amharic and fast attention for upstream Coqui TTS.

Everything here is loaded on first use: importing the package imports neither torch nor TTS.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from coqui_amharic_ext.io.forking import kept_from_forks

if TYPE_CHECKING:
    from coqui_amharic_ext.activation import activate, deactivate, status
    from coqui_amharic_ext.errors import (
        CoquiAmharicError,
        SettingsError,
        TranscriptionError,
        UnavailableError,
    )
    from coqui_amharic_ext.g2p.api import phonemize, phonemize_many, transcribe
    from coqui_amharic_ext.g2p.types import Transcription
    from coqui_amharic_ext.plugins import hookimpl
    from coqui_amharic_ext.report import Report
    from coqui_amharic_ext.settings import Settings
    from coqui_amharic_ext.text import normalize

    __version__: str

_HOMES = {
    "activate": "activation",
    "deactivate": "activation",
    "status": "activation",
    "normalize": "text",
    "phonemize": "g2p.api",
    "phonemize_many": "g2p.api",
    "transcribe": "g2p.api",
    "Transcription": "g2p.types",
    "Settings": "settings",
    "Report": "report",
    "hookimpl": "plugins",
    "CoquiAmharicError": "errors",
    "SettingsError": "errors",
    "TranscriptionError": "errors",
    "UnavailableError": "errors",
}

__all__ = [
    "CoquiAmharicError",
    "Report",
    "Settings",
    "SettingsError",
    "Transcription",
    "TranscriptionError",
    "UnavailableError",
    "__version__",
    "activate",
    "deactivate",
    "hookimpl",
    "normalize",
    "phonemize",
    "phonemize_many",
    "status",
    "transcribe",
]


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        value: object = version("coqui-amharic-ext")
    elif name in _HOMES:
        # A module that is half imported can never be imported in the child of a fork.
        with kept_from_forks():
            value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
