"""Whole numbers in words: cardinals, ordinals, digit strings.

Numbers are built from thousands up (1999 is one thousand nine hundred ninety-nine, never nineteen
hundred), which is also how years are read. Reference: W. Leslau, Reference Grammar of Amharic
(1995), on cardinals and ordinals.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from coqui_amharic_ext.text import fidel
from coqui_amharic_ext.text.policy import DEFAULT_POLICY, TextPolicy

ZERO: Final = "ዜሮ"
ONES: Final = ("", "አንድ", "ሁለት", "ሦስት", "አራት", "አምስት", "ስድስት", "ሰባት", "ስምንት", "ዘጠኝ")
TENS: Final = ("", "አሥር", "ሃያ", "ሠላሳ", "አርባ", "ሃምሳ", "ስልሳ", "ሰባ", "ሰማንያ", "ዘጠና")
#: Ten before a unit: 11 is አሥራ አንድ.
TEN_AND: Final = "አሥራ"
HUNDRED: Final = "መቶ"
SCALES: Final = (
    (10**15, "ኳድሪሊዮን"),
    (10**12, "ትሪሊዮን"),
    (10**9, "ቢሊዮን"),
    (10**6, "ሚሊዮን"),
    (10**3, "ሺህ"),
)
#: Numbers with more digits are read digit by digit.
MAX_DIGITS: Final = 16
LIMIT: Final = 10**MAX_DIGITS
NEGATIVE: Final = {"negative": "ኔጌቲቭ", "minus": "ማይነስ", "below": "ከዜሮ በታች"}
DIGIT_WORDS: Final = (ZERO, *ONES[1:])
_DIGIT_TABLE: Final = {str(d): word + " " for d, word in enumerate(DIGIT_WORDS)}
_DIGIT_TRANS: Final = str.maketrans(_DIGIT_TABLE)


Style = tuple[str, str, str]


def _style(policy: TextPolicy) -> Style:
    # A small tuple hashes faster than the whole policy does.
    return (policy.hundred, policy.thousand, policy.sixty)


@lru_cache(maxsize=4096)
def _below_thousand(number: int, style: Style) -> str:
    words: list[str] = []
    hundreds, rest = divmod(number, 100)
    if hundreds:
        if hundreds > 1 or style[0] == "one":
            words.append(ONES[hundreds])
        words.append(HUNDRED)
    tens, ones = divmod(rest, 10)
    if tens == 6 and style[2] == "sidsa":
        words.append("ስድሳ")
    elif tens == 1 and ones:
        words.append(TEN_AND)
    elif tens:
        words.append(TENS[tens])
    if ones:
        words.append(ONES[ones])
    return " ".join(words)


@lru_cache(maxsize=16384)
def _cardinal(number: int, style: Style) -> str:
    if number == 0:
        return ZERO
    parts: list[str] = []
    for value, name in SCALES:
        count, number = divmod(number, value)
        if count:
            parts.append(_below_thousand(count, style))
            parts.append("ሺ" if value == 1000 and style[1] == "si" else name)
    if number:
        parts.append(_below_thousand(number, style))
    return " ".join(parts)


def cardinal(number: int, policy: TextPolicy | None = None) -> str:
    """Say a whole number.

    Parameters
    ----------
    number : int
        Above -10^16 and below 10^16.
    policy : TextPolicy, optional
        ``hundred``, ``thousand``, ``sixty`` and ``negative`` matter here.

    Raises
    ------
    TypeError
        If ``number`` is not an int.
    ValueError
        If it is out of range.

    Examples
    --------
    >>> cardinal(1999)
    'አንድ ሺህ ዘጠኝ መቶ ዘጠና ዘጠኝ'
    """
    if not isinstance(number, int) or isinstance(number, bool):
        raise TypeError(f"cardinal() takes an int, got {type(number).__name__}")
    if not -LIMIT < number < LIMIT:
        raise ValueError(f"cardinal() reads numbers of up to {MAX_DIGITS} digits, got more")
    policy = policy or DEFAULT_POLICY
    if number < 0:
        return f"{NEGATIVE[policy.negative]} {_cardinal(-number, _style(policy))}"
    return _cardinal(number, _style(policy))


def ordinal(number: int, policy: TextPolicy | None = None) -> str:
    """Say an ordinal: 1 አንደኛ, 9 ዘጠነኛ, 20 ሃያኛ, 21 ሃያ አንደኛ, 100 መቶኛ.

    Raises
    ------
    TypeError
        If ``number`` is not an int.
    ValueError
        If it is negative or out of range.
    """
    if not isinstance(number, int) or isinstance(number, bool):
        raise TypeError(f"ordinal() takes an int, got {type(number).__name__}")
    if number < 0:
        raise ValueError(f"ordinal() takes 0 or more, got {number}")
    # A round hundred or thousand is named without its "one" when it orders: መቶኛ ዓመት.
    if number in (100, 1000):
        return HUNDRED + "ኛ" if number == 100 else "ሺህኛ"
    return to_ordinal(cardinal(number, policy))


def to_ordinal(phrase: str) -> str:
    """Make the last word of a number phrase ordinal: አምስት -> አምስተኛ, ሃያ -> ሃያኛ, ዘጠኝ -> ዘጠነኛ."""
    if phrase.endswith("ዘጠኝ"):
        # ñ before -əñña is written and said n.
        return phrase[:-1] + "ነኛ"
    last = phrase[-1]
    if phrase.endswith("ሺህ") or not fidel.in_grid(last) or fidel.order(last) != fidel.SADIS:
        return phrase + "ኛ"
    return phrase[:-1] + fidel.with_order(last, 0) + "ኛ"


def digits(text: str) -> str:
    """Say ASCII digits one by one: ``"09"`` is ዜሮ ዘጠኝ."""
    return text.translate(_DIGIT_TRANS).rstrip(" ")


def number_words(text: str, policy: TextPolicy) -> str:
    """Say ASCII digits: as a number, or one by one after a leading zero or beyond 16 of them."""
    if len(text) > MAX_DIGITS or (text[0] == "0" and len(text) > 1):
        return digits(text)
    return _cardinal(int(text), _style(policy))
