"""Our own attention kernels and patches, contributed through the same hooks as anyone else's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from coqui_amharic_ext.plugins import hookimpl

if TYPE_CHECKING:
    from coqui_amharic_ext.attention.kernel import KernelSpec
    from coqui_amharic_ext.patching import Patch


@hookimpl
def attention_backends() -> Iterable[KernelSpec]:
    """Return the package's kernels."""
    from coqui_amharic_ext.attention.kernels import (
        blockwise,
        eager,
        flash_attn,
        flash_attn_4,
        sdpa,
        varlen,
        xformers,
    )

    modules = (flash_attn, flash_attn_4, varlen, xformers, blockwise, sdpa, eager)
    return tuple(module.SPEC for module in modules)


@hookimpl
def patches() -> Iterable[Patch]:
    """Return the patches of XTTS's attention."""
    from coqui_amharic_ext.attention.patches import PATCHES

    return PATCHES
