"""Two numbers with a dash: ranges (18-25), scores (1-0), sums (5-3=2), line-ups (4-3-3)."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from coqui_amharic_ext.text.affixes import DETACHABLE, free_prefixes, glued_prefixes
from coqui_amharic_ext.text.calendars import is_month
from coqui_amharic_ext.text.cardinals import ordinal
from coqui_amharic_ext.text.context import stems
from coqui_amharic_ext.text.numerals import MINUS
from coqui_amharic_ext.text.scanner import GEEZ, MARK, NUMBER, SPACE, WORD, Line, ReadAt, Reading

_DASHES: Final = frozenset(("-", "–", MINUS))
_RANGED: Final = frozenset(
    ("number", "ordinal", "percent", "time", "currency", "unit", "temperature", "fraction", "date")
)
_MAX_SCORE: Final = 30
_MAX_CHAIN: Final = 6


@cache
def _sport() -> re.Pattern[str]:
    """Stems that show the text is about a match: there a low pair is a score, even a rising one."""
    return re.compile("|".join(stems("sport")))


def is_sport(line: Line) -> bool:
    """Whether the line is about a match; computed once."""
    known = line.memo.get("sport")
    if known is None:
        known = line.memo["sport"] = _sport().search(line.text) is not None
    return known


def prefix_before(line: Line, i: int) -> str:
    """Return the preposition on token ``i``, joined or (one letter) apart, or ``""``."""
    j = i - 1
    if j < 0:
        return ""
    if line.kinds[j] == WORD:
        word = line.tokens[j]
        return word if word in glued_prefixes() or word in free_prefixes() else ""
    if line.tokens[j] == " " and j > 0 and line.kinds[j - 1] == WORD:
        word = line.tokens[j - 1]
        return word if word in DETACHABLE or word in free_prefixes() else ""
    return ""


def _begun(line: Line, i: int) -> bool:
    """Whether the word before has the ከ of the range: ከጠዋቱ 2:30-6:00, ከጥር 1-10."""
    word = line.before(i)
    return word[:1] == "ከ" and (word[1:].startswith(stems("begun")) or is_month(word))


def _dash(line: Line, end: int) -> int:
    """Index after a dash (spaces around it allowed) that a number follows; -1 if there is none."""
    j = line.skip_space(end)
    if line.tokens[j] not in _DASHES or not line.tokens[j]:
        return -1
    k = line.skip_space(j + 1)
    if (j == end) != (k == j + 1):
        # "5 -3" is a sign and "5- 3" a list, not a range.
        return -1
    return k


def _chain(line: Line, i: int, first: Reading, read: ReadAt) -> Reading | None:
    """4-3-3: three or more short numbers are said one after the other."""
    parts, end = [first.spoken], first.end
    while line.tokens[end] == "-" and line.kinds[end + 1] == NUMBER and len(parts) < _MAX_CHAIN:
        following = read(line, end + 1)
        if following is None or following.value is None or following.rule != "number":
            return None
        parts.append(following.spoken)
        end = following.end
    return Reading(end, " ".join(parts), "chain") if len(parts) > 2 else None


def _is_score(line: Line, first: Reading, second: Reading) -> bool:
    a, b = first.value, second.value
    if a is None or b is None or first.rule != "number" or second.rule != "number":
        return False
    if max(a, b) > _MAX_SCORE:
        return False
    after = line.tokens[line.skip_space(second.end)]
    if after.startswith(stems("counted")):
        return False
    if a >= b or is_sport(line):
        return True
    return a == 0 and line.kinds[line.skip_space(second.end)] != WORD


def join(line: Line, i: int, first: Reading, read: ReadAt) -> Reading:
    """Read on after a number when a dash and another one follow; otherwise return it as it is."""
    if first.rule not in _RANGED:
        return first
    k = _dash(line, first.end)
    if k < 0:
        return first
    kind = line.kinds[k]
    if kind != NUMBER and kind != GEEZ and not (kind == MARK and line.kinds[k + 1] == NUMBER):
        return first
    if i > 1 and line.tokens[i - 1] == "-" and line.kinds[i - 2] != SPACE:
        return first
    if first.rule == "number" and first.value is not None:
        chain = _chain(line, i, first, read)
        if chain is not None:
            return chain
    second = read(line, k)
    if second is None or second.rule not in _RANGED:
        return first
    minus = line.tokens[line.skip_space(first.end)] == MINUS
    if minus or line.tokens[line.skip_space(second.end)] == "=":
        return Reading(second.end, f"{first.spoken} ሲቀነስ {second.spoken}", "subtraction")
    prefix = prefix_before(line, i)
    if not prefix.endswith("ከ") and _is_score(line, first, second):
        return Reading(second.end, f"{first.spoken} ለ{second.spoken}", "score")
    if second.rule == "ordinal" and first.rule == "number" and first.value is not None:
        # 9-12ኛ: the ending is written once and said twice.
        first = first._replace(spoken=ordinal(first.value, line.policy))
    if prefix or line.policy.ranges == "to" or _begun(line, i):
        return Reading(second.end, f"{first.spoken} እስከ {second.spoken}", "range")
    return Reading(second.end, f"ከ{first.spoken} እስከ {second.spoken}", "range")
