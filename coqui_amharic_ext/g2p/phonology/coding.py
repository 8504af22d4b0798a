"""One character per phone: how words are held while the rules work on them.

The characters are the inventory's Coqui symbols; ``ʷ`` and ``ː`` follow their consonant. A word
so held is a plain string whose slices, regular expressions and dictionary keys are whole phones.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from coqui_amharic_ext.g2p.phonology.inventory import LABIALISED, inventory

VOWELS: Final = frozenset("əuiaeɨo")
"""All vowel characters; ``ɨ`` in a word held this way is one that must be spoken."""


@lru_cache(maxsize=1)
def codes() -> dict[str, str]:
    """Return the characters of every phone, by its IPA symbol."""
    plain = {p.symbol: p.coqui_symbol for p in inventory().values()}
    for symbol in plain:
        if symbol.endswith(LABIALISED):
            plain[symbol] = plain[symbol[:-1]] + LABIALISED
    return plain


@lru_cache(maxsize=1)
def decode_table() -> dict[int, str]:
    """Return a ``str.translate`` table from our characters to IPA."""
    return {ord(code): symbol for symbol, code in codes().items() if len(code) == 1}


@lru_cache(maxsize=1)
def _long_symbols() -> tuple[tuple[str, str], ...]:
    """Return the symbols of more than one character with ours, the longest first."""
    long = [(s, c) for s, c in codes().items() if len(c) == 1 and s != c]
    return tuple(sorted(long, key=lambda pair: -len(pair[0])))


def encode(ipa: str) -> str:
    """Return IPA as one character per phone; other symbols are kept."""
    for symbol, code in _long_symbols():
        if symbol in ipa:
            ipa = ipa.replace(symbol, code)
    return ipa.replace("ːʷ", "ʷː")


def decode(coded: str) -> str:
    """Return one-character phones as IPA."""
    return coded.translate(decode_table())
