"""Shell completion of option values."""

from __future__ import annotations

from coqui_amharic_ext.settings import ATTENTION_CHOICES


def backend_names(incomplete: str) -> list[str]:
    """Return the G2P backends whose names start with the given text."""
    from coqui_amharic_ext import plugins

    return [name for name in plugins.g2p_backends() if name.startswith(incomplete)]


def kernel_names(incomplete: str) -> list[str]:
    """Return the attention kernels whose names start with the given text."""
    from coqui_amharic_ext import plugins

    names = dict.fromkeys((*ATTENTION_CHOICES, *plugins.attention_backends()))
    return [name for name in names if name.startswith(incomplete)]
