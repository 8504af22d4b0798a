"""Our own patches of upstream's training code, registered like anyone else's."""

from __future__ import annotations

from collections.abc import Iterable

from coqui_amharic_ext.patching import Patch
from coqui_amharic_ext.plugins import hookimpl


@hookimpl
def patches() -> Iterable[Patch]:
    """Return the patches of dataset, loader, gradients, precision, optimizer, losses, saving."""
    from coqui_amharic_ext.training import (
        finite,
        freezing_patches,
        interrupts,
        patches,
        runfolder,
        saving,
        space,
    )

    return (
        *patches.PATCHES,
        *freezing_patches.PATCHES,
        *finite.PATCHES,
        *saving.PATCHES,
        *runfolder.PATCHES,
        *space.PATCHES,
        # The outermost around the training, so that all others have ended when it saves.
        *interrupts.PATCHES,
    )
