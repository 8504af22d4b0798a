"""Listed nouns with their affixes.

The nouns that a word may begin with, after each preposition it may have, are found by their first
letters; what is left must be a suffix.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from coqui_amharic_ext.g2p import affixes, lexicon
from coqui_amharic_ext.g2p import inflection as infl
from coqui_amharic_ext.g2p.epenthesis import speak
from coqui_amharic_ext.g2p.symbols import VOWELS, decode, encode

CLITIC_COSTS: Final = {"": 0.0, "m": 0.3, "n": 0.3, "na": 0.5, "s": 2.5}
"""How much less likely each clitic makes a reading, by what is written of it."""

_NOUN: Final = infl.NOUN_C | infl.NOUN_V
_FIRST: Final = 4
_LENGTHS: Final = (4, 3, 2)
_LONG: Final = 4
_MEMO_SIZE: Final = 1 << 13
_LAST_VOWEL: Final = re.compile("(?<=[əuiaeɨo][^əuiaeɨoːʷ])ɨ(?=[^əuiaeɨoːʷ]$)")

Layer = Literal["lexicon", "paradigm", "rules"]
Candidate = tuple[float, str, Layer, str]
"""Cost, spoken form, layer, and the IPA if the affixes put no consonants together."""


class Noun(NamedTuple):
    """A listed noun: how it is spoken before a consonant and before a vowel, and what it takes."""

    takes: int
    spoken: str
    shortened: str
    ipa: str
    ipa_shortened: str


class _Start(NamedTuple):
    """A preposition."""

    size: int
    cost: float
    spoken: str
    ipa: str | None
    before_a: bool


class _Tail(NamedTuple):
    """A suffix, with or without a clitic."""

    cost: float
    takes: int
    spoken: str
    ipa: str | None
    opens: bool


@lru_cache(maxsize=1)
def table() -> dict[str, lexicon.Entry | Noun]:
    """Return listed words that take nominal affixes; each is made a :class:`Noun` when met."""
    return {k: e for k, e in lexicon.words().items() if e.pos in lexicon.NOMINAL}


@lru_cache(maxsize=1)
def _by_first_letters() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for noun in table():
        found.setdefault(noun[:_FIRST], []).append(noun)
    return found


_starts: dict[str, tuple[_Start, ...]] = {}
_tails: dict[str, tuple[_Tail, ...]] = {}


def _starts_of(prefix: str) -> tuple[_Start, ...]:
    """Return the prepositions of a word whose longest prefix is given, and none."""
    result = _starts[prefix] = tuple(
        _Start(
            edge.size,
            affix.cost,
            affix.spoken,
            speak(affix.spoken) if affix.spoken[-1:] in VOWELS or not affix.spoken else None,
            affix.stem == "a",
        )
        for edge in affixes.prefixes().known[prefix]
        for affix in edge.affixes
        if affix.takes & _NOUN and not (affix.stem == "a" and affix.spoken[-1:] == "ʔ")
    )
    return result


def _tails_of(written: str) -> tuple[_Tail, ...]:
    """Return what is left of a word after a noun as suffix and clitic, if it is that."""
    found = []
    for clitic, spoken_clitic in (("", ""), *infl.clitics().items()):
        if not written.endswith(clitic):
            continue
        body = written[: len(written) - len(clitic)]
        for affix in affixes.suffixes().every.get(body, ()):
            takes = affix.takes & _NOUN
            if not takes:
                continue
            for one in (infl.NOUN_C, infl.NOUN_V):
                if takes & one:
                    spoken = _attach(affix.spoken, spoken_clitic, one == infl.NOUN_V)
                    found.append(_tail(affix.cost + CLITIC_COSTS[clitic], one, spoken))
    if len(_tails) >= _MEMO_SIZE:
        _tails.clear()
    result = _tails[written] = tuple(sorted(found))
    return result


def _attach(suffix: str, clitic: str, after_vowel: bool) -> str:
    if not clitic:
        return suffix
    if suffix:
        return infl.attach(suffix, clitic)
    return clitic if after_vowel else "ɨ" + clitic


def _tail(cost: float, takes: int, spoken: str) -> _Tail:
    """Return a tail with its IPA, if no ɨ in it or before it depends on the noun."""
    opens = spoken[:1] in VOWELS and spoken[:1] != "ɨ"
    if not spoken:
        return _Tail(cost, takes, "", "", False)
    if spoken[0] in VOWELS:
        return _Tail(cost, takes, spoken, speak(spoken), opens)
    second = spoken.replace("ː", "")[1:2]
    closed = takes == infl.NOUN_V and spoken[0] != "ʷ" and (not second or second in VOWELS)
    return _Tail(cost, takes, spoken, speak("a" + spoken)[1:] if closed else None, False)


def _noun(written: str, entry: lexicon.Entry) -> Noun:
    """Return a noun's forms; a last ɨ falls where a vowel opens the syllable (mɨdɨɾ, mɨdɾu)."""
    spoken = encode(entry.ipa)
    short = _LAST_VOWEL.sub("", spoken)
    takes = infl.NOUN_V if written[-1] in VOWELS else infl.NOUN_C
    return Noun(takes, spoken, short, entry.ipa, entry.ipa if short == spoken else decode(short))


