"""Times of day (3:30, 2፡03 ሰዓት, 2.30 ሰዓት), verses of scripture and ratios."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Final

from coqui_amharic_ext.io.tables import rows
from coqui_amharic_ext.text.cardinals import number_words
from coqui_amharic_ext.text.ethiopic_numerals import parse as parse_geez
from coqui_amharic_ext.text.homophones import fold_homophones
from coqui_amharic_ext.text.policy import TextPolicy
from coqui_amharic_ext.text.ranges import prefix_before
from coqui_amharic_ext.text.scanner import GEEZ, LATIN, NUMBER, WORD, Line, Reading

HOUR: Final = "ሰዓት"
_HOUR_FOLDED: Final = fold_homophones(HOUR)
HALF_PAST: Final = "ተኩል"
QUARTER: Final = "ሩብ"


def say_time(hour: int, minute: int, policy: TextPolicy, hour_word: str = HOUR) -> str:
    """Say an hour and minute of the clock as they are given.

    ``hour_word`` is ሰዓት with the ending it was written with.
    """
    if policy.to_hour == "on" and minute >= 40:
        left = 60 - minute
        rest = QUARTER if left == 15 else f"{number_words(str(left), policy)}"
        return f"ለ{number_words(str(hour % 12 + 1), policy)} {hour_word} {rest} ጉዳይ"
    spoken = f"{number_words(str(hour), policy)} {hour_word}"
    if minute == 0:
        return spoken
    if minute == 30:
        return f"{spoken} {HALF_PAST}"
    if minute == 15 and policy.quarter == "word":
        return f"{spoken} ከ{QUARTER}"
    return f"{spoken} ከ{number_words(str(minute), policy)} ደቂቃ"


def to_ethiopian_hour(hour: int) -> int:
    """Give the hour of the Ethiopian clock, which starts at six, for an international one."""
    return (hour - 6) % 12 or 12


def _part_of_day(hour: int) -> str:
    """How the Ethiopian hour is set in the day, by the hour of the international clock."""
    if 6 <= hour < 12:
        return "ከጠዋቱ"
    if 12 <= hour < 18:
        return "ከቀኑ"
    return "ከምሽቱ" if hour >= 18 else "ከሌሊቱ"


def _after_preposition(line: Line, i: int, lead: str) -> str:
    """Return the part of the day without its ከ if the time has a preposition (በቀኑ ዘጠኝ ሰዓት)."""
    return lead.removeprefix("ከ") if prefix_before(line, i) else lead


def _half_of_day(line: Line, end: int) -> tuple[int, str]:
    """AM or PM after the time: (end, "am" | "pm" | "")."""
    j = line.skip_space(end)
    token = line.tokens[j].lower()
    if token in ("am", "pm"):
        return j + 1, token
    if token in ("a", "p") and line.tokens[j + 1] == "." and line.tokens[j + 2].lower() == "m":
        return j + (4 if line.tokens[j + 3] == "." else 3), token + "m"
    return end, ""


def _hour_word(line: Line, end: int) -> tuple[int, str]:
    """Find the word ሰዓት after the time, endings kept: (end, word)."""
    j = line.skip_space(end)
    word = line.tokens[j]
    if line.kinds[j] == WORD and fold_homophones(word[:3]) == _HOUR_FOLDED:
        return j + 1, HOUR + word[3:]
    return end, HOUR


def read_time(line: Line, i: int) -> Reading | None:
    """H:MM, H:MM:SS, and H.MM before ሰዓት."""
    tokens, kinds = line.tokens, line.kinds
    mark = tokens[i + 1]
    if mark not in (":", ".") or not mark or kinds[i + 2] != NUMBER:
        return None
    if len(tokens[i]) > 2 or len(tokens[i + 2]) != 2:
        return None
    hour, minute = int(tokens[i]), int(tokens[i + 2])
    end = i + 3
    policy = line.policy
    if minute <= 59 and mark == ":" and (hour > 24 or _hundredths(line, end)):
        return _read_duration(line, i)
    if hour > 24 or minute > 59:
        return None
    if mark == ".":
        after, word = _hour_word(line, end)
        if after == end or tokens[end] == ".":
            return None
        return Reading(after, say_time(hour, minute, policy, word), "time")
    second = None
    if tokens[end] == ":" and kinds[end + 1] == NUMBER and len(tokens[end + 1]) == 2:
        second = int(tokens[end + 1])
        if second > 59:
            return None
        end += 2
    elif tokens[end] == ":" and kinds[end + 1] == NUMBER:
        return None
    end, half = _half_of_day(line, end)
    end, word = _hour_word(line, end)
    lead = ""
    foreign = half or hour > 12 or hour == 0
    if policy.hours24 == "on" or (policy.hours24 == "auto" and foreign):
        if half:
            hour = hour % 12 + (12 if half == "pm" else 0)
        if half or policy.hours24 == "auto":
            lead = _part_of_day(hour % 24) + " "
        hour = to_ethiopian_hour(hour)
    elif half:
        lead = "ከጠዋቱ " if half == "am" else "ከሰዓት በኋላ "
    lead = _after_preposition(line, i, lead)
    if second is None:
        # በ3:45 keeps its hour: ለአራት ... ጉዳይ takes no preposition.
        if policy.to_hour == "on" and prefix_before(line, i):
            policy = replace(policy, to_hour="off")
        return Reading(end, lead + say_time(hour, minute, policy, word), "time")
    spoken = f"{number_words(str(hour), policy)} {word}"
    if minute:
        spoken += f" ከ{number_words(str(minute), policy)} ደቂቃ"
    if second:
        spoken += f" ከ{number_words(str(second), policy)} ሰከንድ"
    return Reading(end, lead + spoken, "time")


def _hundredths(line: Line, end: int) -> bool:
    """Whether .cc follows, as in the times of races."""
    return (
        line.tokens[end] == "." and line.kinds[end + 1] == NUMBER and len(line.tokens[end + 1]) <= 2
    )


def _read_duration(line: Line, i: int) -> Reading:
    """26:17, 26:17.53: more than an hour of the clock has are minutes, seconds and hundredths."""
    said = [number_words(line.tokens[k], line.policy) for k in (i, i + 2)]
    spoken = f"{said[0]} ደቂቃ ከ{said[1]} ሰከንድ"
    if not _hundredths(line, i + 3):
        return Reading(i + 3, spoken, "duration")
    return Reading(i + 5, f"{spoken} ከ{number_words(line.tokens[i + 4], line.policy)}", "duration")


def read_hour_with_half(line: Line, i: int) -> Reading | None:
    """8 AM, 3PM: an hour with no minutes."""
    if len(line.tokens[i]) > 2 or int(line.tokens[i]) > 12:
        return None
    end, half = _half_of_day(line, i + 1)
    if not half:
        return None
    hour = int(line.tokens[i])
    lead = "ከጠዋቱ" if half == "am" else "ከሰዓት በኋላ"
    if line.policy.hours24 != "off":
        hour = hour % 12 + (12 if half == "pm" else 0)
        lead, hour = _part_of_day(hour), to_ethiopian_hour(hour)
    lead = _after_preposition(line, i, lead)
    end, word = _hour_word(line, end)
    return Reading(end, f"{lead} {say_time(hour, 0, line.policy, word)}", "time")


@cache
def _books() -> frozenset[str]:
    """Books of scripture, short and full, as the word before chapter and verse."""
    return frozenset(
        fold_homophones(name).rsplit(" ", 1)[-1]
        for kind, *names in rows("text/data/abbreviations.tsv", "kind", "written", "spoken")
        if kind == "book"
        for name in names
    )


CHAPTER: Final = "ምዕራፍ"
_CHAPTERS: Final = frozenset((fold_homophones(CHAPTER), fold_homophones("ምዕ")))


def _number(line: Line, i: int) -> str | None:
    if line.kinds[i] == NUMBER and len(line.tokens[i]) <= 3:
        return line.tokens[i]
    if line.kinds[i] == GEEZ and len(line.tokens[i]) <= 8:
        value = parse_geez(line.tokens[i])
        return None if value is None else str(value)
    return None


def read_verse(line: Line, i: int) -> Reading | None:
    """3፡16 after a book of scripture or the word chapter."""
    tokens = line.tokens
    if tokens[i + 1] not in (":", ",") or not tokens[i + 1]:
        return None
    chapter, verse = _number(line, i), _number(line, i + 2)
    if chapter is None or verse is None:
        return None
    j = i - 1
    while j >= 0 and tokens[j] in (" ", "."):
        j -= 1
    if j < 0 or line.kinds[j] != WORD or i - j > 3:
        return None
    before = fold_homophones(tokens[j])
    stripped = before[1:] if before[:1] in "በለከየ" else before
    if before in _CHAPTERS or stripped in _CHAPTERS:
        lead = ""
    elif tokens[i + 1] == ":" and (before in _books() or stripped in _books()):
        lead = CHAPTER + " "
    else:
        return None
    policy = line.policy
    spoken = f"{lead}{number_words(chapter, policy)} ቁጥር "
    end = i + 3
    last = _number(line, end + 1) if tokens[end] in ("-", "–") else None
    if last is None:
        return Reading(end, spoken + number_words(verse, policy), "verse")
    return Reading(
        end + 2, f"{spoken}ከ{number_words(verse, policy)} እስከ {number_words(last, policy)}", "verse"
    )


def read_ratio(line: Line, i: int) -> Reading | None:
    """1:100, 3:2: a ratio is said with ለ, as a score is."""
    tokens, kinds = line.tokens, line.kinds
    if tokens[i + 1] != ":" or kinds[i + 2] != NUMBER or tokens[i + 3] == ":":
        return None
    if (i > 0 and tokens[i - 1] == ":") or kinds[i + 3] == LATIN:
        return None
    first, second = (number_words(tokens[k], line.policy) for k in (i, i + 2))
    return Reading(i + 3, f"{first} ለ{second}", "ratio")
