"""Abbreviations with slashes or dots, prefixes and endings: ለዶ/ር, ት/ቤቱ, ዓ.ም., ቁ. 5.

``data/abbreviations.tsv`` lists them once, with slashes; dots and slashes are accepted for each
other, homophone letters are folded, and spaces after the dots (``እ. ኤ. አ.``) are allowed.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Final, NamedTuple

from coqui_amharic_ext.io.tables import rows
from coqui_amharic_ext.text import fidel
from coqui_amharic_ext.text.affixes import (
    DETACHABLE,
    attach_suffix,
    fits_word,
    free_prefixes,
    glued_prefixes,
)
from coqui_amharic_ext.text.cardinals import ordinal
from coqui_amharic_ext.text.homophones import fold_homophones
from coqui_amharic_ext.text.scanner import GEEZ, NUMBER, WORD, Line, Reading

_MAX_PIECE: Final = 16
_SEPARATORS: Final = frozenset("/.")


class Entry(NamedTuple):
    """One row of the table; ``whole_tail``: its last piece is a whole word."""

    written: str
    last: str
    spoken: str
    whole_tail: bool
    kind: str


class Short(NamedTuple):
    """A short form that only a number after it makes one: the word, and its kind."""

    spoken: str
    kind: str


class Index(NamedTuple):
    """The table by what can be looked up in it."""

    by_stem: dict[str, list[Entry]]
    before_number: dict[str, Short]
    heads: dict[str, str]
    #: What an abbreviation can begin with: every run of its pieces that is not the whole of it.
    openings: frozenset[str]


def _stem(key: str) -> str:
    """Remove the vowel of the key's last letter."""
    return key[:-1] + _bare(key[-1])


def _bare(letter: str) -> str:
    return fidel.with_order(letter, 0) if fidel.in_grid(letter) else letter


@cache
def index() -> Index:
    """Read the table once."""
    by_stem: dict[str, list[Entry]] = {}
    before_number: dict[str, Short] = {}
    heads: dict[str, str] = {}
    openings: set[str] = set()
    for written, spoken, kind in rows("text/data/abbreviations.tsv", "written", "spoken", "kind"):
        key = fold_homophones(written)
        if kind in ("number", "dotted", "book"):
            before_number[key] = Short(spoken, kind)
        elif kind == "head":
            heads[key] = spoken
        else:
            pieces = key.split("/")
            openings.update("/".join(pieces[:count]) + "/" for count in range(1, len(pieces)))
            tail = pieces[-1]
            whole = len(tail) > 1 and fold_homophones(spoken).endswith(tail)
            entry = Entry(written, key[-1], spoken, whole, kind)
            by_stem.setdefault(_stem(key), []).append(entry)
    return Index(by_stem, before_number, heads, frozenset(openings))


@lru_cache(maxsize=8192)
def expand(pieces: tuple[str, ...], keep_era: bool = False, only: str = "") -> str | None:
    """Expand abbreviation pieces (``("ለዶ", "ር")``); ``None`` if they are not in the table."""
    folded = tuple(fold_homophones(piece) for piece in pieces)
    spoken = _with_suffix(pieces, folded, keep_era, only)
    if spoken is not None:
        return spoken
    if only:
        return None
    first = folded[0]
    for length in range(1, min(4, len(first) - 1) + 1):
        prefix = pieces[0][:length]
        if prefix not in glued_prefixes() and prefix not in free_prefixes():
            continue
        rest = _with_suffix(
            (pieces[0][length:], *pieces[1:]), (first[length:], *folded[1:]), keep_era, only
        )
        if rest is not None:
            # A preposition takes the place of the የ that opens a name (ለየኢትዮጵያ is ለኢትዮጵያ).
            if rest[0] == "የ" and prefix in DETACHABLE:
                rest = rest[1:]
            return prefix + (" " if prefix in free_prefixes() else "") + rest
    return None


def _with_suffix(
    pieces: tuple[str, ...], folded: tuple[str, ...], keep_era: bool, only: str
) -> str | None:
    table = index().by_stem
    head = "".join(piece + "/" for piece in folded[:-1])
    written = "".join(piece + "/" for piece in pieces[:-1])
    tail = folded[-1]
    for cut in range(len(tail), 0, -1):
        entries = table.get(head + tail[: cut - 1] + _bare(tail[cut - 1]))
        if entries is None:
            continue
        # ዓ.ዓ and አ.አ fold to one key: what is spelled the same comes first, then what has the same
        # last letter.
        as_written = written + pieces[-1][:cut]
        for entry in sorted(
            entries, key=lambda e: (e.written != as_written, e.last != tail[cut - 1])
        ):
            if (keep_era and entry.kind == "era") or (only and entry.kind != only):
                continue
            spoken = _inflected(entry, tail[cut - 1], pieces[-1][cut:])
            if spoken is not None:
                return spoken
    return None


