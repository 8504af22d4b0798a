"""Sums of money: ብር 1,500.50, 50 ብር, $50, ETB 500, $1.5 ሚሊዮን, 2.50€, $5-10."""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

from coqui_amharic_ext.io.tables import rows
from coqui_amharic_ext.text.affixes import DETACHABLE
from coqui_amharic_ext.text.cardinals import number_words
from coqui_amharic_ext.text.numerals import parse, say, scale_after
from coqui_amharic_ext.text.policy import TextPolicy
from coqui_amharic_ext.text.ranges import prefix_before
from coqui_amharic_ext.text.scanner import GEEZ, LATIN, MARK, NUMBER, WORD, Line, Numeral, Reading
from coqui_amharic_ext.text.units import per


class Currency(NamedTuple):
    """How a currency and its hundredth are said."""

    name: str
    cent: str


#: The one currency that Amharic also writes before its sum as a word.
_BIRR: Final = "ብር"


@cache
def currencies() -> dict[str, Currency]:
    """Symbols, codes and names of currencies as written."""
    table = rows("text/data/currencies.tsv", "written", "spoken", "cent")
    return {written: Currency(spoken, cent) for written, spoken, cent in table}


def say_money(number: Numeral, scales: str, unit: Currency, policy: TextPolicy) -> str:
    """Say a sum. Two decimals are cents, unless a scale word follows."""
    if scales or not number.fraction or len(number.fraction) > 2 or not unit.cent:
        scaled = f" {scales}" if scales else ""
        return f"{say(number, policy)}{scaled} {unit.name}"
    cents = int(number.fraction.ljust(2, "0"))
    whole = number_words(number.whole, policy)
    if not cents:
        return f"{whole} {unit.name}"
    said = f"{number_words(str(cents), policy)} {unit.cent}"
    if not int(number.whole or "0"):
        return said
    return f"{whole} {unit.name} ከ{said}"


def _sum(line: Line, i: int) -> tuple[int, Numeral, str] | None:
    """Read a number with its scale words: (end, number, scales)."""
    number = parse(line, i)
    if number is None:
        return None
    end, scales = number.end, ""
    for _ in range(3):
        scale = scale_after(line, end)
        if scale is None:
            break
        end, word = scale
        scales = f"{scales} {word}" if scales else word
    return end, number, scales


def _unit_at(line: Line, i: int) -> tuple[int, Currency] | None:
    """Find a currency at token ``i``: (end, currency)."""
    here = line.tokens[i]
    table = currencies()
    if here in ("US", "USD", "C", "A") and line.tokens[i + 1] == "$":
        return i + 2, table["$"]
    unit = table.get(here)
    if unit is None or not here:
        return None
    if (
        line.tokens[i + 1] == "."
        and line.kinds[i] == LATIN
        and line.tokens[i + 2] == " "
        and here != "birr"
    ):
        # "Br. 500", but not the full stop of a sentence.
        return (i + 2, unit) if line.kinds[i + 3] in (NUMBER, GEEZ) else (i + 1, unit)
    return i + 1, unit


def read_before(line: Line, i: int) -> Reading | None:
    """Read a currency and then the number: $50, ብር 1,500.50, ETB 500."""
    found = _unit_at(line, i)
    prefix = ""
    if found is None and line.kinds[i] == WORD and line.tokens[i][:1] in DETACHABLE:
        # በብር 500: the preposition moves to the number.
        prefix, name = line.tokens[i][0], line.tokens[i][1:]
        found = (i + 1, currencies()[name]) if name == _BIRR else None
    if found is None:
        return None
    j, unit = found
    if line.tokens[j] == ":":
        j += 1
    j = line.skip_space(j)
    if line.kinds[j] not in (NUMBER, GEEZ):
        return None
    amount = _sum(line, j)
    if amount is None:
        return None
    end, number, scales = amount
    if line.kinds[i] == WORD:
        # ብር after a number belongs to that number; ብር 5ኛ is not a sum.
        k = line.skip_space(end)
        if line.tokens[end][:1] == "ኛ" or line.tokens[k] in currencies() or line.tokens[end] == "%":
            return None
    # $5-10: one currency for both ends.
    after = line.skip_space(end)
    if line.tokens[after] in ("-", "–"):
        other = _sum(line, line.skip_space(after + 1))
        if other is not None and line.kinds[line.skip_space(after + 1)] == NUMBER:
            stop, upper, upper_scales = other
            low = say(number, line.policy) + (f" {scales}" if scales else "")
            high = say_money(upper, upper_scales, unit, line.policy)
            lead = (
                "ከ"
                if not prefix and line.policy.ranges == "from_to" and not prefix_before(line, i)
                else ""
            )
            return Reading(stop, f"{prefix or lead}{low} እስከ {high}", "range")
    if line.kinds[i] != WORD and line.tokens[line.skip_space(end)] == unit.name:
        end = line.skip_space(end) + 1
    return Reading(end, prefix + say_money(number, scales, unit, line.policy), "currency")


def read_after(line: Line, i: int) -> Reading | None:
    """Read a number and then the currency: 50 ብር, 50$, 20 EUR, 1,500.50 ብር."""
    amount = _sum(line, i)
    if amount is None:
        return None
    end, number, scales = amount
    j = line.skip_space(end)
    found = _unit_at(line, j)
    if found is None:
        return None
    stop, unit = found
    kind = line.kinds[j]
    if kind == MARK and j != end and line.kinds[stop] in (NUMBER, GEEZ):
        # "5 $10": the sign belongs to what follows.
        return None
    if kind == WORD and line.tokens[j] != unit.name:
        unit = Currency(line.tokens[j], unit.cent)
    stop, spoken = per(line, stop, say_money(number, scales, unit, line.policy))
    return Reading(stop, spoken, "currency")
