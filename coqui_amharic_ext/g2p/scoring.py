"""Phone and word error rates, with and without length marks.

Transcriptions by different hands differ in symbols that say the same thing, so both sides are
folded before they are compared: ties and other combining marks, stress and syllable marks, r/ɾ,
g/ɡ, β/b, x and ħ/h, ʕ/ʔ, near vowels, the order of modifiers (ʼ ʷ ː), t͡sʼ/sʼ, an ejective or
k ɡ h followed by w/its labialised phone, the closure length of affricates, doubled letters/length
(not across a space or a glottal stop), and every glottal stop, which Amharic spelling and speech
do not tell from its absence.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from rapidfuzz.distance import Levenshtein

_VOWELS: Final = frozenset("aeiouɨə")
_SAME: Final = {
    "g": "ɡ",
    "r": "ɾ",
    "β": "b",
    "x": "h",
    "ħ": "h",
    "ʕ": "ʔ",
    "ɐ": "a",
    "ɛ": "e",
    "ɪ": "i",
    "ʊ": "u",
    "ɔ": "o",
    ":": "ː",
    "ˑ": "ː",
    "`": "ʼ",
    "'": "ʼ",
    "’": "ʼ",
    "ˀ": "ʼ",
    "ʧ": "tʃ",
    "ʤ": "dʒ",
    "ʦ": "ts",
}
_SILENT: Final = frozenset("ʰˈˌ.‿")
_MODIFIERS: Final = frozenset("ʼʷʲː")
_GAP: Final = ""


@dataclass(slots=True)
class _Phone:
    """A base symbol with its modifiers; the gap between words has no base."""

    base: str
    ejective: bool = False
    secondary: str = ""
    long: bool = False

    def text(self, length: bool) -> str:
        return (
            self.base
            + ("ʼ" if self.ejective else "")
            + self.secondary
            + ("ː" if length and self.long else "")
        )


def _symbols(ipa: str) -> str:
    """Return ``ipa`` without combining marks, in one set of symbols."""
    decomposed = unicodedata.normalize("NFD", ipa).replace("a\u0308", "ə")
    bare = (c for c in decomposed if c not in _SILENT and not unicodedata.combining(c))
    return "".join(_SAME.get(c, c) for c in bare)


def _read(ipa: str) -> Iterator[_Phone]:
    """Yield phones with their modifiers in whatever order they stand, and gaps."""
    current: _Phone | None = None
    for symbol in _symbols(ipa):
        if symbol in _MODIFIERS:
            if current is not None and current.base:
                if symbol == "ʼ":
                    current.ejective = True
                elif symbol == "ː":
                    current.long = True
                else:
                    current.secondary = current.secondary or symbol
            continue
        if current is not None:
            yield current
            current = None
        if symbol.isspace():
            current = _Phone(_GAP)
        elif symbol.isalnum() or symbol == "_":
            current = _Phone(symbol)
    if current is not None:
        yield current


def _can_close(phone: _Phone, base: str, ejective: bool) -> bool:
    """Whether a phone is the first half of a doubled closure."""
    return phone.base == base and not phone.secondary and (ejective or not phone.ejective)


def _affricates(phones: list[_Phone]) -> list[_Phone]:
    """Join t+ʃ, d+ʒ and ejective t+s; length and ejection of the closure go to the whole."""
    joined: list[_Phone] = []
    for phone in phones:
        before = joined[-1] if joined else None
        closure = {"ʃ": "t", "ʒ": "d"}.get(phone.base)
        ejective_s = phone.base == "s" and phone.ejective
        if before is None or before.secondary or before.base != (closure or "t"):
            joined.append(phone)
            continue
        if (not closure and not ejective_s) or (closure != "t" and before.ejective):
            joined.append(phone)
            continue
        joined.pop()
        plain = not before.ejective and not before.long
        doubled = plain and bool(joined) and _can_close(joined[-1], before.base, closure == "t")
        if doubled:
            first = joined.pop()
            phone.ejective |= first.ejective
        phone.ejective |= before.ejective
        phone.long |= before.long or doubled
        phone.base = phone.base if ejective_s else before.base + phone.base
        joined.append(phone)
    return joined


def _labialised(phones: list[_Phone]) -> list[_Phone]:
    """Read k ɡ h or an ejective, then w, then a vowel, as the labialised consonant."""
    joined: list[_Phone] = []
    for position, phone in enumerate(phones):
        before = joined[-1] if joined else None
        after = phones[position + 1] if position + 1 < len(phones) else None
        if (
            phone.text(length=True) == "w"
            and before is not None
            and not before.secondary
            and (before.ejective or before.base in ("k", "ɡ", "h"))
            and after is not None
            and after.base in _VOWELS
        ):
            before.secondary = "ʷ"
        else:
            joined.append(phone)
    return joined


def fold(ipa: str, *, length: bool) -> list[str]:
    """Fold IPA to comparable phones.

    Parameters
    ----------
    ipa : str
        IPA in any common convention.
    length : bool
        Whether to keep length marks.

    Returns
    -------
    list of str
        One item per phone; a long phone ends in ``ː``.
    """
    phones = _labialised(_affricates(list(_read(ipa))))
    merged: list[_Phone] = []
    apart = True
    for phone in phones:
        if phone.base == _GAP or phone.text(length=False) == "ʔ":
            apart = True
            continue
        before = merged[-1] if merged else None
        if (
            not apart
            and before is not None
            and phone.base not in _VOWELS
            and phone.text(False) in (before.text(False), before.text(False) + "ʼ")
        ):
            phone.long = True
            merged[-1] = phone
            continue
        apart = False
        merged.append(phone)
    return [phone.text(length) for phone in merged]


def edit_distance(first: Sequence[str], second: Sequence[str]) -> int:
    """Return the least number of insertions, deletions and substitutions (Levenshtein)."""
    return Levenshtein.distance(first, second)


@dataclass(frozen=True)
class ErrorRate:
    """Phone errors of the gold's phones, and wrong words of the words scored.

    ``per`` and ``wer`` are the phone and the word error rate in per cent, 0 where nothing was
    scored.
    """

    phone_errors: int
    phones: int
    wrong_words: int
    words: int
    per: float = field(init=False)
    wer: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "per", 100 * self.phone_errors / max(1, self.phones))
        object.__setattr__(self, "wer", 100 * self.wrong_words / max(1, self.words))


def score(
    gold: Mapping[str, Sequence[str]], hypotheses: Mapping[str, str], *, length: bool
) -> ErrorRate:
    """Score hypotheses against gold pronunciations.

    Parameters
    ----------
    gold : mapping of str to sequence of str
        Each word's pronunciations; the one nearest to the hypothesis counts.
    hypotheses : mapping of str to str
        Each word's transcription; a missing word counts as empty.
    length : bool
        Whether length marks count.
    """
    errors = phones = wrong = 0
    for word, pronunciations in gold.items():
        guess = fold(hypotheses.get(word, ""), length=length)
        distance, size = nearest(pronunciations, guess, length=length)
        errors += distance
        phones += size
        wrong += distance > 0
    return ErrorRate(errors, phones, wrong, len(gold))


def nearest(
    pronunciations: Sequence[str], guess: Sequence[str], *, length: bool
) -> tuple[int, int]:
    """Return the distance to the nearest pronunciation, relative to its size, and that size."""
    folded = (fold(pronunciation, length=length) for pronunciation in pronunciations)
    found = ((edit_distance(target, guess), len(target)) for target in folded)
    return min(found, key=lambda pair: pair[0] / max(1, pair[1]))


def edits(target: Sequence[str], guess: Sequence[str]) -> list[tuple[str, str]]:
    """Return the edits that turn a guess into its target, as (wanted, given); ``""`` is nothing."""
    return [
        (
            "" if edit.tag == "delete" else target[edit.dest_pos],
            "" if edit.tag == "insert" else guess[edit.src_pos],
        )
        for edit in Levenshtein.editops(guess, target)
    ]
