"""Dates in figures, the month said by name: 12/05/2015, 2015-09-12, መስከረም 1/2015.

The era decides the calendar: ዓ.ም and እ.ኢ.አ are Ethiopian, እ.ኤ.አ and እ.አ.አ (and G.C.) Gregorian.
With no era, whatever the order and the separators, the policy ``calendar`` decides: by default a
year later than the Ethiopian year of today is Gregorian, and any other Ethiopian.
Dates written with a month's name need no rule: the numbers in them are read as
numbers.
"""

from __future__ import annotations

import re
from typing import Final

from coqui_amharic_ext.text import calendars
from coqui_amharic_ext.text.cardinals import number_words
from coqui_amharic_ext.text.homophones import fold_homophones
from coqui_amharic_ext.text.scanner import LATIN, NUMBER, Line, Reading

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


def _by_policy(line: Line, year: str) -> str:
    """Return the calendar of a date with no era."""
    if line.policy.calendar != "auto":
        return line.policy.calendar
    return calendars.GREGORIAN if int(year) > calendars.ethiopian_year() else calendars.ETHIOPIAN


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
    elif len(first) <= 2 and (len(third) == 4 or (len(third) == 2 and mark == "/")):
        day, month, year = int(first), int(second), third
        if line.policy.date_order == "mdy":
            day, month = month, day
    else:
        return None
    calendar = named or _by_policy(line, year)
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


def _year_after(line: Line, j: int) -> tuple[int, str]:
    """Find a year of four digits from token ``j`` on, a comma before it allowed: (end, spoken)."""
    k = line.skip_space(j + 1 if line.tokens[j] == "," else j)
    if k > j and line.kinds[k] == NUMBER and len(line.tokens[k]) == 4:
        return k + 1, " " + number_words(line.tokens[k], line.policy)
    return j, ""


def _day(line: Line, i: int) -> tuple[int, str] | None:
    """Read a day of the month in English style (5, 5th) at token ``i``: (end, spoken)."""
    here = line.tokens[i]
    if line.kinds[i] != NUMBER or len(here) > 2 or not 1 <= int(here) <= 31:
        return None
    end = i + 2 if line.tokens[i + 1] in ("st", "nd", "rd", "th") else i + 1
    return end, number_words(str(int(here)), line.policy)


def read_english_date(line: Line, i: int) -> Reading | None:
    """September 12, 2015 and 12 September 2015: the month first, as Amharic says it."""
    months = calendars.english_months()
    if line.kinds[i] == LATIN:
        month = months.get(line.tokens[i])
        if month is None:
            return None
        j = i + 2 if line.tokens[i + 1] == "." else i + 1
        day = _day(line, line.skip_space(j))
        if day is None or line.tokens[j] != " ":
            # May 2015, and months with nothing after them.
            end, year = _year_after(line, j)
            if not year and line.policy.latin != "auto":
                return None
            return Reading(end, month + year, "date")
        end, said = day
    else:
        day = _day(line, i)
        if day is None:
            return None
        end = line.skip_space(day[0])
        month = months.get(line.tokens[end])
        if month is None:
            return None
        end, said = end + 1, day[1]
    end, year = _year_after(line, end)
    return Reading(end, f"{month} {said} ቀን{year}" if year else f"{month} {said}", "date")
