"""Allophones, for those who want a narrow transcription; they are not in the phone inventory.

Between vowels, and after one at the end of a syllable, a short b is a fricative (Leslau 1995,
chapter on phonology); n takes the place of a following labial.
"""

from __future__ import annotations

import re
from typing import Final

_LENITION: Final = re.compile("(?<=[əuiaeɨo])b(?![bː])")
_ASSIMILATION: Final = re.compile("n(?=[bpm])")


def narrowed(ipa: str) -> str:
    """Return broad IPA with b → β after a vowel and n → m before a labial."""
    return _ASSIMILATION.sub("m", _LENITION.sub("β", ipa))
