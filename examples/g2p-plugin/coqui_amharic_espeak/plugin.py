"""The hook: declares the backend, imports nothing heavy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from coqui_amharic_ext import hookimpl
from coqui_amharic_ext.g2p.backend import Backend, BackendSpec

if TYPE_CHECKING:
    from coqui_amharic_ext import Settings


def _espeak(settings: Settings) -> Backend:
    from coqui_amharic_espeak.backend import EspeakBackend

    return EspeakBackend(settings)


@hookimpl
def g2p_backends() -> Iterable[BackendSpec]:
    """Return the backend that this distribution brings."""
    summary = "eSpeak NG's rules for Amharic"
    return (BackendSpec("espeak", summary, "segments", _espeak),)
