"""Latin letters that reach the phones all the same: they are read by name, as Amharic says them.

Normalisation has spelled or transliterated Latin words before; this is the floor under it for
callers that come without it, and never the fidel table.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

from coqui_amharic_ext.g2p.resources import rows

_LIGATURES: Final = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "ø": "o", "Ø": "o", "đ": "d", "Đ": "d",
     "ð": "d", "Ð": "d", "þ": "th", "Þ": "th", "ł": "l", "Ł": "l", "ı": "i", "ħ": "h"}
)  # fmt: skip


@lru_cache(maxsize=1)
def letter_names() -> dict[str, str]:
    """Return the Amharic name of each letter a-z, from ``data/latin_letters.tsv``."""
    return {letter: name for letter, name, _comment in rows("latin_letters.tsv")}


def spell(word: str) -> list[str]:
    """Return the names of a Latin word's letters, in Ethiopic script.

    Diacritics are left out; characters that are no letters of any kind of a-z give nothing.
    """
    decomposed = unicodedata.normalize("NFKD", word.translate(_LIGATURES)).lower()
    names = letter_names()
    return [names[letter] for letter in decomposed if letter in names]