def readings(coded: str, prefix: str, everything: bool, found: list[Candidate]) -> str:
    """Add the readings of a word as a listed noun.

    Parameters
    ----------
    coded, prefix : str
        The word, one character per phone, and its longest prefix.
    everything : bool
        Whether to go on where a reading without a preposition cannot be beaten by one with it.
    found : list of Candidate
        What to add to.

    Returns
    -------
    str
        The noun, as it is written, if it stands there without a preposition or is so long that
        preposition and noun together are hardly anything else; "" otherwise.
    """
    first_letters = _by_first_letters()
    clear = ""
    for size, cost, spoken, ipa, before_a in _starts.get(prefix) or _starts_of(prefix):
        if clear and not everything and min(found)[0] <= cost:
            break
        rest = coded[size:] if size else coded
        lost = ""
        if before_a:
            if rest[:1] != "a":
                continue
            rest, lost = "ʔ" + rest, "ʔ"
        for length in _LENGTHS:
            for written in first_letters.get(rest[:length], ()):
                if not rest.startswith(written):
                    continue
                left = rest[len(written) :]
                tails = _tails.get(left)
                if tails is None:
                    if not _may_be_tail(left):
                        continue
                    tails = _tails_of(left)
                if (
                    tails
                    and _put(written, spoken, ipa, lost, cost, tails, found)
                    and (not size or len(written) >= _LONG)
                ):
                    clear = written
    return clear


def _may_be_tail(left: str) -> bool:
    every = affixes.suffixes().every
    return left in every or (left[-1] in "mnas" and (left[:-1] in every or left[:-2] in every))


def _put(
    written: str,
    before: str,
    before_ipa: str | None,
    lost: str,
    cost: float,
    tails: tuple[_Tail, ...],
    found: list[Candidate],
) -> bool:
    nouns = table()
    noun = nouns[written]
    if not isinstance(noun, Noun):
        noun = nouns[written] = _noun(written, noun)
    takes, spoken, shortened, ipa, ipa_shortened = noun
    done = False
    for tail_cost, tail_takes, after, after_ipa, opens in tails:
        if tail_takes != takes:
            continue
        done = True
        middle, middle_ipa = (shortened, ipa_shortened) if opens else (spoken, ipa)
        if lost:
            middle, middle_ipa = middle[1:], middle_ipa[1:]
        whole = ""
        if before_ipa is not None and after_ipa is not None:
            whole = before_ipa + middle_ipa + after_ipa
        elif lost and after_ipa is not None:
            whole = speak(before + "a")[:-1] + middle_ipa + after_ipa
        found.append((cost + tail_cost, before + middle + after, "lexicon", whole))
    return done
