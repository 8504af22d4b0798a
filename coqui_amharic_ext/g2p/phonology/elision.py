"""Fluent speech: a preposition's ə and the glottal vowel after it become one vowel.

የእኔ is said jəne for jəʔɨne, ከአዲስ kadːis for kəʔadːis (Leslau 1995, on elision of vowels). Writers
often spell it so (የኔ, ካዲስ); where they do not, a synthesiser should keep both vowels unless asked.
"""

from __future__ import annotations

import re
from typing import Final

_CLITICS: Final = "የ|ከ|በ|ለ|ስለ|ወደ|እንደ|እስከ|እየ|ያለ|በየ|ከየ|ለየ|የየ|እንደየ"
_WRITTEN: Final = re.compile(f"(?:{_CLITICS})[እዕአዐኣዓ]")
_JOINT: Final = re.compile("əʔ([ɨa])")


def elided(word: str, ipa: str) -> str:
    """Return a word's IPA as in fluent speech.

    Parameters
    ----------
    word : str
        The written word; only a preposition or የ with እ or አ after it, both written, is concerned.
    ipa : str
        Its IPA.

    Returns
    -------
    str
        ``ipa`` with əʔɨ → ə and əʔa → a where the preposition meets the word.
    """
    if _WRITTEN.match(word) is None:
        return ipa
    return _JOINT.sub(lambda m: "a" if m[1] == "a" else "ə", ipa, count=1)
