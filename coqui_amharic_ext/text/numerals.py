"""Plain numbers: grouped, decimal, Ge'ez, ordinal (1ኛ), with scale words (28.4 ሚሊዮን)."""

from __future__ import annotations

from functools import cache
from typing import Final

from coqui_amharic_ext.io.tables import mapping
from coqui_amharic_ext.text import ethiopic_numerals
from coqui_amharic_ext.text.affixes import attach_suffix, fits_number
from coqui_amharic_ext.text.cardinals import (
    MAX_DIGITS,
    NEGATIVE,
    ZERO,
    digits,
    number_words,
    ordinal,
    to_ordinal,
)
from coqui_amharic_ext.text.policy import TextPolicy
from coqui_amharic_ext.text.scanner import (
    GEEZ,
    LATIN,
    MARK,
    NUMBER,
    SPACE,
    WORD,
    Line,
    Numeral,
    Reading,
)

POINT: Final = "ነጥብ"
MINUS: Final = "−"
_SIGNED_MARKS: Final = frozenset(".½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞⅐⅑⅒")
_MEASURE_TABLES: Final = ("units", "currencies", "scale_words")
_MAX_GROUPS: Final = 5
#: ሺህ ሚሊዮን and the like.
_MAX_SCALES: Final = 3
#: From this many figures with one mark between them on, they are a list.
_LONG_CHAIN: Final = 8


def whole_value(number: Numeral) -> int | None:
    """Return the number when it is whole and short enough to be said as one."""
    return int(number.whole) if not number.fraction and len(number.whole) <= MAX_DIGITS else None


def parse(line: Line, i: int) -> Numeral | None:
    """Read a number at token ``i``: ``1,500.50``, ``28.4``, ``1 000 000``, ``፲፱፻``."""
    memo = line.parsed
    if memo[0] == i:
        return memo[1]
    number = _parse(line, i)
    line.parsed = (i, number)
    return number


def _parse(line: Line, i: int) -> Numeral | None:
    kind = line.kinds[i]
    if kind == GEEZ:
        value = ethiopic_numerals.parse(line.tokens[i]) if len(line.tokens[i]) <= 32 else None
        return None if value is None else Numeral(i + 1, str(value), "")
    if kind != NUMBER:
        return None
    tokens, kinds = line.tokens, line.kinds
    whole = tokens[i]
    end = i + 1
    mark = tokens[end]
    european = _european(line, i)
    if european is not None:
        return european
    if mark in (",", " ") and len(whole) <= 3 and whole[0] != "0":
        parts = [whole]
        while (
            len(parts) <= _MAX_GROUPS
            and tokens[end] == mark
            and kinds[end + 1] == NUMBER
            and len(tokens[end + 1]) == 3
        ):
            parts.append(tokens[end + 1])
            end += 2
        # A longer tail of groups is a list, not a number.
        if tokens[end] == mark and kinds[end + 1] == NUMBER and mark == ",":
            return Numeral(i + 1, whole, "")
        whole = "".join(parts)
        mark = tokens[end]
    if mark == "." and kinds[end + 1] == NUMBER and not _dotted(line, i, end + 2):
        return Numeral(end + 2, whole, tokens[end + 1])
    return Numeral(end, whole, "")


def _european(line: Line, i: int) -> Numeral | None:
    """Read 1.000.000 and 1,5: points between groups of three figures, a comma before decimals.

    One point is a decimal point, and two numbers with a comma a list, unless what follows is a
    measure.
    """
    tokens, kinds = line.tokens, line.kinds
    groups = [tokens[i]]
    end = i + 1
    while tokens[end] == "." and kinds[end + 1] == NUMBER and len(tokens[end + 1]) == 3:
        groups.append(tokens[end + 1])
        end += 2
    grouped = 3 <= len(groups) <= _MAX_GROUPS and len(groups[0]) <= 3 and groups[0][0] != "0"
    if not grouped:
        groups, end = groups[:1], i + 1
    joined = tokens[end] in (".", ",") and kinds[end + 1] == NUMBER
    if joined and tokens[end] == "," and len(tokens[end + 1]) <= 2 and _measured(line, end + 2):
        return Numeral(end + 2, "".join(groups), tokens[end + 1])
    if grouped and not joined and not _dotted(line, i, end):
        return Numeral(end, "".join(groups), "")
    return None


def _measured(line: Line, end: int) -> bool:
    """Return whether a unit, a currency, a scale word or a percent sign stands at a token."""
    return line.tokens[line.skip_space(end)] in _measures()


