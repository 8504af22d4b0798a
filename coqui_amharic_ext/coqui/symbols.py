"""IPA of our inventory to Coqui symbols: one character per phone, so that nothing is dropped."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from coqui_amharic_ext.errors import TranscriptionError
from coqui_amharic_ext.g2p.phonology.inventory import inventory

PUNCTUATION: Final = ".,;:?!"
"""Marks that a transcription may contain; all are in Coqui's default vocabularies."""

NARROW: Final = "β"
"""Phones outside the inventory that narrow transcription adds; one symbol each in stock IPA."""


@lru_cache(maxsize=1)
def phone_symbols() -> tuple[str, ...]:
    """Return the Coqui symbol of every phone, in the order of ``g2p/data/phones.tsv``."""
    return tuple(phone.coqui_symbol for phone in inventory().values())


@lru_cache(maxsize=1)
def _table() -> tuple[re.Pattern[str], dict[str, str], frozenset[str]]:
    symbols = {phone.symbol: phone.coqui_symbol for phone in inventory().values()}
    longer = {phone: symbol for phone, symbol in symbols.items() if len(phone) > 1}
    # Longest first: t͡ʃʼʷ must not be read as t͡ʃ and two marks.
    pattern = re.compile("|".join(re.escape(p) for p in sorted(longer, key=len, reverse=True)))
    return pattern, longer, frozenset((*symbols.values(), *PUNCTUATION, *NARROW, " "))


def to_coqui(ipa: str, *, also: Iterable[str] = ()) -> str:
    """Write IPA with one character per phone.

    Parameters
    ----------
    ipa : str
        A transcription in the symbols of ``g2p/data/phones.tsv``, with spaces and the marks of
        ``PUNCTUATION``.
    also : iterable of str
        Further characters that it may contain.

    Returns
    -------
    str
        The same transcription; each phone and each length mark is one character.

    Raises
    ------
    TranscriptionError
        The transcription holds a character that no vocabulary of ours has. Coqui would drop it.
    """
    pattern, longer, allowed = _table()
    symbols = pattern.sub(lambda match: longer[match.group()], ipa)
    unknown = set(symbols) - allowed
    unknown.difference_update(also)
    if unknown:
        names = ", ".join(f"{c!r} (U+{ord(c):04X})" for c in sorted(unknown))
        raise TranscriptionError(
            f"the transcription {shorten(ipa)!r} holds {names}, outside the phone inventory; "
            "a G2P backend that gives surface forms must use the symbols of g2p/data/phones.tsv"
        )
    return symbols


def separate(symbols: str, separator: str) -> str:
    """Insert a separator between the phones of each word, but not at marks and spaces."""
    if not separator:
        return symbols
    phone = frozenset(phone_symbols()) | frozenset(NARROW)
    parts: list[str] = []
    inside = False
    for character in symbols:
        is_phone = character in phone
        if is_phone and inside:
            parts.append(separator)
        parts.append(character)
        inside = is_phone
    return "".join(parts)


def drop_marks(symbols: str, marks: Iterable[str]) -> str:
    """Replace marks by one space each and collapse spaces."""
    gone = {ord(mark): " " for mark in marks}
    return " ".join(symbols.translate(gone).split())


def shorten(text: str, size: int = 60) -> str:
    """Truncate a text for a message."""
    return text if len(text) <= size else text[: size - 1] + "…"
