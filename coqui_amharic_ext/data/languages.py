"""Language names of corpora and upstream's codes."""

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
"""XTTS's languages, by the names that FLEURS and others use."""


def language_code(name: str) -> str:
    """Return upstream's code of a language name or code: ``am`` for Amharic in any form.

    The region of XTTS's languages (``en-US``, ``pt_br``) is dropped, except for Chinese.
    """
    if is_amharic(name):
        return AMHARIC
    code = name.strip().lower()
    code = NAMES.get(code, code)
    first = re.split("[-_]", code)[0]
    if first == "zh":
        return code.replace("_", "-")
    return first if first in NAMES.values() else code
