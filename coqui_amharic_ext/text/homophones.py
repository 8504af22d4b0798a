"""Fold letters that sound alike in Amharic, so that one word has one key.

Folded: ሐ ኀ -> ሀ, ሠ -> ሰ, ዐ -> አ, ፀ -> ጸ in every order, and the fourth order of the gutturals to
the first (ሃ -> ሀ, ኣ -> አ), because Amharic reads both with /a/. Nothing else: ደ and ዳ, ኋ, ኸ and ኧ
are different sounds. For look-ups and comparison only; :func:`coqui_amharic_ext.text.normalize`
never rewrites a word this way.
"""

from __future__ import annotations

from typing import Final

_SERIES: Final = (("ሐ", "ሀ", 7), ("ኀ", "ሀ", 7), ("ሠ", "ሰ", 8), ("ዐ", "አ", 7), ("ፀ", "ጸ", 7))


def _table() -> dict[int, int]:
    table = {
        ord(source) + order: ord(target) + order
        for source, target, orders in _SERIES
        for order in range(orders)
    }
    # Guttural fourth order reads as the first.
    for fourth in "ሃሓኃ":
        table[ord(fourth)] = ord("ሀ")
    for fourth in "ኣዓ":
        table[ord(fourth)] = ord("አ")
    return table


TABLE: Final = _table()


def fold_homophones(word: str) -> str:
    """Return ``word`` with homophone letters folded to one spelling.

    Parameters
    ----------
    word : str
        Any text; everything but the folded letters is returned as it is.

    Raises
    ------
    TypeError
        If ``word`` is not a string.

    Examples
    --------
    >>> fold_homophones("ዓመተ ምሕረት")
    'አመተ ምህረት'
    """
    if not isinstance(word, str):
        raise TypeError(f"fold_homophones() takes a str, got {type(word).__name__}")
    return word.translate(TABLE)
