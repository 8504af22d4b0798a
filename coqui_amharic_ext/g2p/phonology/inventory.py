"""The phone inventory: which symbols a transcription may contain, and Coqui's symbol for each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from coqui_amharic_ext.io.tables import rows

LENGTH: Final = "ː"
EJECTIVE: Final = "ʼ"
LABIALISED: Final = "ʷ"
TIE: Final = "\u0361"

PhoneClass = Literal["vowel", "consonant", "labialised", "length"]


@dataclass(frozen=True, slots=True)
class Phone:
    """One row of ``data/phones.tsv``: the phone, its class and its one-character Coqui symbol."""

    symbol: str
    phone_class: PhoneClass
    coqui_symbol: str


@lru_cache(maxsize=1)
def inventory() -> dict[str, Phone]:
    """Return every phone of the system, by its IPA symbol, in the order of ``data/phones.tsv``."""
    return {
        symbol: Phone(symbol, phone_class, coqui_symbol)  # type: ignore[arg-type]
        for symbol, phone_class, coqui_symbol in rows(
            "g2p/data/phones.tsv", "phone", "class", "coqui_symbol"
        )
    }


@lru_cache(maxsize=1)
def vowels() -> frozenset[str]:
    """Return the vowel phones."""
    return frozenset(p.symbol for p in inventory().values() if p.phone_class == "vowel")


def split(ipa: str) -> list[str]:
    """Split IPA into phones, longest match first; anything else becomes one-character items.

    Parameters
    ----------
    ipa : str
        IPA in our symbols; spaces and punctuation are separate items.

    Returns
    -------
    list of str
        The length mark ``ː`` is a separate item, so that each item has one Coqui symbol.
    """
    known = inventory()
    items: list[str] = []
    start = 0
    while start < len(ipa):
        for size in (5, 4, 3, 2, 1):
            item = ipa[start : start + size]
            if size == 1 or item in known:
                items.append(item)
                start += len(item)
                break
    return items
