"""The common case, decided fast: a backend that read the letters as they are written."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from coqui_amharic_ext.g2p.phones import EJECTIVE, LABIALISED, TIE, inventory
from coqui_amharic_ext.g2p.symbols import codes
from coqui_amharic_ext.g2p.table import fidel

_SINGLE: Final = {ord(k): v for k, v in {"g": "ɡ", "r": "ɾ", "x": "h", "ʔ": None}.items()}


@lru_cache(maxsize=1)
def _letters() -> dict[int, str]:
    """Return a ``str.translate`` table from letters to phones, every sixth order with its ɨ."""
    code = codes()
    return {
        ord(letter.written): "".join(code[c] for c in letter.consonants) + letter.vowel
        for letter in fidel().values()
    }


@lru_cache(maxsize=1)
def _spellings() -> tuple[tuple[str, str], ...]:
    """Return replacements of phones by their one character, longest first."""
    known = inventory()
    found = [(s, p.coqui_symbol) for s, p in known.items() if len(s) > 1 and LABIALISED not in s]
    found.append((f"t{TIE}s{EJECTIVE}", known[f"s{EJECTIVE}"].coqui_symbol))
    return tuple(sorted(found, key=lambda pair: -len(pair[0])))


def same_as_letters(word: str, raw: str) -> bool:
    """Return whether raw IPA is the letters' own, one by one, at most the last ɨ left out.

    Such phones pass the quality check by construction; False says nothing.
    """
    letters = word.translate(_letters())
    if letters.count("ʔ") > 3:  # unwritten by most, they could leave a run of one vowel
        return False
    letters = letters.replace("ʔ", "")
    said = raw
    for spelling, char in _spellings():
        said = said.replace(spelling, char)
    said = said.translate(_SINGLE)
    return bool(said) and (said == letters or said + "ɨ" == letters)
