"""Our own G2P backends, registered through the same hook as anyone else's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from coqui_amharic_ext.g2p.backend import Backend, BackendSpec
from coqui_amharic_ext.plugins import hookimpl

if TYPE_CHECKING:
    from coqui_amharic_ext.settings import Settings


def _transphone(settings: Settings) -> Backend:
    from coqui_amharic_ext.g2p.backends.transphone import TransphoneBackend

    return TransphoneBackend(settings)


def _epitran(settings: Settings) -> Backend:
    from coqui_amharic_ext.g2p.backends.epitran import EpitranBackend

    return EpitranBackend(settings)


def _rules(settings: Settings) -> Backend:
    from coqui_amharic_ext.g2p.backends.rules import RulesBackend

    return RulesBackend(settings)


@hookimpl
def g2p_backends() -> Iterable[BackendSpec]:
    """Return the three backends that come with the package."""
    return (
        BackendSpec("transphone", "transphone's neural model for Amharic", "segments", _transphone),
        BackendSpec("epitran", "epitran's table for amh-Ethi", "segments", _epitran),
        BackendSpec("rules", "our own rules and lexicon; always there", "surface", _rules),
    )
