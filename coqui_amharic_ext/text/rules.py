"""The rules in the order in which they are tried, each with what it starts at.

The first rule that reads something wins, so the narrow ones come first. A new rule is a function
``(line, i) -> Reading | None`` in the module of its subject, and a row here; a rule looks ahead as
far as it needs but never depends on what was already said. The last three columns only spare calls
that could not succeed.
"""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

from coqui_amharic_ext.text import (
    abbreviations,
    calendars,
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
from coqui_amharic_ext.text.scanner import GEEZ, LATIN, MARK, NUMBER, SPACE, WORD, Line, ReadAt


class Rule(NamedTuple):
    """A named rule.

    Attributes
    ----------
    name : str
        As ``explain`` lists it.
    read : callable
        Reads at a token of the line, or returns ``None``.
    kinds : tuple of int
        Kinds of token that it can start at.
    marks : str
        If it starts at a mark: which ones. Empty for all.
    joins : str
        If it starts at a figure: the marks that join the figure to the next here.
    follows : tuple of int
        If it starts at a number: kinds of token that come after the whole number, a space between
        allowed.
    """

    name: str
    read: ReadAt
    kinds: tuple[int, ...]
    marks: str = ""
    joins: str = ""
    follows: tuple[int, ...] = ()


_FIGURE: Final = (NUMBER,)
_NUMERIC: Final = (NUMBER, GEEZ)
_ANY: Final = (WORD, NUMBER, GEEZ, LATIN, SPACE, MARK)

RULES: Final = (
    Rule("address", web.read_address, (LATIN,)),
    Rule("tag", web.read_tag, (MARK,), marks="#@"),
    Rule("telephone", telephone.read_phone, (MARK,), marks="+("),
    Rule("date", dates.read_date, _FIGURE, joins="/-."),
    Rule("list", numerals.read_chain, _FIGURE, joins="/-.:,"),
    Rule("day and year", dates.read_day_and_year, _FIGURE, joins="/-"),
    Rule("English date", dates.read_english_date, (NUMBER, LATIN), follows=(LATIN,)),
    Rule("digit groups", telephone.read_digit_groups, _FIGURE, joins="-"),
    Rule("verse", clock.read_verse, _NUMERIC, joins=":,"),
    Rule("time", clock.read_time, _FIGURE, joins=":."),
    Rule("ratio", clock.read_ratio, _FIGURE, joins=":"),
    Rule("rank", slashes.read_rank, _NUMERIC, joins="/ "),
    Rule("price", slashes.read_price_mark, _FIGURE, joins="/"),
    Rule("fraction", slashes.read_fraction, _FIGURE, joins="/ "),
    Rule("slash", slashes.read_pair, _FIGURE, joins="/"),
    Rule(
        "vulgar fraction",
        slashes.read_vulgar,
        (NUMBER, MARK),
        marks="½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞⅐⅑⅒",
        follows=(MARK,),
    ),
    Rule("hour", clock.read_hour_with_half, _FIGURE, follows=(LATIN,)),
    Rule("dimensions", units.read_dimensions, _FIGURE, follows=(LATIN, MARK)),
    Rule("percent", units.read_percent, (NUMBER, GEEZ, MARK), marks="%‰", follows=(MARK,)),
    Rule(
        "currency",
        currency.read_before,
        (WORD, LATIN, MARK),
        marks="$€£¥₹₿₽₺₦₩₪¢",
    ),
    Rule("currency", currency.read_after, _NUMERIC, follows=(WORD, LATIN, MARK)),
    Rule("measure", units.read_measure, _NUMERIC, follows=(WORD, LATIN, MARK)),
    Rule("book number", abbreviations.read_numbered_book, _FIGURE, follows=(WORD,)),
    Rule("ordinal", numerals.read_ordinal, _NUMERIC, follows=(WORD, LATIN, MARK)),
    Rule("number", numerals.read_number, _NUMERIC, follows=_ANY),
    Rule("leading point", numerals.read_leading_point, (MARK,), marks="."),
    Rule("abbreviation before a number", abbreviations.read_before_number, (WORD,)),
    Rule("abbreviation", abbreviations.read_abbreviation, (WORD,)),
    Rule("Roman numeral", latin.read_roman, (LATIN,)),
    Rule("Latin word", latin.read_latin, (LATIN,)),
    Rule("degree", units.read_bare_unit, (MARK,), marks="°"),
    Rule("hyphen", symbols.read_hyphen, (MARK,), marks="-"),
    Rule("symbol", symbols.read_symbol, (MARK,)),
)

Readers = tuple[ReadAt, ...]

_AT_WORD: Final[Readers] = tuple(rule.read for rule in RULES if WORD in rule.kinds)
#: Before a slash or dot a word can only be an abbreviation.
_AT_ABBREVIATION: Final[Readers] = tuple(
    read for read in _AT_WORD if read is not currency.read_before
)
AT_LATIN: Final[Readers] = tuple(rule.read for rule in RULES if LATIN in rule.kinds)
_JOINED: Final[dict[tuple[int, str], Readers]] = {
    (kind, mark): tuple(rule.read for rule in RULES if kind in rule.kinds and mark in rule.joins)
    for kind in _NUMERIC
    for mark in "/-.:, "
}
_FOLLOWED: Final[dict[tuple[int, int], Readers]] = {
    (kind, after): tuple(
        rule.read for rule in RULES if kind in rule.kinds and after in rule.follows
    )
    for kind in _NUMERIC
    for after in _ANY
}
_PLAIN: Final[Readers] = (numerals.read_number,)
#: Marks after a number that something can be read with; after any other it is a plain number.
_MEASURED_MARKS: Final = frozenset("%‰°×$€£¥₹₿₽₺₦₩₪¢Ωμ½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞⅐⅑⅒-")


@cache
def at_mark(mark: str) -> Readers:
    """Rules to try at a mark."""
    if mark in symbols.UNSPOKEN:
        return ()
    return tuple(
        rule.read for rule in RULES if MARK in rule.kinds and (not rule.marks or mark in rule.marks)
    )


def at_word(line: Line, i: int) -> Readers:
    """Rules to try at an Ethiopic word."""
    return _AT_ABBREVIATION if line.tokens[i + 1] in _SEPARATORS else _AT_WORD


@cache
def _measuring_words() -> frozenset[str]:
    return frozenset((*currency.currencies(), *units.unit_words(), *numerals.scale_words()))


#: After a figure these end it: nothing can join or measure it.
_CLOSING: Final = frozenset(("", *"\n።፣፤፦፧?!)»…;(«+=&#*<>~_^"))


def is_plain(line: Line, i: int) -> bool:
    """Whether the figure at token ``i`` is a whole number that nothing around it concerns."""
    tokens = line.tokens
    here = tokens[i]
    size = len(here)
    if size > 6 or (here[0] == "0" and size > 1):
        return False
    joint = tokens[i + 1]
    if joint != " ":
        return joint in _CLOSING
    after = tokens[i + 2]
    kind = line.kinds[i + 2]
    if kind == WORD:
        return (
            (size > 1 or here not in "1234" or not abbreviations.is_book(after))
            and after not in _measuring_words()
            and tokens[i + 3] not in _SEPARATORS
            and "ኛ" not in after[:2]
            and not after.startswith("አለቃ")
            and "ደው" not in after
            and after not in ("ላይ", "ው")
        )
    if kind == NUMBER:
        return not (size <= 3 and len(after) == 3) and tokens[i + 3] != "/" and here != "251"
    return after in _CLOSING


def at_number(line: Line, i: int) -> Readers:
    """Select the rules for a number by the mark that joins it on and by what follows it."""
    tokens = line.tokens
    here = tokens[i]
    start = line.kinds[i]
    joined = _JOINED.get((start, tokens[i + 1]), ()) if line.kinds[i + 2] != SPACE else ()
    if joined and tokens[i + 1] == " ":
        # Only a rank and a whole number before a fraction are joined by a space.
        if not (tokens[i + 3] == "/" or tokens[i + 2].startswith("አለቃ")):
            joined = ()
    if start == NUMBER and (here[0] == "0" or len(here) > 5 or here == "251"):
        joined = (telephone.read_phone, *joined)
    elif start == NUMBER and 3 <= len(here) <= 5 and telephone.is_dialled(line, i):
        joined = (telephone.read_phone, *joined)
    if web.find_addresses(line):
        joined = (web.read_address, *joined)
    number = numerals.parse(line, i)
    in_word = i > 0 and line.kinds[i - 1] == LATIN == line.kinds[i + 1]  # B2B
    if number is None or in_word:
        return (*joined, *_PLAIN)
    j = line.skip_space(number.end)
    kind = line.kinds[j]
    followed = _FOLLOWED[start, kind]
    if kind == WORD:
        word = tokens[j]
        known = (
            word in _measuring_words()
            or tokens[j + 1] in _SEPARATORS
            or "ኛ" in word[:2]
            or (len(here) == 1 and tokens[i + 1] == " ")
        )
        if not known:
            followed = _PLAIN
    elif kind == MARK and tokens[j] not in _MEASURED_MARKS:
        followed = _PLAIN
    elif kind == LATIN and tokens[j].lower() not in _measuring_latin():
        followed = _PLAIN
    return (*joined, *followed) if joined else followed


@cache
def _measuring_latin() -> frozenset[str]:
    """Latin words that qualify the number before them, in lower case."""
    written = (
        *currency.currencies(),
        *units.unit_words(),
        *numerals.scale_words(),
        *calendars.english_months(),
        *("x", "am", "pm", "a", "p", "st", "nd", "rd", "th", "us", "c"),
    )
    return frozenset(word.lower() for word in written)


_SEPARATORS: Final = frozenset("./")
