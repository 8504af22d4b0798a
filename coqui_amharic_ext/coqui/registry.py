"""The phonemizer in upstream's registries, as the default for Amharic."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

from coqui_amharic_ext.coqui.languages import VARIANTS

_MODULE = "TTS.tts.utils.text.phonemizers"
_displaced: dict[str, str] = {}
"""Defaults that ours replaced (espeak claims "am"), for ``unregister``."""


def register_with(original: Callable[[], None]) -> Callable[[], None]:
    """Wrap upstream's ``_register_phonemizers`` to add Amharic.

    Upstream fills its tables only while ``DEF_LANG_TO_PHONEMIZER`` is empty, so our entries are
    added after its own and never before.
    """

    @functools.wraps(original)
    def _register_phonemizers() -> None:
        original()
        from TTS.tts.utils.text import phonemizers

        from coqui_amharic_ext.coqui.phonemizer import NAME, AmharicPhonemizer

        # Only once, so that a default set by the user later stays.
        if phonemizers.PHONEMIZERS.get(NAME) is AmharicPhonemizer:
            return
        phonemizers.PHONEMIZERS[NAME] = AmharicPhonemizer
        for language in VARIANTS:
            if language in phonemizers.DEF_LANG_TO_PHONEMIZER:
                _displaced[language] = phonemizers.DEF_LANG_TO_PHONEMIZER[language]
            phonemizers.DEF_LANG_TO_PHONEMIZER[language] = NAME

    return _register_phonemizers


def unregister() -> None:
    """Remove our entries from upstream's tables and restore those that they replaced."""
    phonemizers: Any = sys.modules.get(_MODULE)
    own: Any = sys.modules.get("coqui_amharic_ext.coqui.phonemizer")
    if phonemizers is not None and own is not None:
        if phonemizers.PHONEMIZERS.get(own.NAME) is own.AmharicPhonemizer:
            del phonemizers.PHONEMIZERS[own.NAME]
        for language in VARIANTS:
            if phonemizers.DEF_LANG_TO_PHONEMIZER.get(language) != own.NAME:
                continue
            if language in _displaced:
                phonemizers.DEF_LANG_TO_PHONEMIZER[language] = _displaced[language]
            else:
                del phonemizers.DEF_LANG_TO_PHONEMIZER[language]
    _displaced.clear()
