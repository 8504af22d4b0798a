"""Our patches of ``TTS.*`` for Amharic, contributed through the same hook as anyone else's."""

from __future__ import annotations

from collections.abc import Iterable

from coqui_amharic_ext.coqui.patches import PATCHES
from coqui_amharic_ext.patching import Patch
from coqui_amharic_ext.plugins import hookimpl


@hookimpl
def patches() -> Iterable[Patch]:
    """Return the patches that make Coqui's text side and XTTS know Amharic."""
    return PATCHES
