"""The rules in the order in which they are tried, by the kind of token that they start at.

The first rule that reads something wins, so the narrow ones come first. A new rule is a function ``(line, i) ->
Reading | None`` in the module of its subject, and a row here; a rule looks ahead as far as it needs but never depends on
what was already said.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from coqui_amharic_ext.text import (
    abbreviations,
    clock,
    currency,
    dates,
    latin,
    numerals,
    slashes,
    symbols,
    telephone,
    units,
    web,
)
from coqui_amharic_ext.text.scanner import GEEZ, LATIN, MARK, NUMBER, WORD, ReadAt


class Rule(NamedTuple):
    """A named rule and the kinds of token that it can start at."""

    name: str
    read: ReadAt
    kinds: tuple[int, ...]


RULES: Final = (
    Rule("address", web.read_address, (LATIN, NUMBER)),
    Rule("tag", web.read_tag, (MARK,)),
    Rule("telephone", telephone.read_phone, (NUMBER, MARK)),
    Rule("date", dates.read_date, (NUMBER,)),
    Rule("day and year", dates.read_day_and_year, (NUMBER,)),
    Rule("digit groups", telephone.read_digit_groups, (NUMBER,)),
    Rule("verse", clock.read_verse, (NUMBER, GEEZ)),
    Rule("time", clock.read_time, (NUMBER,)),
    Rule("hour", clock.read_hour_with_half, (NUMBER,)),
    Rule("ratio", clock.read_ratio, (NUMBER,)),
    Rule("rank", slashes.read_rank, (NUMBER, GEEZ)),
    Rule("price", slashes.read_price_mark, (NUMBER,)),
    Rule("vulgar fraction", slashes.read_vulgar, (NUMBER, MARK)),
    Rule("fraction", slashes.read_fraction, (NUMBER,)),
    Rule("slash", slashes.read_pair, (NUMBER,)),
    Rule("dimensions", units.read_dimensions, (NUMBER,)),
    Rule("percent", units.read_percent, (NUMBER, GEEZ, MARK)),
    Rule("currency before", currency.read_before, (WORD, LATIN, MARK)),
    Rule("currency after", currency.read_after, (NUMBER, GEEZ)),
    Rule("measure", units.read_measure, (NUMBER, GEEZ)),
    Rule("ordinal", numerals.read_ordinal, (NUMBER, GEEZ)),
    Rule("number", numerals.read_number, (NUMBER, GEEZ)),
    Rule("leading point", numerals.read_leading_point, (MARK,)),
    Rule("abbreviation before a number", abbreviations.read_before_number, (WORD,)),
    Rule("abbreviation", abbreviations.read_abbreviation, (WORD,)),
    Rule("Latin word", latin.read_latin, (LATIN,)),
    Rule("degree", units.read_bare_unit, (MARK,)),
    Rule("hyphen", symbols.read_hyphen, (MARK,)),
    Rule("symbol", symbols.read_symbol, (MARK,)),
)

#: Readers by kind of token, in order.
BY_KIND: Final[tuple[tuple[ReadAt, ...], ...]] = tuple(
    tuple(rule.read for rule in RULES if kind in rule.kinds) for kind in range(6)
)
