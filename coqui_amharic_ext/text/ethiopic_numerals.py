"""Ge'ez numerals (፩-፼) to integers and back.

The system is additive within a hundred and multiplicative at ፻ (100) and ፼ (10 000): pairs of
digits are separated, from the right, by ፻ and ፼ in turn, so ፼ closes a group of four digits and a
chain of ፼ raises the power. A one before ፻ or ፼ is left out (፻ = 100, ፼ = 10 000). References: The
Unicode Standard, chapter on Ethiopic; D. Yacob, "Ethiopic numerals"; CSS Counter Styles Level 3,
section 7.2 (ethiopic-numeric).
"""

from __future__ import annotations

from typing import Final

UNITS: Final = "፩፪፫፬፭፮፯፰፱"
TENS: Final = "፲፳፴፵፶፷፸፹፺"
HUNDRED: Final = "፻"
MYRIAD: Final = "፼"

_VALUE: Final = {
    **{c: n for n, c in enumerate(UNITS, 1)},
    **{c: 10 * n for n, c in enumerate(TENS, 1)},
}


def _pair(value: int, *, omit_one: bool) -> str:
    if value == 1 and omit_one:
        return ""
    tens, units = divmod(value, 10)
    return (TENS[tens - 1] if tens else "") + (UNITS[units - 1] if units else "")


def int_to_ethiopic(number: int) -> str:
    """Write a positive integer in Ge'ez numerals.

    Parameters
    ----------
    number : int
        1 or more; there is no Ge'ez zero.

    Raises
    ------
    TypeError
        If ``number`` is not an int.
    ValueError
        If ``number`` is below 1.

    Examples
    --------
    >>> int_to_ethiopic(1887)
    '፲፰፻፹፯'
    """
    if not isinstance(number, int) or isinstance(number, bool):
        raise TypeError(f"int_to_ethiopic() takes an int, got {type(number).__name__}")
    if number < 1:
        raise ValueError(f"Ge'ez numerals start at 1, got {number}")
    groups: list[int] = []
    while number:
        number, group = divmod(number, 10_000)
        groups.append(group)
    out: list[str] = []
    for index in range(len(groups) - 1, -1, -1):
        hundreds, ones = divmod(groups[index], 100)
        if hundreds:
            out.append(_pair(hundreds, omit_one=True) + HUNDRED)
        # ፼፼ must stay apart from ፩፼፼..: the one is left out only where it starts the numeral.
        first = index == len(groups) - 1
        if ones:
            out.append(_pair(ones, omit_one=index > 0 and first and not hundreds))
        if index:
            out.append(MYRIAD)
    return "".join(out)


def ethiopic_to_int(numeral: str) -> int:
    """Read Ge'ez numerals.

    Parameters
    ----------
    numeral : str
        Characters ፩-፼ only, in a well-formed order: tens before units, at most one of each before
        ፻ or ፼.

    Raises
    ------
    TypeError
        If ``numeral`` is not a string.
    ValueError
        If it is empty, has other characters, or is not well formed (``"፩፪"``).

    Examples
    --------
    >>> ethiopic_to_int("፲፰፻፹፯")
    1887
    """
    if not isinstance(numeral, str):
        raise TypeError(f"ethiopic_to_int() takes a str, got {type(numeral).__name__}")
    value = parse(numeral)
    if value is None:
        raise ValueError(f"not a well-formed Ge'ez numeral: {numeral[:40]!r}")
    return value


def parse(numeral: str) -> int | None:
    """Read Ge'ez numerals; ``None`` when they are not well formed."""
    # Groups of four digits are closed by ፼; only the last one is left open.
    groups: list[int] = []
    hundreds: int | None = None
    pair = 0
    tens_seen = units_seen = False
    for char in numeral:
        value = _VALUE.get(char)
        if value is not None:
            if units_seen or (value >= 10 and tens_seen):
                return None
            pair += value
            tens_seen, units_seen = tens_seen or value >= 10, value < 10
        elif char == HUNDRED:
            if hundreds is not None:
                return None
            hundreds = 100 * (pair or 1)
            pair, tens_seen, units_seen = 0, False, False
        elif char == MYRIAD:
            group = (hundreds or 0) + pair
            groups.append(group or (0 if groups else 1))
            hundreds, pair, tens_seen, units_seen = None, 0, False, False
        else:
            return None
    if not numeral:
        return None
    groups.append((hundreds or 0) + pair)
    total = 0
    for group in groups:
        total = total * 10_000 + group
    return total