def _ending_fits(vowel: int, rest: str) -> bool:
    """Whether an ending can begin with this vowel: article (-u, -wa), plural, possessive."""
    if vowel in (fidel.U, fidel.WA):
        return fits_word(rest)
    if vowel == fidel.O:
        return rest[:1] in ("ች", "ቹ", "ቻ")
    return vowel == fidel.A and rest[:2] in ("ችን", "ችሁ", "ቸው")


def _inflected(entry: Entry, letter: str, rest: str) -> str | None:
    """Inflect an entry whose last letter was written ``letter``, with the ending ``rest``."""
    if letter == entry.last:
        if not rest or fits_word(rest):
            return attach_suffix(entry.spoken, rest)
        # ት/ቤታችን, ጠ/ሚኒስትርነት: after a tail that is a whole word any ending may come.
        return entry.spoken + rest if entry.whole_tail and len(rest) <= 4 else None
    # ት/ቤቱ: the vowel of the ending shows on the last letter.
    last = entry.spoken[-1]
    if entry.whole_tail and fidel.order(letter) == fidel.O and rest[:1] in ("ች", "ቹ", "ቻ"):
        # ክ/ከተሞች: the plural takes the place of a final vowel.
        return entry.spoken[:-1] + fidel.with_order(last, fidel.O) + rest
    if (
        not fidel.in_grid(last)
        or not fidel.in_grid(entry.last)
        or fidel.order(entry.last) != fidel.SADIS
    ):
        return None
    if fidel.series(fold_homophones(last)) != fidel.series(entry.last):
        return None
    if entry.whole_tail or _ending_fits(fidel.order(letter), rest):
        return entry.spoken[:-1] + fidel.with_order(last, fidel.order(letter)) + rest
    return None


@lru_cache(maxsize=4096)
def _openings(word: str, only: str) -> list[str]:
    """Find what a first piece can begin, as it stands and without a preposition."""
    folded = fold_homophones(word)
    keys = [folded + "/"]
    if not only:
        keys += [
            folded[length:] + "/"
            for length in range(1, min(4, len(word) - 1) + 1)
            if word[:length] in glued_prefixes() or word[:length] in free_prefixes()
        ]
    return [key for key in keys if key in index().openings]


def _match(line: Line, i: int, only: str = "") -> tuple[int, str] | None:
    """Find the longest abbreviation at word ``i``, of the kind ``only``: (end, spoken)."""
    tokens, kinds = line.tokens, line.kinds
    if tokens[i + 1] not in _SEPARATORS or not tokens[i + 1]:
        return None
    if len(tokens[i]) > _MAX_PIECE:
        return None
    possible = _openings(tokens[i], only)
    pieces = [tokens[i]]
    ends = [i + 1]
    j = i + 1
    while possible and tokens[j] and tokens[j] in _SEPARATORS:
        after = j + 1
        if tokens[j] == "." and tokens[after] == " ":
            # እ. ኤ. አ.: only single letters are spaced out this way.
            if len(tokens[after + 1]) > 1 or len(pieces[-1]) > 2:
                break
            after += 1
        if kinds[after] != WORD or len(tokens[after]) > _MAX_PIECE:
            break
        pieces.append(tokens[after])
        ends.append(after + 1)
        j = after + 1
        piece = fold_homophones(tokens[after])
        possible = [
            begun for begun in (f"{key}{piece}/" for key in possible) if begun in index().openings
        ]
    keep = line.policy.era == "keep"
    for count in range(len(pieces), 1, -1):
        spoken = expand(tuple(pieces[:count]), keep, only)
        if spoken is None and not (keep and expand(tuple(pieces[:count]), False, only)):
            continue
        end = ends[count - 1]
        if tokens[end] == "." and tokens[i + 1] == "." and len(pieces[count - 1]) <= 3:
            end += 1
        return end, "".join(tokens[i:end]) if spoken is None else spoken
    return None


def unit_expansion(line: Line, i: int) -> tuple[int, str] | None:
    """Read a unit of measure with dots or slashes (ኪ.ሜ) at word ``i``: (end, spoken)."""
    return _match(line, i, "unit")


_RECKONING: Final = "አቆጣጠር"


def _before_reckoning(line: Line, i: int, spoken: str) -> str:
    """በእ.ኤ.አ አቆጣጠር: with the word reckoning written out, say only whose it is."""
    said = spoken.removesuffix(_RECKONING).rstrip()
    if said[0] in DETACHABLE and said[1:].startswith("እንደ "):
        return said[0] + said[1:].removeprefix("እንደ ")
    return said.removeprefix("እንደ ") if line.before(i) == "እንደ" else said


_UNDOTTED: Final = {
    "እኤአ": "እንደ አውሮፓውያን አቆጣጠር", "እአአ": "እንደ አውሮፓውያን አቆጣጠር", "እኢአ": "እንደ ኢትዮጵያ አቆጣጠር",
}  # fmt: skip


def _undotted_era(line: Line, i: int) -> tuple[int, str] | None:
    """Read እኤአ and በእኤአ: eras without their dots."""
    word = line.tokens[i]
    prefix = word[:1] if len(word) == 4 and word[0] in DETACHABLE else ""
    era = _UNDOTTED.get(word[len(prefix) :])
    return None if era is None or line.policy.era == "keep" else (i + 1, prefix + era)


