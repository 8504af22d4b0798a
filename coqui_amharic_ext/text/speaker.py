"""Walk over the tokens of a line and say what the rules can read."""

from __future__ import annotations

from collections.abc import Callable

from coqui_amharic_ext.text import ranges
from coqui_amharic_ext.text.affixes import DETACHABLE, glued_prefixes
from coqui_amharic_ext.text.cardinals import NEGATIVE, number_words
from coqui_amharic_ext.text.numerals import MINUS, sign_before
from coqui_amharic_ext.text.rules import AT_LATIN, at_mark, at_number, at_word, is_plain
from coqui_amharic_ext.text.scanner import GEEZ, LATIN, MARK, NUMBER, SPACE, WORD, Line, Reading
from coqui_amharic_ext.text.units import BELOW_ZERO, DEGREE

#: Called with the first token, the token after the last, the rule's name and what is said.
Note = Callable[[int, int, str, str], None]

#: Words of this length or less may be a preposition or a short form that a number follows after a
#: space.
_SHORT_WORD = 6
_NUMERIC = frozenset((NUMBER, GEEZ))


def read_one(line: Line, i: int) -> Reading | None:
    """Read with the first fitting rule at token ``i``, without reading past a dash."""
    kind = line.kinds[i]
    if kind in _NUMERIC:
        readers = at_number(line, i)
    elif kind == MARK:
        readers = at_mark(line.tokens[i])
    elif kind == WORD:
        readers = at_word(line, i)
    elif kind == LATIN:
        readers = AT_LATIN
    else:
        return None
    for read in readers:
        reading = read(line, i)
        if reading is not None:
            return reading
    return None


def read_at(line: Line, i: int) -> Reading | None:
    """Read at token ``i``, ranges, scores and signs included."""
    kind = line.kinds[i]
    if kind == MARK:
        sign = sign_before(line, i) if line.tokens[i] in ("-", MINUS) else ""
        if sign:
            number = read_one(line, line.skip_space(i + 1))
            if number is not None:
                after = line.tokens[line.skip_space(number.end)]
                if after == MINUS:
                    number = ranges.join(line, i + 1, number, read_one)
                if number.rule == "temperature" or after.startswith(DEGREE):
                    sign = BELOW_ZERO
                return Reading(number.end, f"{sign} {number.spoken}", "negative")
    reading = read_one(line, i)
    if reading is not None and (kind in _NUMERIC or kind == MARK or reading.rule == "currency"):
        return ranges.join(line, i, reading, read_one)
    return reading


def _skip_word(line: Line, i: int) -> bool:
    """Whether word ``i`` stands free, with nothing after it that could concern it."""
    kind = line.kinds[i + 1]
    if kind == SPACE:
        return len(line.tokens[i]) > _SHORT_WORD or line.kinds[i + 2] not in _NUMERIC
    if kind == MARK:
        return line.tokens[i + 1] not in ("/", ".")
    return line.tokens[i] in glued_prefixes()


def speak(line: Line, out: list[str], note: Note | None = None) -> None:
    """Append the spoken form of a line to ``out``, reporting every reading to ``note``."""
    tokens, kinds, size = line.tokens, line.kinds, line.size
    i = 0
    # Whether the next thing joins what was said last, or must be parted from it.
    glue = False
    part = False
    while i < size:
        kind = kinds[i]
        token = tokens[i]
        if kind == WORD and kinds[i + 1] == SPACE and kinds[i + 2] == WORD:
            # Most of a text: a word before another one, which concerns no rule.
            if part:
                out.append(" ")
            out += (token, tokens[i + 1])
            part = glue = False
            i += 2
            continue
        if kind == SPACE or (kind == WORD and _skip_word(line, i)):
            reading = None
        elif kind == NUMBER and is_plain(line, i):
            reading = Reading(i + 1, number_words(token, line.policy), "number")
        else:
            reading = read_at(line, i)
        if reading is None:
            if part and kind != SPACE and kind != MARK:
                out.append(" ")
            out.append(token)
            part = glue = False
            i += 1
            if kind == WORD and (kinds[i] != SPACE or token in DETACHABLE):
                i, glue, part = _prefix(line, i, out, note)
            continue
        spoken = reading.spoken
        if part and not glue:
            out.append(" ")
        out.append(spoken or " ")
        if note is not None:
            note(i, reading.end, reading.rule, spoken)
        glue = spoken.endswith((" በ", " ለ", " ከ"))
        i = reading.end
        if glue:
            i = line.skip_space(i)
        part = not glue


def _prefix(line: Line, i: int, out: list[str], note: Note | None) -> tuple[int, bool, bool]:
    """After a word that ends before token ``i``: (next token, joined to it, parted from it)."""
    word = line.tokens[i - 1]
    kind = line.kinds[i]
    if kind in (NUMBER, GEEZ, LATIN) or (kind == MARK and _starts_number(line, i)):
        glued = word in glued_prefixes()
        return i, glued, not glued
    if line.tokens[i] == MINUS and line.kinds[i + 1] in _NUMERIC and word in glued_prefixes():
        # ከ−5: a real minus sign.
        if note is not None:
            note(i, i + 1, "negative", NEGATIVE[line.policy.negative])
        out.append(NEGATIVE[line.policy.negative])
        return i + 1, False, True
    if line.tokens[i] == "-" and line.kinds[i + 1] in (NUMBER, GEEZ, LATIN):
        # በ-2015, የ-USB; and ኮቪድ-19, where the hyphen only joins.
        if word in glued_prefixes():
            if note is not None:
                note(i, i + 1, "hyphen", "")
            return i + 1, True, False
        return i, False, False
    if line.tokens[i] == " " and word in DETACHABLE and _number_next(line, i + 1):
        if note is not None:
            note(i, i + 1, "detached prefix", "")
        return i + 1, True, False
    return i, False, False


def _starts_number(line: Line, i: int) -> bool:
    return line.tokens[i] in ("$", "€", "£", "¥", "%", "½", "¼", "¾", "+") and bool(line.tokens[i])


def _number_next(line: Line, i: int) -> bool:
    if line.kinds[i] in _NUMERIC:
        return True
    return _starts_number(line, i) and line.kinds[i + 1] in _NUMERIC
