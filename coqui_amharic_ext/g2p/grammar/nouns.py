"""Listed nouns with their written_affixes.

A word's affixes say where a noun in it may begin and end; each such stretch is looked up.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final, Literal, NamedTuple

from coqui_amharic_ext.g2p.grammar import affixes, lexicon, written_affixes
from coqui_amharic_ext.g2p.phonology.coding import VOWELS, decode, encode
from coqui_amharic_ext.g2p.phonology.epenthesis import speak

CLITIC_COSTS: Final = {"": 0.0, "m": 0.3, "n": 0.3, "na": 0.5, "s": 2.5}
"""How much less likely each clitic makes a reading, by what is written of it."""

_NOUN: Final = affixes.NOUN_C | affixes.NOUN_V
_LONG: Final = 4
_HEAD: Final = 3
_GLOTTAL: Final = "ʔ"
_PERSON: Final = "əɲa"
_AFTER_VOWEL: Final = affixes.NOUN_V
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


class Start(NamedTuple):
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
    """Return listed words that take nominal affixes; each is made a :class:`Noun` when met.

    A person in -əɲːa loses its -a before plural and abstract suffixes (bəʃːɨtəɲːot͡ʃː,
    bəʃːɨtəɲːɨnːət): that stem is listed too.
    """
    found: dict[str, lexicon.Entry | Noun] = {}
    for key, entry in lexicon.words().items():
        if entry.pos in lexicon.NOMINAL:
            found[key] = entry
            if key[-3:] == _PERSON and entry.ipa[-3:] == "ɲːa":
                stem = key[:-1]
                if stem not in lexicon.words():
                    found[stem] = entry._replace(ipa=entry.ipa[:-1])
    return found


@lru_cache(maxsize=1)
def _heads() -> frozenset[str]:
    """Return the first letters of the listed nouns."""
    return frozenset([noun[:_HEAD] for noun in table()])


class Cut(NamedTuple):
    """Where a noun may end, and what follows: after a consonant, and after a vowel."""

    stretch: slice
    after_consonant: tuple[_Tail, ...]
    after_vowel: tuple[_Tail, ...]


@cache
def starts(prefix: str) -> tuple[Start, ...]:
    """Return the prepositions of a word whose longest prefix is given, and none."""
    return tuple(
        Start(
            edge.size,
            affix.cost,
            affix.spoken,
            speak(affix.spoken) if affix.spoken[-1:] in VOWELS or not affix.spoken else None,
            affix.stem == "a",
        )
        for edge in written_affixes.prefixes().known[prefix]
        for affix in edge.affixes
        if affix.takes & _NOUN and not (affix.stem == "a" and affix.spoken[-1:] == "ʔ")
    )


def cuts(suffix: str, clitic: str, before_clitic: str) -> tuple[Cut, ...]:
    """Return where a noun may end in a word.

    Parameters
    ----------
    suffix : str
        The word's longest suffix.
    clitic, before_clitic : str
        The clitic that it may have, and its longest suffix without it.
    """
    known = written_affixes.suffixes().known
    endings = [edge.written for edge in known[suffix]]
    if clitic:
        endings += [edge.written + clitic for edge in known[before_clitic]]
    found = []
    for ending in dict.fromkeys(endings):
        tails = _tails_of(ending)
        by_host = [
            tuple(t for t in tails if t.takes == one) for one in (affixes.NOUN_C, affixes.NOUN_V)
        ]
        if tails:
            found.append(Cut(slice(None, -len(ending) or None), *by_host))
    return tuple(found)


@lru_cache(maxsize=_MEMO_SIZE)
def _tails_of(written: str) -> tuple[_Tail, ...]:
    """Return what is left of a word after a noun as suffix and clitic, if it is that."""
    found = []
    for clitic, spoken_clitic in (("", ""), *affixes.clitics().items()):
        if not written.endswith(clitic):
            continue
        body = written[: len(written) - len(clitic)]
        for affix in written_affixes.suffixes().every.get(body, ()):
            takes = affix.takes & _NOUN
            if not takes:
                continue
            for one in (affixes.NOUN_C, affixes.NOUN_V):
                if takes & one:
                    spoken = _attach(affix.spoken, spoken_clitic, one == affixes.NOUN_V)
                    found.append(_tail(affix.cost + CLITIC_COSTS[clitic], one, spoken))
    return tuple(sorted(found))


def _attach(suffix: str, clitic: str, after_vowel: bool) -> str:
    if not clitic:
        return suffix
    if suffix:
        return affixes.attach(suffix, clitic)
    return clitic if after_vowel else "ɨ" + clitic


def _tail(cost: float, takes: int, spoken: str) -> _Tail:
    """Return a tail with its IPA, if no ɨ in it or before it depends on the noun."""
    opens = spoken[:1] in VOWELS and spoken[:1] != "ɨ"
    if not spoken:
        return _Tail(cost, takes, "", "", False)
    if spoken[0] in VOWELS:
        return _Tail(cost, takes, spoken, speak(spoken), opens)
    second = spoken.replace("ː", "")[1:2]
    closed = takes == affixes.NOUN_V and spoken[0] != "ʷ" and (not second or second in VOWELS)
    return _Tail(cost, takes, spoken, speak("a" + spoken)[1:] if closed else None, False)


def _noun(written: str, entry: lexicon.Entry) -> Noun:
    """Return a noun's forms; a last ɨ falls where a vowel opens the syllable (mɨdɨɾ, mɨdɾu)."""
    spoken = encode(entry.ipa)
    short = _LAST_VOWEL.sub("", spoken)
    takes = affixes.NOUN_V if written[-1] in VOWELS else affixes.NOUN_C
    return Noun(takes, spoken, short, entry.ipa, entry.ipa if short == spoken else decode(short))