def read_abbreviation(line: Line, i: int) -> Reading | None:
    """Read an abbreviation of the table at word ``i``."""
    found = _match(line, i) or _undotted_era(line, i)
    if found is not None:
        end, spoken = found
        prefix, era = spoken[0], spoken[1:]
        if spoken.endswith(_RECKONING) and line.tokens[line.skip_space(end)] == _RECKONING:
            return Reading(end, _before_reckoning(line, i, spoken), "abbreviation")
        if (
            prefix in DETACHABLE
            and era.startswith("እንደ ")
            and line.kinds[line.skip_space(end)] in (NUMBER, GEEZ)
        ):
            # በእ.ኤ.አ. 2001: the preposition belongs to the year.
            return Reading(end, f"{era} {prefix}", "abbreviation")
        return Reading(end, spoken, "abbreviation")
    return _head(line, i) or _initials(line, i)


@cache
def _letter_names() -> frozenset[str]:
    return frozenset(name for (name,) in rows("text/data/latin_letters.tsv", "spoken"))


def _is_initial(word: str) -> bool:
    """Whether a word is one Ethiopic letter, or the name of a Latin one."""
    return len(word) == 1 or word in _letter_names()


def _initials(line: Line, i: int) -> Reading | None:
    """ሀ.ለ.ሐ, ቢ.ቢ.ሲ: letters with dots that the table does not know are read as letters."""
    tokens, kinds = line.tokens, line.kinds
    if tokens[i + 1] != "." or kinds[i + 2] != WORD or not _is_initial(tokens[i + 2]):
        return None
    first = tokens[i]
    if not _is_initial(first) and not (first[0] in glued_prefixes() and _is_initial(first[1:])):
        return None
    letters = [first]
    j = i + 1
    while tokens[j] == "." and kinds[j + 1] == WORD and _is_initial(tokens[j + 1]):
        letters.append(tokens[j + 1])
        j += 2
    if kinds[j] == WORD:
        return None
    return Reading(j + 1 if tokens[j] == "." else j, " ".join(letters), "initials")


def _head(line: Line, i: int) -> Reading | None:
    """ገ/ማርያም, ወ/ሚካኤል: the first half of a name, shortened."""
    pieces = (line.tokens[i], line.tokens[i + 2])
    if line.tokens[i + 1] != "/" or line.kinds[i + 2] != WORD or len(pieces[1]) < 2:
        return None
    if len(pieces[0]) > 4:
        return None
    first = fold_homophones(pieces[0])
    spoken = index().heads.get(first)
    if spoken is None and len(first) > 1 and pieces[0][0] in glued_prefixes():
        spoken = index().heads.get(first[1:])
        if spoken is not None:
            spoken = pieces[0][0] + spoken
    # The name that follows is left to the other rules: it may be shortened too.
    return None if spoken is None else Reading(i + 2, spoken, "abbreviation")


@lru_cache(maxsize=4096)
def _short_form(word: str) -> tuple[str, Short] | None:
    """Find a short form, a one-letter prefix allowed: (prefix, short form)."""
    if len(word) > _MAX_PIECE:
        return None
    folded = fold_homophones(word)
    table = index().before_number
    short = table.get(folded)
    if short is not None:
        return "", short
    if len(word) > 1 and word[0] in glued_prefixes():
        short = table.get(folded[1:])
        if short is not None:
            return word[0], short
    return None


def is_book(word: str) -> bool:
    """Whether a word is the short title of a book of scripture."""
    found = _short_form(word)
    return found is not None and found[1].kind == "book"


def read_before_number(line: Line, i: int) -> Reading | None:
    """ቁ. 5, ቁ.5, ገጽ. 12, ማቴ4፥23: short forms that stand for a word only before a number."""
    found = _short_form(line.tokens[i])
    if found is None:
        return None
    prefix, short = found
    tokens = line.tokens
    end = i + 1
    dotted = tokens[end] in (".", "/", "፡", ":")
    if dotted:
        end += 1
    j = line.skip_space(end)
    if line.kinds[j] not in (NUMBER, GEEZ):
        return None
    # Without its dot ምሳ is lunch, and a book is one only before chapter and verse.
    if (
        not dotted
        and short.kind != "number"
        and not (short.kind == "book" and tokens[j + 1] == ":")
    ):
        return None
    return Reading(end, prefix + short.spoken, "abbreviation before a number")


def read_numbered_book(line: Line, i: int) -> Reading | None:
    """1ቆሮ. 13, 2 ጢሞ. 3: the number of a book of scripture is an ordinal."""
    if line.tokens[i] not in ("1", "2", "3", "4"):
        return None
    j = line.skip_space(i + 1)
    found = _short_form(line.tokens[j])
    if found is None or found[0] or found[1].kind != "book":
        return None
    book = read_before_number(line, j)
    if book is None:
        return None
    return Reading(i + 1, ordinal(int(line.tokens[i]), line.policy), "ordinal")