@cache
def _measures() -> frozenset[str]:
    written = [mapping(f"text/data/{name}.tsv", "written", "spoken") for name in _MEASURE_TABLES]
    spoken = {word.split(" ")[0] for table in written for word in table.values() if word}
    return frozenset(("%", "°", "በመቶ", *(word for table in written for word in table), *spoken))


def _dotted(line: Line, start: int, after: int) -> bool:
    """Whether the number is part of a longer dotted string (a version, an address, 12.05.2015)."""
    if line.tokens[after] == "." and line.kinds[after + 1] == NUMBER:
        return True
    return start >= 2 and line.tokens[start - 1] == "." and line.kinds[start - 2] == NUMBER


def say(number: Numeral, policy: TextPolicy) -> str:
    """Say a number, decimals included."""
    spoken = number_words(number.whole, policy) if number.whole else ZERO
    if number.fraction:
        if policy.decimals == "number" and number.fraction[0] != "0":
            after = number_words(number.fraction, policy)
        else:
            after = digits(number.fraction)
        spoken = f"{spoken} {POINT} {after}"
    return spoken


@cache
def scale_words() -> dict[str, str]:
    """Scale words and their short forms, to the word that is said."""
    return mapping("text/data/scale_words.tsv", "written", "spoken")


def scale_after(line: Line, end: int) -> tuple[int, str] | None:
    """Find the scale word that follows a number, a space between allowed: (end, word)."""
    j = line.skip_space(end)
    word = line.tokens[j]
    spoken = scale_words().get(word)
    if spoken is None:
        return None
    if len(word) == 1 and word.isascii() and (j != end or line.kinds[j + 1] in (LATIN, NUMBER)):
        return None
    if word in ("ሚ", "ቢ"):
        # One-letter short forms need their dot, and ሚ.ሜ is a millimetre.
        if line.tokens[j + 1] != "." or line.kinds[j + 2] == WORD:
            return None
        return j + 2, spoken
    return j + 1, spoken


def amount(line: Line, i: int) -> Reading | None:
    """Read a number with the scale words that follow it; no suffix, no unit."""
    number = parse(line, i)
    if number is None:
        return None
    spoken = say(number, line.policy)
    end = number.end
    # B2B: a letter after a figure that stands in a Latin word is no scale.
    in_word = i > 0 and line.kinds[i - 1] == LATIN
    scale = None if in_word else scale_after(line, end)
    if scale is None:
        return Reading(end, spoken, "number", whole_value(number))
    for _ in range(_MAX_SCALES):
        end, word = scale
        spoken = f"{spoken} {word}"
        scale = scale_after(line, end)
        if scale is None:
            break
    return Reading(end, spoken, "number")


def suffix(line: Line, reading: Reading) -> Reading:
    """Join an ending that stands right after what was read (5ቱ, 1990ዎቹ, 25%ን)."""
    end = reading.end
    if line.tokens[end] == " " and line.tokens[end + 1] == "ው":
        # የ 1 ው ሩብ ዓመት: the article typed apart is not a separate word.
        return reading._replace(end=end + 2, spoken=attach_suffix(reading.spoken, "ው"))
    if line.kinds[end] == WORD and fits_number(reading.spoken, line.tokens[end]):
        spoken = attach_suffix(reading.spoken, line.tokens[end])
        return Reading(end + 1, spoken, reading.rule, reading.value)
    # 1990-ዎቹ, 5-ኛ
    if (
        line.tokens[end] == "-"
        and line.kinds[end + 1] == WORD
        and line.kinds[end + 2] in (SPACE, MARK)
        and fits_number(reading.spoken, line.tokens[end + 1])
        and len(line.tokens[end + 1]) > 1
    ):
        return reading._replace(
            end=end + 2, spoken=attach_suffix(reading.spoken, line.tokens[end + 1])
        )
    return reading


#: Ordinal endings as written: ኛ, and with the consonant of the number word (2ተኛ, 1ደኛ, 10ረኛ, 9ነኛ).
_ORDINAL_LEADS: Final = frozenset("ተደረነኘ")


