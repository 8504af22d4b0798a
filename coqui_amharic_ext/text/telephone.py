"""Telephone and account numbers, digit by digit: 0911-234567, +251 11 551 1234, (011) 551-12-34."""

from __future__ import annotations

from typing import Final

from coqui_amharic_ext.text.cardinals import digits, number_words
from coqui_amharic_ext.text.context import stems
from coqui_amharic_ext.text.policy import TextPolicy
from coqui_amharic_ext.text.scanner import NUMBER, SPACE, Line, Reading

PLUS: Final = "ፕላስ"
_SEPARATORS: Final = frozenset(("-", " ", ".", "/", "(", ")", "–"))
_MAX_GROUPS: Final = 8
_LOOK_BACK: Final = 9


def say_phone(number: str, policy: TextPolicy) -> str:
    """Say a string of digits one by one, or two by two."""
    if policy.phones == "digits":
        return digits(number)
    return " ".join(number_words(number[k : k + 2], policy) for k in range(0, len(number), 2))


def _groups(line: Line, i: int) -> list[tuple[int, str]]:
    """Digits gathered from token ``i`` on, with the token after each group."""
    found: list[tuple[int, str]] = []
    gathered = ""
    j = i
    while line.kinds[j] == NUMBER and len(found) < _MAX_GROUPS and len(gathered) <= 15:
        gathered += line.tokens[j]
        found.append((j + 1, gathered))
        k = j + 1
        # ") " and "- " are two marks.
        for _ in range(2):
            if line.tokens[k] in _SEPARATORS and line.tokens[k]:
                k += 1
        if k == j + 1:
            break
        j = k
    return found


def _context(line: Line, i: int) -> bool:
    return any(
        here.lstrip("በለከየ").startswith(stems("copied"))
        for here in line.tokens[max(0, i - _LOOK_BACK) : i]
    )


def is_dialled(line: Line, i: int) -> bool:
    """Whether a short figure is a number to call: ወደ 8100 ይደውሉ, በ952 ላይ ደውሉ."""
    return "ደው" in line.tokens[i + 2] or (line.tokens[i + 2] == "ላይ" and "ደው" in line.tokens[i + 4])


def read_phone(line: Line, i: int) -> Reading | None:
    """Read a telephone number at a digit, a plus or an opening bracket."""
    tokens = line.tokens
    here = tokens[i]
    if here == "+":
        start = i + 2 if tokens[i + 1] == "(" else i + 1
        if line.kinds[start] != NUMBER or (i > 0 and line.kinds[i - 1] == NUMBER):
            return None
        fitting = [(end, d) for end, d in _groups(line, start) if 9 <= len(d) <= 15]
        if not fitting:
            return None
        end, number = fitting[-1]
        return Reading(end, f"{PLUS} {say_phone(number, line.policy)}", "telephone")
    if here == "(":
        if tokens[i + 1][:1] != "0" or tokens[i + 2] != ")":
            return None
        i += 1
        here = tokens[i]
    if here[0] == "0" and len(here) > 1 and here[1] != "0":
        for end, number in reversed(_groups(line, i)):
            if len(number) == 10 or (len(number) == 9 and len(here) >= 2):
                return Reading(end, say_phone(number, line.policy), "telephone")
        return None
    if here.startswith("251"):
        for end, number in _groups(line, i):
            if len(number) == 12 and (end > i + 1 or number[3] in "179"):
                return Reading(end, say_phone(number, line.policy), "telephone")
    if 3 <= len(here) <= 5 and line.kinds[i] == NUMBER and is_dialled(line, i):
        return Reading(i + 1, say_phone(here, line.policy), "telephone")
    if len(here) >= 6 and line.kinds[i] == NUMBER and _context(line, i):
        if tokens[i + 1] in (",", ".") and line.kinds[i + 2] == NUMBER:
            return None
        return Reading(i + 1, say_phone(here, line.policy), "telephone")
    return None


def read_digit_groups(line: Line, i: int) -> Reading | None:
    """1000-2345-6789: three or more groups of at least three digits are copied digit by digit."""
    tokens, kinds = line.tokens, line.kinds
    if len(tokens[i]) < 3 or tokens[i + 1] != "-":
        return None
    groups = [tokens[i]]
    j = i + 1
    while tokens[j] == "-" and kinds[j + 1] == NUMBER and len(tokens[j + 1]) >= 3:
        groups.append(tokens[j + 1])
        j += 2
        if len(groups) > _MAX_GROUPS:
            break
    if len(groups) < 3 or (kinds[j] != SPACE and tokens[j] == "-"):
        return None
    return Reading(j, say_phone("".join(groups), line.policy), "telephone")