def readings(
    coded: str,
    prepositions: tuple[Start, ...],
    cuts: tuple[Cut, ...],
    everything: bool,
    found: list[Candidate],
) -> str:
    """Add the readings of a word as a listed noun.

    Parameters
    ----------
    coded : str
        The word, one character per phone.
    prepositions : tuple of Start
        Those it may have.
    cuts : tuple of Cut
        Where the noun may end.
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
    nouns, heads = table(), _heads()
    clear = ""
    for start in prepositions:
        size = start[0]
        if clear and not everything and min(found)[0] <= start[1]:
            break
        if start[4]:
            if coded[size : size + 1] != "a":
                continue
            rest = _GLOTTAL + coded[size:]
        else:
            rest = coded[size:] if size else coded
        if rest[:_HEAD] not in heads and rest[: _HEAD - 1] not in heads:
            continue
        here = ""
        for stretch, after_consonant, after_vowel in [c for c in cuts if rest[c[0]] in nouns]:
            written = rest[stretch]
            noun = nouns[written]
            if not isinstance(noun, Noun):
                noun = nouns[written] = _noun(written, noun)
            tails = after_vowel if noun[0] == _AFTER_VOWEL else after_consonant
            if tails:
                _put(noun, start, tails, found)
                if (not size or len(written) >= _LONG) and (
                    not here or len(written) < min(len(here), _LONG)
                ):
                    here = written
        clear = here or clear
    return clear


def _put(noun: Noun, start: Start, tails: tuple[_Tail, ...], found: list[Candidate]) -> None:
    _, spoken, shortened, ipa, ipa_shortened = noun
    _, cost, before, before_ipa, lost = start
    for tail_cost, _, after, after_ipa, opens in tails:
        middle, middle_ipa = (shortened, ipa_shortened) if opens else (spoken, ipa)
        if lost:
            middle, middle_ipa = middle[1:], middle_ipa[1:]
        whole = ""
        if after_ipa is not None:
            if before_ipa is not None:
                whole = before_ipa + middle_ipa + after_ipa
            elif lost:
                whole = speak(before + "a")[:-1] + middle_ipa + after_ipa
        found.append((cost + tail_cost, before + middle + after, "lexicon", whole))
