"""The common case, decided fast: a backend that read the letters as they are written."""

from __future__ import annotations

from functools import lru_cache

from coqui_amharic_ext.g2p.table import fidel


@lru_cache(maxsize=1)
def _letters() -> dict[int, str]:
    """Return a ``str.translate`` table from letters to IPA, every sixth order with its ɨ."""
    return {
        ord(letter.written): "".join(letter.consonants) + letter.vowel
        for letter in fidel().values()
    }


def same_as_letters(word: str, raw: str) -> bool:
    """Return whether raw IPA is the letters' own, one by one, at most the last ɨ left out.

    Such phones pass the quality check by construction; False says nothing.
    """
    letters = word.translate(_letters())
    if letters.count("ʔ") > 3:  # unwritten by most, they could leave a run of one vowel
        return False
    letters = letters.replace("ʔ", "")
    said = raw.replace("ʔ", "").replace("r", "ɾ").replace("t͡sʼ", "sʼ")
    said = said.replace("x", "h").replace("g", "ɡ")
    return said == letters or (said != "" and said + "ɨ" == letters)
