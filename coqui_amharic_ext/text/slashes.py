"""Numbers with a slash: fractions, marks out of a hundred, school years, laws, ranks (50/አ)."""

from __future__ import annotations

import unicodedata
from typing import Final

from coqui_amharic_ext.text.affixes import attach_suffix, fits_number
from coqui_amharic_ext.text.cardinals import number_words, ordinal
from coqui_amharic_ext.text.policy import TextPolicy
from coqui_amharic_ext.text.scanner import GEEZ, NUMBER, WORD, Line, Reading

HALF: Final = "ግማሽ"
QUARTER: Final = "ሩብ"
THIRD: Final = "ሲሶ"
AND_A_HALF: Final = "ተኩል"
SLASH: Final = "ስላሽ"
#: Denominators that are read as parts even without ኛ; others with a slash are dates, marks or
#: references.
_DENOMINATORS: Final = frozenset((2, 3, 4, 5, 6, 7, 8, 9, 10, 16, 20, 25, 50, 1000))
_HUNDREDTHS: Final = 100
_BLOOD_PRESSURE: Final = (range(70, 261), range(30, 161))


def say_fraction(numerator: int, denominator: int, policy: TextPolicy) -> str:
    """Say a fraction: 1/2 ግማሽ, 1/4 ሩብ, 3/4 ሦስት አራተኛ."""
    if (numerator, denominator) == (1, 2):
        return HALF
    if (numerator, denominator) == (1, 4) and policy.fractions != "ordinals":
        return QUARTER
    if (numerator, denominator) == (1, 3) and policy.fractions == "words":
        return THIRD
    return f"{number_words(str(numerator), policy)} {ordinal(denominator, policy)}"


def say_mixed(whole: str, numerator: int, denominator: int, policy: TextPolicy) -> str:
    """Say a whole number and a fraction: 2 1/2 ሁለት ተኩል, 2 3/4 ሁለት ከሦስት አራተኛ."""
    said = number_words(whole, policy)
    if (numerator, denominator) == (1, 2):
        return f"{said} {AND_A_HALF}"
    return f"{said} ከ{say_fraction(numerator, denominator, policy)}"


def _short(token: str) -> bool:
    return len(token) <= 4 and token[0] != "0"


def read_fraction(line: Line, i: int) -> Reading | None:
    """1/2, 3/4, 2/3ኛው, 2 1/2."""
    tokens, kinds = line.tokens, line.kinds
    if tokens[i + 1] == " " and kinds[i + 2] == NUMBER and tokens[i + 3] == "/":
        # A whole number before a fraction.
        part = read_fraction(line, i + 2)
        if part is None or part.rule != "fraction" or not _short(tokens[i]):
            return None
        numerator, denominator = int(tokens[i + 2]), int(tokens[i + 4])
        if numerator >= denominator or denominator > 16 or part.end != i + 5:
            return None
        return Reading(
            part.end, say_mixed(tokens[i], numerator, denominator, line.policy), "fraction"
        )
    if tokens[i + 1] != "/" or kinds[i + 2] != NUMBER or kinds[i] != NUMBER:
        return None
    if tokens[i + 3] == "/" or (i > 1 and tokens[i - 1] == "/"):
        return None
    if not (_short(tokens[i]) and _short(tokens[i + 2])):
        return None
    numerator, denominator = int(tokens[i]), int(tokens[i + 2])
    word = tokens[i + 3] if kinds[i + 3] == WORD else ""
    if word.startswith("ኛ") and denominator > 1:
        # 2/3ኛ is a fraction whatever its size; the ending is said already.
        spoken = say_fraction(numerator, denominator, line.policy)
        rest = word[1:]
        if not rest or fits_number(spoken, rest):
            return Reading(i + 4, attach_suffix(spoken, rest), "fraction")
        return Reading(i + 3, spoken, "fraction")
    hundredth = denominator == _HUNDREDTHS and numerator < 10
    if numerator >= denominator or not (denominator in _DENOMINATORS or hundredth):
        return None
    spoken = say_fraction(numerator, denominator, line.policy)
    if word and fits_number(spoken, word):
        return Reading(i + 4, attach_suffix(spoken, word), "fraction")
    return Reading(i + 3, spoken, "fraction")


