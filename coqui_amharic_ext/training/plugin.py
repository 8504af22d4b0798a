"""Our own patches of training code, contributed through the same hook as anyone else's."""

from __future__ import annotations

from collections.abc import Iterable

from coqui_amharic_ext.patching import Patch
from coqui_amharic_ext.plugins import hookimpl
from coqui_amharic_ext.training.patches import PATCHES


@hookimpl
def patches() -> Iterable[Patch]:
    """Return the patches of XTTS's training code and of the trainer."""
    return PATCHES
