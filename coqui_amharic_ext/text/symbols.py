"""Signs that are said (arithmetic, &, §, Greek letters) and those that are silent."""

from __future__ import annotations

from functools import cache
from typing import Final

from coqui_amharic_ext.io.tables import mapping
from coqui_amharic_ext.text.calendars import is_month
from coqui_amharic_ext.text.homophones import fold_homophones
from coqui_amharic_ext.text.numerals import amount
from coqui_amharic_ext.text.scanner import GEEZ, LATIN, MARK, NUMBER, SPACE, WORD, Line, Reading

_NUMBERS: Final = frozenset((NUMBER, GEEZ))
#: Between numbers only; elsewhere these are marks without sound.
_ARITHMETIC: Final = {"=": "እኩል ይሆናል", "*": "ሲባዛ በ", "<": "ያንሳል ከ", ">": "ይበልጣል ከ"}
_SILENT: Final = frozenset("=*<>^~_#@²³'/−")
#: Punctuation that no rule reads.
UNSPOKEN: Final = frozenset("።፣፤፥፦፧፨?!,;:…«»)–")
_BETWEEN_NUMBERS: Final = frozenset("+×÷±≈≠≤≥<>=*−")


@cache
def _spoken() -> dict[str, str]:
    return mapping("text/data/symbols.tsv", "symbol", "spoken")


def _number_side(line: Line, i: int, step: int, letters: bool = False) -> bool:
    """Whether a number (with ``letters`` also an unknown) stands on that side."""
    j = i + step
    if 0 <= j and line.tokens[j] == " ":
        j += step
    if j < 0:
        return False
    if step < 0 and line.tokens[j] == "%":
        return True
    return line.kinds[j] in _NUMBERS or (
        letters and line.kinds[j] == LATIN and len(line.tokens[j]) == 1
    )


def read_symbol(line: Line, i: int) -> Reading | None:
    """Read a sign of the table, or one that is silent."""
    here = line.tokens[i]
    if here in _BETWEEN_NUMBERS:
        after = _number_side(line, i, 1)
        before = i > 0 and _number_side(line, i, -1, letters=here == "=")
        if after and (before or here in "≈≤≥±"):
            return Reading(i + 1, _spoken().get(here) or _ARITHMETIC[here], "symbol")
        if here == "+":
            return Reading(i + 1, "ፕላስ", "symbol") if after or _word_side(line, i) else _silence(i)
        if here in _BOUNDS and after:
            return _bound(line, i)
        if here in _SILENT:
            return _silence(i)
    if here == "#" and _number_side(line, i, 1):
        return Reading(i + 1, "ቁጥር", "symbol")
    if here == "~" and _number_side(line, i, 1):
        return Reading(i + 1, "በግምት", "symbol")
    if here in _SILENT:
        return _silence(i)
    spoken = _spoken().get(here)
    return None if spoken is None else Reading(i + 1, spoken, "symbol")


def _word_side(line: Line, i: int) -> bool:
    return i > 0 and line.kinds[i - 1] in (LATIN, NUMBER)


#: With no number before them: less than ten is under ten.
_BOUNDS: Final = {"<": "በታች", ">": "በላይ"}


def _bound(line: Line, i: int) -> Reading | None:
    number = amount(line, line.skip_space(i + 1))
    if number is None:
        return _silence(i)
    return Reading(number.end, f"ከ{number.spoken} {_BOUNDS[line.tokens[i]]}", "symbol")


def _silence(i: int) -> Reading:
    return Reading(i + 1, "", "symbol")


_DAYS: Final = frozenset(
    fold_homophones(day)
    for day in ("ሰኞ", "ማክሰኞ", "ረቡዕ", "ሮብ", "ሐሙስ", "ዓርብ", "ቅዳሜ", "እሑድ", "እሁድ", "ሰንበት")
)


def _from_day_or_month(line: Line, i: int) -> bool:
    """Return whether a day or month after ከ stands before a hyphen, and another after it."""
    before, after = (fold_homophones(line.tokens[j]) for j in (i - 1, i + 1))
    if before[:1] != "ከ" or line.kinds[i + 1] != WORD:
        return False
    return all(word in _DAYS or is_month(word) for word in (before[1:], after))


def read_hyphen(line: Line, i: int) -> Reading | None:
    """Read a hyphen: between words it is silent, standing free it is a dash."""
    if line.tokens[i] != "-":
        return None
    if i > 0 and line.kinds[i - 1] == WORD and _from_day_or_month(line, i):
        return Reading(i + 1, " እስከ ", "hyphen")
    joined = (
        i > 0 and line.kinds[i - 1] not in (SPACE, MARK) and line.kinds[i + 1] not in (SPACE, MARK)
    )
    touches = line.kinds[i + 1] in (WORD, LATIN, NUMBER, GEEZ)
    return Reading(i + 1, "" if joined or touches else "–", "hyphen")
