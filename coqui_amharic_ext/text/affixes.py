"""Prefixes and suffixes that are written onto numbers, abbreviations and Latin words.

Prefixes of one letter (በ ለ ከ የ) and their combinations are joined to the first spoken word; longer
words written without a space (እስከ25) stay separate words. Suffixes join the last spoken word:
after a consonant a vowel suffix changes the last letter (አምስት + -ኡ is አምስቱ), and a suffix that
repeats the last consonant (5ቱ, 9ኙ, 10ሩ) replaces it. Reference: W. Leslau, Reference Grammar of
Amharic (1995), on the article, the plural and the prepositions.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final

from coqui_amharic_ext.io.tables import rows
from coqui_amharic_ext.text import fidel
from coqui_amharic_ext.text.homophones import fold_homophones


@cache
def glued_prefixes() -> frozenset[str]:
    """Prefixes that join the word they stand before."""
    return frozenset(
        affix for affix, kind in rows("text/data/affixes.tsv", "affix", "kind") if kind == "prefix"
    )


@cache
def free_prefixes() -> frozenset[str]:
    """Prepositions that stay separate words."""
    return frozenset(
        affix
        for affix, kind in rows("text/data/affixes.tsv", "affix", "kind")
        if kind == "preposition"
    )


DETACHABLE: Final = frozenset("በለከየ")

_CLITICS: Final = r"(?:ን|ኑ)?(?:ም|ና|ስ|ማ|ሳ|ንም|ንና)?"
_PLURAL: Final = r"(?:ች|ቹ|ቻቸው|ቻችን|ቻችሁ)"
#: After a first letter that repeats the last consonant of the number: article, plural,
#: possessives.
_REPEATING: Final = {
    fidel.U: re.compile(_CLITICS),
    fidel.A: re.compile(rf"(?:ችን|ችሁ|ቸው){_CLITICS}"),
    fidel.SADIS: re.compile(_CLITICS),
    fidel.O: re.compile(_PLURAL + _CLITICS),
    fidel.WA: re.compile(_CLITICS),
}
_PLAIN: Final = re.compile(rf"(?:ው|ዋ|ዎ{_PLURAL}|ኡ|ዉ)?{_CLITICS}")


@lru_cache(maxsize=4096)
def attach_suffix(phrase: str, suffix: str) -> str:
    """Join a suffix to the last word of a phrase; it is assumed to be one that fits."""
    if not suffix:
        return phrase
    last, first = phrase[-1], suffix[0]
    if not fidel.in_grid(last) or not fidel.in_grid(first) or fidel.order(last) != fidel.SADIS:
        return phrase + suffix
    if fidel.series(fold_homophones(last)) == fidel.series(fold_homophones(first)) and first != "ን":
        return phrase[:-1] + suffix
    # ሺህ is ሺ before a plural; its ህ is only written.
    if first == "ዎ" and phrase.endswith("ሺህ"):
        return phrase[:-1] + suffix
    vowel = {"ው": fidel.U, "ዉ": fidel.U, "ኡ": fidel.U, "ዋ": fidel.WA, "ዎ": fidel.O}.get(first)
    if vowel is not None:
        return phrase[:-1] + fidel.with_order(last, vowel) + suffix[1:]
    return phrase + suffix


@lru_cache(maxsize=4096)
def fits_number(phrase: str, suffix: str) -> bool:
    """Whether ``suffix`` can be an ending of the number, not a word typed without a space."""
    first = suffix[0]
    last = phrase[-1]
    if (
        fidel.in_grid(first)
        and fidel.in_grid(last)
        and fidel.order(last) == fidel.SADIS
        and fidel.series(first) == fidel.series(last)
        and fidel.order(first) in _REPEATING
        and _REPEATING[fidel.order(first)].fullmatch(suffix, 1)
    ):
        return True
    return _PLAIN.fullmatch(suffix) is not None


def fits_word(suffix: str) -> bool:
    """Whether ``suffix`` is a run of clitics and endings that can follow any noun."""
    return _PLAIN.fullmatch(suffix) is not None