def read_vulgar(line: Line, i: int) -> Reading | None:
    """½, ¾, also right after a whole number (2½)."""
    whole = ""
    j = i
    if line.kinds[i] == NUMBER:
        whole = line.tokens[i]
        j = line.skip_space(i + 1)
        if len(whole) > 4:
            return None
    token = line.tokens[j]
    if len(token) != 1 or unicodedata.decomposition(token)[:10] != "<fraction>":
        return None
    numerator, denominator = (int(p) for p in unicodedata.normalize("NFKC", token).split("\u2044"))
    if whole:
        spoken = say_mixed(whole, numerator, denominator, line.policy)
    else:
        spoken = say_fraction(numerator, denominator, line.policy)
    return Reading(j + 1, spoken, "fraction")


def _is_reference(line: Line, i: int) -> bool:
    """Whether the word number, also short (ቁ.), stands before: the number of a law or file."""
    j = i - 1
    while j >= 0 and i - j <= 3 and line.tokens[j] in (" ", "."):
        j -= 1
    return j >= 0 and line.tokens[j].endswith(("ቁጥር", "ቁ"))


def read_pair(line: Line, i: int) -> Reading | None:
    """Other numbers with a slash: 85/100, 2014/15, 120/80, 1097/2011."""
    tokens, kinds = line.tokens, line.kinds
    if tokens[i + 1] != "/" or kinds[i + 2] != NUMBER or tokens[i + 3] == "/":
        return None
    if i > 1 and tokens[i - 1] == "/":
        return None
    first, second = tokens[i], tokens[i + 2]
    policy = line.policy
    said = number_words(first, policy)
    if len(first) <= 4 and len(second) <= 4:
        a, b = int(first), int(second)
        if b == 100 and 10 <= a <= 100:
            return Reading(i + 3, f"{said} ከመቶ", "marks")
        if a in _BLOOD_PRESSURE[0] and b in _BLOOD_PRESSURE[1] and a > b:
            return Reading(i + 3, f"{said} በ{number_words(second, policy)}", "blood pressure")
    link = f" {SLASH} " if _is_reference(line, i) else " "
    return Reading(i + 3, said + link + number_words(second, policy), "slash")


_RANKS: Final = {"10": "አሥር", "50": "ሃምሳ", "100": "መቶ"}


def read_rank(line: Line, i: int) -> Reading | None:
    """50/አ, ፶/አለቃ: a commander of ten, fifty or a hundred."""
    tokens = line.tokens
    if tokens[i + 1] not in ("/", " ", ".") or not tokens[i + 2].startswith("አ"):
        return None
    value = (
        tokens[i]
        if line.kinds[i] == NUMBER
        else {"፲": "10", "፶": "50", "፻": "100"}.get(tokens[i], "")
    )
    spoken = _RANKS.get(value)
    if spoken is None or line.kinds[i] not in (NUMBER, GEEZ):
        return None
    word = tokens[i + 2]
    if word == "አ" and tokens[i + 1] != " ":
        return Reading(i + 3, f"{spoken} አለቃ", "rank")
    if word.startswith("አለቃ"):
        return Reading(i + 3, f"{spoken} {word}", "rank")
    return None


def read_price_mark(line: Line, i: int) -> Reading | None:
    """500/=, the mark that closes a sum of birr."""
    if line.tokens[i + 1] != "/" or line.tokens[i + 2] != "=":
        return None
    said = number_words(line.tokens[i], line.policy)
    j = line.skip_space(i + 3)
    unit = "" if line.tokens[j].startswith("ብር") else " ብር"
    return Reading(i + 3, said + unit, "currency")
