"""Month names of the Ethiopian and the Gregorian calendar, as written and as said."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Final

from coqui_amharic_ext.io.tables import rows
from coqui_amharic_ext.text.homophones import fold_homophones

ETHIOPIAN: Final = "ethiopian"
GREGORIAN: Final = "gregorian"


@cache
def month_names(calendar: str) -> tuple[str, ...]:
    """Names of the months in order, the first spelling of each."""
    names: dict[int, str] = {}
    for spoken, of, month in rows("text/data/months.tsv", "spoken", "calendar", "month"):
        if of == calendar:
            names.setdefault(int(month), spoken)
    return tuple(names[number] for number in sorted(names))


@cache
def _known() -> frozenset[str]:
    return frozenset(fold_homophones(month) for (month,) in rows("text/data/months.tsv", "written"))


@cache
def english_months() -> dict[str, str]:
    """English names of the months to how they are said."""
    table = rows("text/data/months.tsv", "written", "spoken")
    return {written: spoken for written, spoken in table if written.isascii()}


def is_month(word: str) -> bool:
    """Whether an Ethiopic word, a one-letter prefix allowed, names a month."""
    folded = fold_homophones(word)
    return folded in _known() or (folded[:1] in "በለከየ" and folded[1:] in _known())


def ethiopian_year() -> int:
    """Return the year of today in the Ethiopian calendar, which begins on 11 or 12 September."""
    today = date.today()
    began = 12 if (today.year + 1) % 4 == 0 else 11
    return today.year - (7 if (today.month, today.day) >= (9, began) else 8)


def valid(calendar: str, day: int, month: int) -> bool:
    """Whether a day and month can exist; the Ethiopian 13th month has 5 or 6 days."""
    if calendar == ETHIOPIAN:
        return 1 <= month <= 13 and 1 <= day <= (6 if month == 13 else 30)
    return (
        1 <= month <= 12 and 1 <= day <= (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]
    )
