"""One character per phone: how words are held while the rules work on them.

The characters are the inventory's Coqui symbols, so that a word is a plain string in which ``ː``
follows its consonant, and slices, regular expressions and dictionaries work on whole phones.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from coqui_amharic_ext.g2p.phones import LENGTH, inventory, split

VOWELS: Final = frozenset("əuiaeɨo")
"""All vowel characters; ``ɨ`` in a word held this way is one that must be spoken."""


@lru_cache(maxsize=1)
def codes() -> dict[str, str]:
    """Return the character of every phone, by its IPA symbol."""
    return {phone.symbol: phone.coqui_symbol for phone in inventory().values()}


@lru_cache(maxsize=1)
def decode_table() -> dict[int, str]:
    """Return a ``str.translate`` table from our characters to IPA."""
    return {ord(p.coqui_symbol): p.symbol for p in inventory().values()}


def encode(ipa: str) -> str:
    """Return IPA as one character per phone.

    Raises
    ------
    ValueError
        If a symbol is not in the inventory.
    """
    known = codes()
    out = []
    for phone in split(ipa):
        if phone not in known:
            raise ValueError(
                f"{phone!r} (U+{ord(phone[0]):04X}) in {ipa!r} is not a phone of the inventory; "
                "the valid symbols are in g2p/data/phones.tsv"
            )
        out.append(known[phone])
    return "".join(out)


def decode(coded: str) -> str:
    """Return one-character phones as IPA."""
    return coded.translate(decode_table())


def is_consonant(char: str) -> bool:
    """Return whether a character stands for a consonant."""
    return char not in VOWELS and char != LENGTH
