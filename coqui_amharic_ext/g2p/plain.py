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
def _spellings() -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """Return replacements of phones by their one character: plain ones, labialised ones."""
    known = inventory()
    phones = [phone for phone in known.values() if len(phone.symbol) > 1]
    plain = [(p.symbol, p.coqui_symbol) for p in phones if LABIALISED not in p.symbol]
    plain.append((f"t{TIE}s{EJECTIVE}", known[f"s{EJECTIVE}"].coqui_symbol))
    plain.sort(key=lambda pair: -len(pair[0]))
    labialised = [
        (known[p.symbol.removesuffix(LABIALISED)].coqui_symbol + LABIALISED, p.coqui_symbol)
        for p in phones
        if LABIALISED in p.symbol
    ]
    return tuple(plain), tuple(labialised)


def same_as_letters(word: str, raw: str) -> bool:
    """Return whether raw IPA is the letters' own, one by one, at most the last ɨ left out.

    Such phones pass the quality check by construction; False says nothing.
    """
    letters = word.translate(_letters())
    if letters.count("ʔ") > 3:  # unwritten by most, they could leave a run of one vowel
        return False
    letters = letters.replace("ʔ", "")
    said = raw
    plain, labialised = _spellings()
    for spelling, char in plain:
        said = said.replace(spelling, char)
    if LABIALISED in said:
        for spelling, char in labialised:
            said = said.replace(spelling, char)
    said = said.translate(_SINGLE)
    return bool(said) and (said == letters or said + "ɨ" == letters)
