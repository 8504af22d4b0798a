"""Which language codes mean Amharic."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

AMHARIC: Final = "am"
"""The key of Amharic in upstream's tables, tokens and segmenters."""

VARIANTS: Final = MappingProxyType(
    {
        "am": "Amharic",
        "am-ET": "Amharic (Ethiopia)",
        "am-et": "Amharic (Ethiopia)",
        "am_ET": "Amharic (Ethiopia)",
        "amh": "Amharic",
    }
)
"""Codes that the phonemizer is registered for: BCP 47, POSIX and ISO 639-3 spellings."""


def is_amharic(language: object) -> bool:
    """Return whether a language code means Amharic, whatever its region and spelling."""
    if not isinstance(language, str):
        return False
    return language.replace("_", "-").split("-")[0].lower() in {"am", "amh"}