def read_ordinal(line: Line, i: int) -> Reading | None:
    """1ኛ, 20ኛው, 2ተኛ, 3-ኛ, 5 ኛ, 1st."""
    number = parse(line, i)
    if number is None or number.fraction:
        return None
    end = number.end
    word = line.tokens[end]
    if word in ("st", "nd", "rd", "th"):
        rest = ""
    else:
        if line.tokens[end] in ("-", " ") and line.tokens[end + 1][:1] == "ኛ":
            end += 1
            word = line.tokens[end]
        if line.kinds[end] != WORD:
            return None
        if word[0] == "ኛ":
            rest = word[1:]
        elif word[0] in _ORDINAL_LEADS and word[1:2] == "ኛ":
            rest = word[2:]
        else:
            return None
    value = whole_value(number)
    spoken = (
        ordinal(value, line.policy) if value is not None else to_ordinal(say(number, line.policy))
    )
    # ኛው, ኛዋን, ኛና; a whole word typed on (1ኛክፍል) stays a word.
    if rest and not fits_number(spoken, rest):
        return Reading(end + 1, f"{spoken} {rest}", "ordinal", None)
    return Reading(end + 1, attach_suffix(spoken, rest), "ordinal", value)


def read_number(line: Line, i: int) -> Reading | None:
    """Read a cardinal or decimal, with scale word and ending."""
    tokens = line.tokens
    if line.kinds[i] == GEEZ and (
        len(tokens[i]) > 32 or ethiopic_numerals.parse(tokens[i]) is None
    ):
        values = (ethiopic_numerals.ethiopic_to_int(c) for c in tokens[i])
        return Reading(i + 1, " ".join(number_words(str(v), line.policy) for v in values), "number")
    reading = amount(line, i)
    if reading is None:
        return None
    if reading.value in (100, 1000) and tokens[reading.end][:1] == "ዎ":
        # በ1000ዎች is by the thousands, not by one thousands.
        word = "መቶ" if reading.value == 100 else "ሺህ"
        return suffix(line, Reading(reading.end, word, "number"))
    return suffix(line, reading)


def read_leading_point(line: Line, i: int) -> Reading | None:
    """.5, where the zero is left out."""
    if line.tokens[i] != "." or line.kinds[i + 1] != NUMBER:
        return None
    if i > 0 and line.kinds[i - 1] != SPACE and line.tokens[i - 1] != MINUS:
        return None
    number = Numeral(i + 2, "0", line.tokens[i + 1])
    return suffix(line, Reading(i + 2, say(number, line.policy), "number"))


def sign_before(line: Line, i: int) -> str:
    """Return the word for a minus at token ``i`` that is a sign, else ``""``.

    A hyphen before a space opens an item of a list; U+2212 has no such use.
    """
    sign = line.tokens[i]
    if sign == MINUS:
        number = line.skip_space(i + 1)
        signed = line.kinds[number] in (NUMBER, GEEZ) or line.tokens[number] in _SIGNED_MARKS
    else:
        signed = sign == "-" and line.kinds[i + 1] == NUMBER
    if not signed:
        return ""
    if i > 0 and line.kinds[i - 1] != SPACE and line.tokens[i - 1] not in ("(", "«", "=", ",", ":"):
        return ""
    return NEGATIVE[line.policy.negative]


def _dotted_figures(line: Line, i: int) -> Reading:
    """1.2.3, 192.168.1.1: parts of a version or address, each point said."""
    said = [number_words(line.tokens[i], line.policy)]
    j = i + 1
    while line.tokens[j] == "." and line.kinds[j + 1] == NUMBER:
        said.append(number_words(line.tokens[j + 1], line.policy))
        j += 2
    return Reading(
        j, f" {POINT} ".join(said) if len(said) < _LONG_CHAIN else " ".join(said), "list"
    )


def read_chain(line: Line, i: int) -> Reading | None:
    """1.2.3, and eight or more figures with the same mark between them, which are only a list."""
    if _european(line, i) is not None:
        return None
    tokens, kinds = line.tokens, line.kinds
    mark = tokens[i + 1]
    if mark == "." and kinds[i + 2] == NUMBER and tokens[i + 3] == "." and kinds[i + 4] == NUMBER:
        return _dotted_figures(line, i)
    for k in range(1, 2 * _LONG_CHAIN - 2, 2):
        if tokens[i + k] != mark or kinds[i + k + 1] != NUMBER:
            return None
    said: list[str] = []
    j = i
    while kinds[j] == NUMBER:
        said.append(number_words(tokens[j], line.policy))
        if tokens[j + 1] != mark or kinds[j + 2] != NUMBER:
            break
        j += 2
    return Reading(j + 1, (", " if mark == "," else " ").join(said), "list")
