"""Languages as corpora write them, and as upstream does."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Final

from coqui_amharic_ext.coqui.languages import AMHARIC, is_amharic

NAMES: Final = MappingProxyType(
    {
        "amharic": AMHARIC,
        **{"english": "en", "spanish": "es", "french": "fr", "german": "de", "italian": "it"},
        **{"portuguese": "pt", "polish": "pl", "turkish": "tr", "russian": "ru", "dutch": "nl"},
        **{"czech": "cs", "arabic": "ar", "chinese": "zh-cn", "hungarian": "hu"},
        **{"korean": "ko", "japanese": "ja", "hindi": "hi"},
    }
)
"""XTTS's languages, which FLEURS and others write out."""


def language_code(name: str) -> str:
    """Return upstream's code of a language as corpora write it: ``am`` for Amharic in any form.

    XTTS's languages lose their region (``en-US``, ``pt_br``), except Chinese.
    """
    if is_amharic(name):
        return AMHARIC
    code = name.strip().lower()
    code = NAMES.get(code, code)
    first = re.split("[-_]", code)[0]
    if first == "zh":
        return code.replace("_", "-")
    return first if first in NAMES.values() else code
