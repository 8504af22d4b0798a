"""What every tab is built from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from coqui_amharic_ext.availability import Availability
from coqui_amharic_ext.webui.runs import Runs
from coqui_amharic_ext.webui.speech import Speech
from coqui_amharic_ext.webui.workfolder import WorkFolder

EXAMPLE: Final = "በ2015 ዓ.ም አዲስ አበባ ውስጥ 25% ጨመረ።"
Choices = list[tuple[str, str]]
_MOST_CHARACTERS: Final = 70


@dataclass(frozen=True, slots=True)
class Page:
    """The work folder and what lives in it; all sessions share them."""

    work: WorkFolder
    runs: Runs
    speech: Speech


def choices(states: Iterable[tuple[str, bool, str]]) -> Choices:
    """Return (label, value) of each name; the label says why one is not available."""
    return [
        (name if ok else f"{name} – not available: {_truncated(reason)}", name)
        for name, ok, reason in states
    ]


def g2p_choices(states: dict[str, Availability]) -> Choices:
    """Return the choices of G2P backends."""
    return choices((name, state.ok, state.reason) for name, state in states.items())


def _truncated(reason: str) -> str:
    return reason if len(reason) <= _MOST_CHARACTERS else reason[:_MOST_CHARACTERS] + "…"
