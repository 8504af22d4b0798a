"""Measures after a number: 10 km, 37.5°C, 50 ሜ², 25%, dimensions (4x4), multiples (5x)."""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

from coqui_amharic_ext.io.tables import rows
from coqui_amharic_ext.text.abbreviations import unit_expansion
from coqui_amharic_ext.text.affixes import attach_suffix, fits_word
from coqui_amharic_ext.text.numerals import amount, parse, say
from coqui_amharic_ext.text.scanner import GEEZ, LATIN, NUMBER, WORD, Line, Reading

PERCENT: Final = "በመቶ"
PER_MILLE: Final = "በሺህ"
DEGREE: Final = "ዲግሪ"
BELOW_ZERO: Final = "ከዜሮ በታች"
_SQUARE: Final = "ካሬ"
_CUBE: Final = "ኪዩብ"
CELSIUS: Final = {"celsius": "ዲግሪ ሴልሺየስ", "centigrade": "ዲግሪ ሴንቲ ግሬድ"}
_DEGREES: Final = {
    "C": CELSIUS["celsius"],
    "c": CELSIUS["celsius"],
    "F": "ዲግሪ ፋራንሃይት",
    "K": "ዲግሪ ኬልቪን",
    "N": "ዲግሪ ሰሜን",
    "S": "ዲግሪ ደቡብ",
    "E": "ዲግሪ ምሥራቅ",
    "W": "ዲግሪ ምዕራብ",
    "ሴ": CELSIUS["celsius"],
}
_TEMPERATURES: Final = frozenset((*CELSIUS.values(), _DEGREES["F"], _DEGREES["K"]))
#: Whole words that a slash may relate a measure to: 50 ብር/ቀን.
_PER_WORDS: Final = frozenset(
    (
        "ሰዓት",
        "ሰአት",
        "ሰከንድ",
        "ደቂቃ",
        "ቀን",
        "ሳምንት",
        "ወር",
        "ዓመት",
        "አመት",
        "ሰው",
        "ሄክታር",
        "ሊትር",
        "ኪሎ",
        "ኩንታል",
    )
)


class Unit(NamedTuple):
    """How a unit is said, and whether it has a square and a cube."""

    spoken: str
    length: bool


@cache
def _units() -> dict[str, Unit]:
    table = rows("text/data/units.tsv", "written", "spoken", "kind")
    return {written: Unit(spoken, kind == "length") for written, spoken, kind in table}


def unit_words() -> tuple[str, ...]:
    """Units as they are written."""
    return tuple(_units())


def _lookup(here: str) -> Unit | None:
    table = _units()
    unit = table.get(here)
    if unit is None and len(here) > 1 and here.isascii():
        unit = table.get(here.lower())
    return unit


def _power(line: Line, j: int, unit: Unit) -> tuple[int, str]:
    """Add a square or cube to the unit: (end, spoken)."""
    here = line.tokens[j]
    if not unit.length:
        return j, unit.spoken
    if here == "^" and line.tokens[j + 1] in ("2", "3"):
        j, here = j + 1, line.tokens[j + 1]
    if here in ("²", "2"):
        return j + 1, f"{_SQUARE} {unit.spoken}"
    if here in ("³", "3"):
        return j + 1, f"{unit.spoken} {_CUBE}"
    return j, unit.spoken


def unit_at(line: Line, j: int) -> tuple[int, str] | None:
    """Read a unit at token ``j``: (end, spoken)."""
    tokens, kinds = line.tokens, line.kinds
    here = tokens[j]
    if here == "°":
        scale = _DEGREES.get(tokens[line.skip_space(j + 1)])
        k = line.skip_space(j + 1)
        if scale == CELSIUS["celsius"]:
            scale = CELSIUS[line.policy.celsius]
        if scale is not None and kinds[k + 1] not in (NUMBER, LATIN):
            return k + 1, scale
        return j + 1, DEGREE
    if kinds[j] == WORD:
        dotted = unit_expansion(line, j)
        if dotted is not None:
            end, spoken = dotted
            return _power(line, end, Unit(spoken, "ሜትር" in spoken))
        unit = _units().get(here)
        if unit is None:
            return None
        end, spoken = _power(line, j + 1, unit)
        if len(here) == 1 and tokens[end] == "." and kinds[end + 1] != WORD:
            end += 1
        return end, spoken
    if kinds[j] != LATIN and here not in ("Ω", "μ"):
        return None
    if here == "μ" and kinds[j + 1] == LATIN:
        unit = _lookup("μ" + tokens[j + 1])
        return None if unit is None else _power(line, j + 2, unit)
    unit = _lookup(here)
    if unit is None:
        return None
    return _power(line, j + 1, unit)


