"""Latin-script words: spelled, looked up, or transliterated into Ethiopic letters.

``data/latin_words.tsv`` has the names and terms that Amharic text leaves in Latin script, in the
spelling of the Amharic press. Other words go through ``data/latin_sounds.tsv``, letter groups
(English spelling values) to consonant and vowel, from which syllables are built; a Latin letter is
never looked up in a table of Ethiopic letters one for one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Final, NamedTuple

from coqui_amharic_ext.io.tables import mapping, rows
from coqui_amharic_ext.text import fidel
from coqui_amharic_ext.text.affixes import attach_suffix, fits_word
from coqui_amharic_ext.text.cardinals import number_words, ordinal
from coqui_amharic_ext.text.homophones import fold_homophones
from coqui_amharic_ext.text.policy import TextPolicy
from coqui_amharic_ext.text.scanner import LATIN, WORD, Line, Reading

_VOWELS: Final = frozenset("aeiouy")
_CAPITAL_WORD: Final = 6
_MOST_INITIALS: Final = 12
#: Shorter words keep their capitals: "Fi" is half of Wi-Fi, "fi" is not.
_SHORTEST_NAME: Final = 3
_LONGEST_WORD: Final = 40
_CAMEL: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_DOUBLED: Final = re.compile(r"([a-df-np-z])\1")
#: y between consonants or at the end is a vowel.
_VOWEL_Y: Final = re.compile(r"(?<=[b-df-hj-np-tv-z])y(?![aeiou])")
_TRIPLED: Final = re.compile(r"(.)\1{2,}")
#: Orders of the vowels that latin_sounds.tsv writes as letters of the vowel carrier.
_CARRIER: Final = "አ"


@cache
def letter_names() -> dict[str, str]:
    """Names of the Latin letters, by capital."""
    return mapping("text/data/latin_letters.tsv", "letter", "spoken")


@cache
def _words() -> dict[str, str]:
    return mapping("text/data/latin_words.tsv", "written", "spoken")


class _Group(NamedTuple):
    """A letter group: where it may stand and how it sounds."""

    letters: str
    at_start: bool
    at_end: bool
    sound: str


@cache
def _groups() -> dict[str, tuple[_Group, ...]]:
    """Letter groups by first letter, the longest and those bound to an edge first."""
    by_letter: dict[str, list[_Group]] = {}
    for written, sound in rows("text/data/latin_sounds.tsv", "written", "sound"):
        letters = written.strip("^$")
        group = _Group(letters, written[0] == "^", written[-1] == "$", sound)
        by_letter.setdefault(letters[0], []).append(group)
    return {
        letter: tuple(sorted(groups, key=lambda g: (-len(g.letters), not g.at_start, not g.at_end)))
        for letter, groups in by_letter.items()
    }


def _known(word: str) -> str | None:
    """Look a word up, whatever its capitals."""
    table = _words()
    known = table.get(word) or table.get(word.lower())
    if known is None and len(word) > _SHORTEST_NAME:
        known = table.get(word.capitalize())
    return known


def is_known(word: str) -> bool:
    """Whether the table has the word."""
    return _known(word) is not None


def _ascii(word: str) -> str:
    """Strip diacritics and apostrophes; drop letters that have no plain form."""
    if word.isascii() and word.isalpha():
        return word
    plain = unicodedata.normalize("NFKD", word).translate(_SPECIAL)
    return "".join(c for c in plain if c.isascii() and c.isalpha())


_SPECIAL: Final = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "ł": "l",
     "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ı": "i", "ə": "e",
     "Ə": "E", "ŋ": "ng", "Ŋ": "Ng"}
)  # fmt: skip


def spell(word: str, policy: TextPolicy) -> str:
    """Say a word letter by letter."""
    return _spell(word, policy.acronyms)


def _spell(word: str, acronyms: str) -> str:
    names = letter_names()
    return (" " if acronyms == "spaced" else "").join(names[c] for c in _ascii(word).upper())


def _segments(word: str) -> Iterator[str]:
    """Sounds of the longest letter groups of a lower-case word, from left to right."""
    groups = _groups()
    i, size = 0, len(word)
    while i < size:
        for letters, at_start, at_end, sound in groups[word[i]]:
            if (
                word.startswith(letters, i)
                and not (at_start and i)
                and not (at_end and i + len(letters) < size)
            ):
                yield sound
                i += len(letters)
                break
        else:
            i += 1


@lru_cache(maxsize=4096)
def transliterate(word: str) -> str:
    """Write a Latin word in Ethiopic letters by its letter groups.

    Examples
    --------
    >>> transliterate("Selam")
    'ሴላም'
    """
    plain = _ascii(word).lower()
    # A doubled letter is written once, but ee and oo are separate vowels. A very long run is
    # no word: its head is said.
    plain = _DOUBLED.sub(r"\1", _TRIPLED.sub(r"\1\1", plain[:_LONGEST_WORD]))
    plain = _VOWEL_Y.sub("i", plain)
    out: list[str] = []
    for sound in "".join(_segments(plain)):
        carrier = fidel.series(sound) == fidel.series(_CARRIER)
        if not carrier:
            out.append(sound)
        elif not out:
            # አ is said with /a/ where it stands alone.
            out.append("አ" if sound == "ኣ" else sound)
        elif fidel.order(out[-1]) == fidel.SADIS:
            out[-1] = fidel.with_order(out[-1], fidel.order(sound))
        else:
            # A glide parts two vowels: after a rounded one w, otherwise y.
            glide = "ው" if fidel.order(out[-1]) in (fidel.U, fidel.O) else "ይ"
            out.append(fidel.with_order(glide, fidel.order(sound)))
    return "".join(out)


def _is_acronym(word: str) -> bool:
    plain = _ascii(word)
    if len(plain) <= 1 or not _VOWELS.intersection(plain.lower()):
        return True
    capitals = sum(c.isupper() for c in plain)
    return capitals == len(plain) and len(plain) < _CAPITAL_WORD


def say_latin(word: str, policy: TextPolicy) -> str:
    """Say a Latin word under the policy; ``""`` when it has no letter that can be said."""
    if policy.latin == "spell":
        return spell(word, policy)
    if policy.latin == "transliterate":
        return transliterate(word)
    return _say_word(word, policy.acronyms)


@lru_cache(maxsize=8192)
def _say_word(word: str, acronyms: str) -> str:
    stem = word[:-2] if word[-2:] in ("'s", "'S") else word
    known = _known(stem)
    if known is not None:
        return known
    if _is_acronym(stem):
        return _spell(stem, acronyms)
    parts = _CAMEL.findall(_ascii(stem))
    if 1 < len(parts) <= 6 and not stem.isupper() and all(len(part) > 1 for part in parts):
        return " ".join(_say_word(part, acronyms) for part in parts)
    return transliterate(stem)


def _dotted(line: Line, i: int) -> tuple[int, str] | None:
    """Read U.S.A., Ph.D., Dr.: table words with dots, and single letters: (end, spoken)."""
    tokens, kinds = line.tokens, line.kinds
    if tokens[i + 1] != ".":
        return None
    parts = [tokens[i]]
    j = i + 1
    while (
        tokens[j] == "."
        and kinds[j + 1] == LATIN
        and len(tokens[j + 1]) <= 2
        and len(parts) < _MOST_INITIALS
    ):
        parts.append(tokens[j + 1])
        j += 2
    end = j + 1 if tokens[j] == "." else j
    if len(parts) == 1:
        known = _words().get(parts[0] + ".")
        return None if known is None else (end, known)
    known = _words().get(".".join(parts))
    if known is None and any(len(part) > 1 for part in parts):
        return None
    return end, known or _words().get("".join(parts)) or spell("".join(parts), line.policy)


_ROMAN: Final = re.compile("(?:X{0,3})(?:IX|IV|V?I{0,3})")
_ROMAN_DIGITS: Final = {"I": 1, "V": 5, "X": 10}
_PARTS: Final = frozenset(
    fold_homophones(part)
    for part in ("ክፍል", "ምዕራፍ", "ቅጽ", "ደረጃ", "ሠንጠረዥ", "ቁጥር", "ምድብ", "ሥዕል", "አባሪ")
)


def read_roman(line: Line, i: int) -> Reading | None:
    """Read a Roman numeral after a word: of a ruler the ordinal (ምኒልክ ሁለተኛ), of a part the number.

    One letter is a numeral after the name of a part only (ክፍል I).
    """
    written, before = line.tokens[i], line.before(i)
    if not before or line.policy.latin in ("keep", "spell") or not _ROMAN.fullmatch(written):
        return None
    part = fold_homophones(before) in _PARTS
    if not part and len(written) == 1:
        return None
    values = [_ROMAN_DIGITS[letter] for letter in written]
    value = sum(
        -here if here < after else here
        for here, after in zip(values, [*values[1:], 0], strict=True)
    )
    said = number_words(str(value), line.policy)
    return Reading(i + 1, said if part else ordinal(value, line.policy), "Roman numeral")


def read_latin(line: Line, i: int) -> Reading | None:
    """Read a Latin word, with an Amharic ending that stands right after it."""
    policy = line.policy
    if policy.latin == "keep":
        return None
    tokens, kinds = line.tokens, line.kinds
    end, spoken = _dotted(line, i) or (i + 1, say_latin(tokens[i], policy))
    if spoken and kinds[end] == WORD and fits_word(tokens[end]):
        return Reading(end + 1, attach_suffix(spoken, tokens[end]), "Latin word")
    if spoken and tokens[end] == "-" and kinds[end + 1] == WORD and fits_word(tokens[end + 1]):
        return Reading(end + 2, attach_suffix(spoken, tokens[end + 1]), "Latin word")
    return Reading(end, spoken, "Latin word")
