"""Amharic tokens in letters that XTTS has learnt from other languages."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from typing import Any

from coqui_amharic_ext.coqui.symbols import NARROW
from coqui_amharic_ext.coqui.xtts_text import own_symbols
from coqui_amharic_ext.g2p.phonology.inventory import LABIALISED, inventory
from coqui_amharic_ext.g2p.phonology.letters import fidel
from coqui_amharic_ext.g2p.phonology.letters import letters as read_letters
from coqui_amharic_ext.lossless import lacking


@lru_cache(maxsize=1)
def romanisations() -> dict[str, tuple[str, ...]]:
    """Return the spellings of each phone, the best first, from ``data/romanisation.tsv``."""
    text = files(__package__).joinpath("data/romanisation.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines()[1:] if line)
    return {phone: tuple(ways.split()) for phone, ways, _comment in rows}


@lru_cache(maxsize=1)
def _phone_of() -> dict[str, str]:
    """Return the phone of each symbol that XTTS reads."""
    own = own_symbols()
    symbols = {phone.coqui_symbol: phone.symbol for phone in inventory().values()}
    symbols |= {mark: mark for mark in NARROW}
    return {own.get(symbol, symbol): phone for symbol, phone in symbols.items()} | {
        LABIALISED: LABIALISED
    }


def pieces_of(token: str, tokenizer: Any) -> list[int]:
    """Return the ids with which an older vocabulary represents a token that it lacks.

    Parameters
    ----------
    token : str
        A phone's symbol, Ethiopic letters, or a token of other characters.
    tokenizer : tokenizers.Tokenizer
        The older vocabulary.

    Returns
    -------
    list of int
        Ids of the token's own pieces, or of the known parts of its romanisation; empty if there are
        none.
    """
    own = _known_ids(token, tokenizer)
    if own is not None:
        return own
    ways = list(_romanised(token, tokenizer))
    joined = _known_ids("".join(ways), tokenizer)
    return [] if joined is None else joined


def _romanised(token: str, tokenizer: Any) -> Iterator[str]:
    """Yield the spelling of each phone of a token, or each of its characters that is known."""
    phone = _phone_of().get(token)
    if phone is not None:
        yield _first_known(phone, tokenizer)
        return
    for character in token:
        if character in fidel():
            for phone in _phones(character):
                yield _first_known(phone, tokenizer)
        elif _known_ids(character, tokenizer) is not None:
            yield character


def _phones(character: str) -> Iterator[str]:
    for letter in read_letters(character):
        yield from letter.consonants
        if letter.vowel != "ɨ" or letter.labialised:
            # The sixth order's vowel is mostly silent.
            yield letter.vowel


def _first_known(phone: str, tokenizer: Any) -> str:
    ways = romanisations()[phone]
    return next((way for way in ways if _known_ids(way, tokenizer) is not None), "")


def _known_ids(text: str, tokenizer: Any) -> list[int] | None:
    """Return the ids of a text, ``None`` where it is empty or holds an unknown character."""
    encoding = tokenizer.encode([text], is_pretokenized=True)
    ids: list[int] = encoding.ids
    return ids if ids and not lacking(tokenizer, [text], encoding) else None