def per(line: Line, end: int, spoken: str) -> tuple[int, str]:
    """Add what a slash relates a measure to: km/h, ብር/ኪ.ግ, ብር/ቀን."""
    if line.tokens[end] != "/":
        return end, spoken
    here = line.tokens[end + 1]
    if here in _PER_WORDS:
        return end + 2, f"{spoken} በ{here}"
    if here in ("h", "hr", "ሰ"):
        return end + 2, f"{spoken} በሰዓት"
    unit = unit_at(line, end + 1)
    if unit is None:
        return end, spoken
    return unit[0], f"{spoken} በ{unit[1]}"


def read_measure(line: Line, i: int) -> Reading | None:
    """Read a number and its unit."""
    number = amount(line, i)
    if number is None:
        return None
    end = number.end
    j = line.skip_space(end)
    here = line.tokens[j]
    if line.kinds[j] == LATIN and len(here) == 1 and j != end:
        # "9 A" is a class and "5 U.S. ..." a name: a single capital, or a dotted letter, must
        # touch its number.
        if here.isupper() or (line.tokens[j + 1] == "." and line.kinds[j + 2] == LATIN):
            return None
    unit = unit_at(line, j)
    if unit is None:
        return None
    stop, name = unit
    rule = "temperature" if name in _TEMPERATURES else "unit"
    stop, name = per(line, stop, name)
    return _ended(line, Reading(stop, f"{number.spoken} {name}", rule))


def _ended(line: Line, reading: Reading) -> Reading:
    word = line.tokens[reading.end]
    if line.kinds[reading.end] == WORD and fits_word(word):
        return reading._replace(end=reading.end + 1, spoken=attach_suffix(reading.spoken, word))
    return reading


def read_percent(line: Line, i: int) -> Reading | None:
    """25%, 3.5 %, %25, 25%ቱ, 5‰."""
    tokens = line.tokens
    if tokens[i] in ("%", "‰") and tokens[i]:
        j = line.skip_space(i + 1)
        number = parse(line, j)
        if number is None or (i > 0 and line.kinds[i - 1] in (NUMBER, GEEZ)):
            return None
        end, mark = number.end, tokens[i]
    else:
        number = parse(line, i)
        if number is None:
            return None
        j = line.skip_space(number.end)
        mark = tokens[j]
        if mark not in ("%", "‰") or not mark:
            return None
        end = j + 1
    word = PERCENT if mark == "%" else PER_MILLE
    if number.whole == "100" and not number.fraction and mark == "%":
        spoken = f"መቶ {PERCENT}"
    else:
        spoken = f"{say(number, line.policy)} {word}"
    after = tokens[end]
    if line.kinds[end] == WORD:
        # ቱ is the article that a number has; በመቶ ends in a vowel and takes ው.
        ending = "ው" + after[1:] if after[0] == "ቱ" else after
        if fits_word(ending):
            return Reading(end + 1, spoken + ending, "percent")
    return Reading(end, spoken, "percent")


def read_dimensions(line: Line, i: int) -> Reading | None:
    """4x4, 5×10×2 ሜ, 5x."""
    tokens, kinds = line.tokens, line.kinds
    first = parse(line, i)
    if first is None:
        return None
    j = line.skip_space(first.end)
    if tokens[j] not in ("x", "X", "×") or not tokens[j]:
        return None
    k = line.skip_space(j + 1)
    if kinds[k] != NUMBER:
        if tokens[j] == "×" or j != first.end or kinds[j + 1] in (LATIN, NUMBER):
            return None
        return Reading(j + 1, f"{say(first, line.policy)} እጥፍ", "multiple")
    if tokens[j] == "×" and ("=" in line.text or j != first.end):
        return None
    parts = [say(first, line.policy)]
    end = first.end
    while tokens[line.skip_space(end)] in ("x", "X", "×") and len(parts) < 4:
        k = line.skip_space(line.skip_space(end) + 1)
        following = parse(line, k)
        if following is None:
            break
        parts.append("በ" + say(following, line.policy))
        end = following.end
    spoken = " ".join(parts)
    unit = unit_at(line, line.skip_space(end))
    if unit is not None:
        return Reading(unit[0], f"{spoken} {unit[1]}", "dimensions")
    return Reading(end, spoken, "dimensions")


def read_bare_unit(line: Line, i: int) -> Reading | None:
    """Read a degree sign with no number."""
    if line.tokens[i] == "°":
        unit = unit_at(line, i)
        return None if unit is None else Reading(unit[0], unit[1], "unit")
    return None
