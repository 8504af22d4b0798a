"""Dates in figures, the month said by name: 12/05/2015, 2015-09-12, መስከረም 1/2015.

The era decides the calendar: ዓ.ም and እ.ኢ.አ are Ethiopian, እ.ኤ.አ and እ.አ.አ (and G.C.) Gregorian;
ISO dates (year first) are Gregorian unless ዓ.ም follows; otherwise the policy ``calendar`` decides.
Dates written with a month's name need no rule of their own: the numbers in them are read as
numbers.
"""

from __future__ import annotations

import re
from typing import Final

from coqui_amharic_ext.text import calendars
from coqui_amharic_ext.text.cardinals import number_words
from coqui_amharic_ext.text.homophones import fold_homophones
from coqui_amharic_ext.text.scanner import NUMBER, Line, Reading

_WINDOW: Final = 24
_GREGORIAN_ERA: Final = re.compile(r"እ[./] ?[ኤአ][./] ?አ|አውሮፓ|ኤውሮፓ|ፈረንጆ|ጎርጎር|G\.? ?C|A\.? ?D")
_ETHIOPIAN_ERA: Final = re.compile(r"አ[./] ?ም|አመተ ም|እ[./] ?ኢ[./] ?አ|E\.? ?C")
_SEPARATORS: Final = frozenset("/-.")


def _calendar(line: Line, i: int, end: int) -> str | None:
    """Calendar named near the date: after it first, then before."""
    after = fold_homophones(line.text[line.start(end) : line.start(end) + _WINDOW])
    before = fold_homophones(line.text[max(0, line.start(i) - _WINDOW) : line.start(i)])
    for text in (after, before):
        if _ETHIOPIAN_ERA.search(text):
            return calendars.ETHIOPIAN
        if _GREGORIAN_ERA.search(text):
            return calendars.GREGORIAN
    return None


def read_date(line: Line, i: int) -> Reading | None:
    """Three figures with the same separator that can be a day, a month and a year."""
    tokens, kinds = line.tokens, line.kinds
    mark = tokens[i + 1]
    if not mark or mark not in _SEPARATORS or tokens[i + 3] != mark:
        return None
    if kinds[i + 2] != NUMBER or i + 4 >= line.size or kinds[i + 4] != NUMBER:
        return None
    first, second, third = tokens[i], tokens[i + 2], tokens[i + 4]
    if len(second) > 2 or tokens[i + 5] == mark:
        return None
    named = _calendar(line, i, i + 5)
    if len(first) == 4 and len(third) <= 2:
        year, month, day = first, int(second), int(third)
        calendar = named or calendars.GREGORIAN
    elif len(first) <= 2 and (len(third) == 4 or (len(third) == 2 and mark == "/")):
        day, month, year = int(first), int(second), third
        if line.policy.date_order == "mdy":
            day, month = month, day
        calendar = named or line.policy.calendar
    else:
        return None
    if not calendars.valid(calendar, day, month):
        # 31/12, or 12/31 with the month first: only one reading is a date.
        other = calendars.GREGORIAN if calendar == calendars.ETHIOPIAN else calendars.ETHIOPIAN
        if not named and calendars.valid(other, day, month):
            calendar = other
        elif calendars.valid(calendars.GREGORIAN, month, day):
            day, month, calendar = month, day, calendars.GREGORIAN
        else:
            return None
    if line.policy.date_month == "number":
        spoken = " ".join(
            number_words(str(int(part)), line.policy) for part in (first, second, third)
        )
    else:
        name = calendars.month_names(calendar)[month - 1]
        said_day, said_year = (number_words(str(int(n)), line.policy) for n in (day, year))
        spoken = f"{name} {said_day} ቀን {said_year}"
    return Reading(i + 5, spoken, "date")


def read_day_and_year(line: Line, i: int) -> Reading | None:
    """መስከረም 1/2015: a day and a year after a month's name."""
    tokens = line.tokens
    if tokens[i + 1] not in ("/", "-") or line.kinds[i + 2] != NUMBER:
        return None
    if len(tokens[i + 2]) != 4 or len(tokens[i]) > 2 or not 1 <= int(tokens[i]) <= 31:
        return None
    if tokens[i + 3] in ("/", "-") and line.kinds[i + 4] == NUMBER:
        return None
    before = line.before(i)
    if not before or not calendars.is_month(before):
        return None
    day = number_words(str(int(tokens[i])), line.policy)
    return Reading(i + 3, f"{day} ቀን {number_words(tokens[i + 2], line.policy)}", "date")
