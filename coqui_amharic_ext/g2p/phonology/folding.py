"""Folding of other systems' IPA into our inventory."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from coqui_amharic_ext.g2p.phonology.inventory import (
    EJECTIVE,
    LABIALISED,
    LENGTH,
    TIE,
    inventory,
    vowels,
)

_SYMBOLS: Final = str.maketrans(
    {
        "g": "ɡ", "r": "ɾ", "ɹ": "ɾ", "ʀ": "ɾ", "β": "b", "x": "h", "ħ": "h", "χ": "h", "ɦ": "h",
        "ʕ": "ʔ", "ɐ": "a", "ɑ": "a", "ɛ": "e", "ɪ": "i", "ʊ": "u", "ɔ": "o", "ɜ": "ə", "ɘ": "ə",
        "ŋ": "n", "ɱ": "m", "ʧ": "t͡ʃ", "ʤ": "d͡ʒ", "ʦ": "t͡s", "ɫ": "l",
        ":": LENGTH, "ˑ": LENGTH, "'": EJECTIVE, "`": EJECTIVE, "’": EJECTIVE, "ˀ": EJECTIVE,
        "ʰ": "", "ˈ": "", "ˌ": "", ".": "", "‿": "", "|": "", "ʲ": "", "\u035c": TIE,
    }
)  # fmt: skip

_BASES = re.compile(
    f"(?P<base>t{TIE}?[{EJECTIVE}{LENGTH}]*t?{TIE}?ʃ|d{TIE}?{LENGTH}?d?{TIE}?ʒ"
    f"|(?:t{TIE}?s)?t{TIE}?[{EJECTIVE}{LENGTH}]*t?{TIE}?s(?=[{LENGTH}{LABIALISED}]*{EJECTIVE})"
    f"|[^\\W{EJECTIVE}{LENGTH}{LABIALISED}])"
    f"(?P<marks>[{EJECTIVE}{LENGTH}{LABIALISED}{TIE}]*)|(?P<other>.)",
    re.DOTALL,
)


@lru_cache(maxsize=1 << 14)
def fold(raw: str) -> tuple[str, ...]:
    """Return a backend's raw IPA as phones of our inventory.

    Other symbols for the same phone are replaced (r → ɾ, g → ɡ, β → b, x and ħ → h, ʧ → t͡ʃ,
    t͡sʼ → sʼ), stress, syllable dots and aspiration are dropped, modifiers are put into our order
    (ʼ ʷ ː), doubled letters and long closures become ``ː``, and ``Cw`` before a vowel after k kʼ
    ɡ h becomes ``Cʷ``. What is unknown is kept, so that the quality check sees it.

    Returns
    -------
    tuple of str
        Phones; ``ː`` is a separate item after the consonant it lengthens.
    """
    text = unicodedata.normalize("NFD", raw).replace("a\u0308", "ə")
    text = "".join(c for c in text if not unicodedata.combining(c) or c == TIE)
    text = text.translate(_SYMBOLS)
    known, vowel_set = inventory(), vowels()
    phones: list[str] = []
    long: list[bool] = []
    for match in _BASES.finditer(text):
        if match["other"] is not None:
            if not match["other"].isspace():
                phones.append(match["other"])
                long.append(False)
            continue
        base, marks = match["base"], match["marks"]
        if len(base) > 1:
            marks += base[:-1]
            last, closure = base[-1], base[0]
            doubled = base.count(closure) > 1
            base = "s" if last == "s" else f"{closure}{TIE}{last}"
            marks += LENGTH if doubled else ""
        modifiers = EJECTIVE * (EJECTIVE in marks) + LABIALISED * (LABIALISED in marks)
        phone = base + modifiers
        if phone not in known and base in known and not modifiers:
            phone = base
        if phones and _continues(phones[-1], phone) and phone not in vowel_set:
            phones[-1], long[-1] = phone, True
            continue
        if phone == "w" and phones and not long[-1] and phones[-1] in ("k", "ɡ", "kʼ", "h"):
            following = text[match.end() : match.end() + 1]
            if following in vowel_set:
                phones[-1] += LABIALISED
                continue
        phones.append(phone)
        long.append(LENGTH in marks)
    items: list[str] = []
    for phone, is_long in zip(phones, long, strict=True):
        items.append(phone)
        if is_long and phone not in vowel_set:
            items.append(LENGTH)
    return tuple(items)


def _continues(previous: str, phone: str) -> bool:
    return previous == phone or previous + EJECTIVE == phone
