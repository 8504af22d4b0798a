"""Listed nouns with their affixes.

A word's affixes say where a noun in it may begin and end; each such stretch is looked up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final, Literal, NamedTuple

from coqui_amharic_ext.g2p.costs import cost
from coqui_amharic_ext.g2p.grammar import affixes, lexicon, written_affixes
from coqui_amharic_ext.g2p.grammar.affixes import NOUN, NOUN_C, NOUN_V
from coqui_amharic_ext.g2p.phonology.coding import VOWELS, decode, encode
from coqui_amharic_ext.g2p.phonology.epenthesis import speak

CLITIC_COSTS: Final = {clitic: cost("clitic", clitic) for clitic in ("", "m", "n", "na", "s")}
"""How much less likely each clitic makes a reading, by what is written of it."""

_LONG: Final = 4
_HEAD: Final = 3
_GLOTTAL: Final = "ʔ"
_PERSON: Final = "əɲa"
_MEMO_SIZE: Final = 1 << 13
_LAST_VOWEL: Final = re.compile("(?<=[əuiaeɨo][^əuiaeɨoːʷ])ɨ(?=[^əuiaeɨoːʷ]$)")

Layer = Literal["lexicon", "paradigm", "rules"]


class Reading(NamedTuple):
    """One way to understand a word.

    Attributes
    ----------
    cost : float
        The less, the likelier.
    spoken : str
        One character per phone, with length; ɨ only where it does not follow from the syllable.
    layer : {"lexicon", "paradigm", "rules"}
        What is known: the whole word or noun, its root, or only its shape.
    ipa : str
        The IPA if the affixes put no consonants together, "" otherwise.
    """

    cost: float
    spoken: str
    layer: Layer
    ipa: str = ""


@dataclass(slots=True, eq=False)
class Noun:
    """A listed noun: the host it is, how it is spoken, and shortened before a vowel."""

    host: int
    spoken: str
    shortened: str
    ipa: str
    ipa_shortened: str


@dataclass(slots=True, eq=False)
class Preposition:
    """A preposition, or none: ``ipa`` only if no noun changes it; whether it wants a noun in a-."""

    size: int
    cost: float
    spoken: str
    ipa: str | None
    before_a: bool


@dataclass(slots=True, eq=False)
class Tail:
    """A suffix with or without a clitic, for one host.

    ``ipa`` is None where an ɨ in it or before it depends on the noun; ``opens`` says whether it
    begins with a vowel that opens the noun's last syllable.
    """

    cost: float
    host: int
    spoken: str
    ipa: str | None
    opens: bool


class Cut(NamedTuple):
    """Where a noun may end, and what follows: after a consonant, and after a vowel."""

    stretch: slice
    after_consonant: tuple[Tail, ...]
    after_vowel: tuple[Tail, ...]


@lru_cache(maxsize=1)
def table() -> dict[str, lexicon.Entry | Noun]:
    """Return listed words that take nominal affixes; each becomes a :class:`Noun` when met.

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


@cache
def prepositions(prefix: str) -> tuple[Preposition, ...]:
    """Return the prepositions of a word whose longest prefix is given, none included."""
    return tuple(
        Preposition(
            written.size,
            affix.cost,
            affix.spoken,
            speak(affix.spoken) if affix.spoken[-1:] in VOWELS or not affix.spoken else None,
            affix.opening == "a",
        )
        for written in written_affixes.prefixes()[prefix]
        for affix in written.affixes
        if affix.hosts & NOUN and not (affix.opening == "a" and affix.spoken[-1:] == _GLOTTAL)
    )


def cuts(suffix: str, clitic: str, suffix_before: str) -> tuple[Cut, ...]:
    """Return where a noun may end in a word.

    Parameters
    ----------
    suffix : str
        The word's longest suffix.
    clitic, suffix_before : str
        The clitic that it may have, and its longest suffix without it.
    """
    every = written_affixes.suffixes()
    endings = [written.written for written in every[suffix]]
    if clitic:
        endings += [written.written + clitic for written in every[suffix_before]]
    found = []
    for ending in dict.fromkeys(endings):
        tails = _tails(ending)
        if tails:
            after_consonant = tuple(tail for tail in tails if tail.host == NOUN_C)
            after_vowel = tuple(tail for tail in tails if tail.host == NOUN_V)
            found.append(Cut(slice(None, -len(ending) or None), after_consonant, after_vowel))
    return tuple(found)


@lru_cache(maxsize=_MEMO_SIZE)
def _tails(written: str) -> tuple[Tail, ...]:
    """Return what the rest of a word after a noun is as suffix and clitic, if it is that."""
    found = []
    for clitic, spoken_clitic in (("", ""), *affixes.clitics().items()):
        if not written.endswith(clitic):
            continue
        body = written[: len(written) - len(clitic)]
        for affix in affixes.suffixes().get(body, ()):
            for host in (NOUN_C, NOUN_V):
                if affix.hosts & host:
                    spoken = _with_clitic(affix.spoken, spoken_clitic, host)
                    found.append(_tail(affix.cost + CLITIC_COSTS[clitic], host, spoken))
    return tuple(found)


def _with_clitic(suffix: str, clitic: str, host: int) -> str:
    if not clitic:
        return suffix
    if suffix:
        return affixes.attach(suffix, clitic)
    return clitic if host == NOUN_V else "ɨ" + clitic


def _tail(own: float, host: int, spoken: str) -> Tail:
    """Return a tail with its IPA, if no ɨ in it or before it depends on the noun."""
    if not spoken:
        return Tail(own, host, "", "", False)
    if spoken[0] in VOWELS:
        return Tail(own, host, spoken, speak(spoken), spoken[0] != "ɨ")
    second = spoken.replace("ː", "")[1:2]
    closed = host == NOUN_V and spoken[0] != "ʷ" and (not second or second in VOWELS)
    return Tail(own, host, spoken, speak("a" + spoken)[1:] if closed else None, False)


def _noun(written: str, entry: lexicon.Entry) -> Noun:
    """Return a noun's forms; a last ɨ falls where a vowel opens the syllable (mɨdɨɾ, mɨdɾu)."""
    spoken = encode(entry.ipa)
    short = _LAST_VOWEL.sub("", spoken)
    host = NOUN_V if written[-1] in VOWELS else NOUN_C
    return Noun(host, spoken, short, entry.ipa, entry.ipa if short == spoken else decode(short))


def readings(
    coded: str, prefix: str, cuts: tuple[Cut, ...], *, every: bool
) -> tuple[list[Reading], str]:
    """Return the readings of a word as a listed noun.

    Parameters
    ----------
    coded : str
        The word, one character per phone.
    prefix : str
        Its longest prefix.
    cuts : tuple of Cut
        Where the noun may end.
    every : bool
        Whether to go on where a reading without a preposition cannot be beaten by one with it.

    Returns
    -------
    list of Reading
        In no order.
    str
        The noun, as it is written, if it stands there without a preposition or is so long that
        preposition and noun together are hardly anything else; "" otherwise.
    """
    nouns, heads = table(), _heads()
    found: list[Reading] = []
    clear = ""
    for preposition in prepositions(prefix):
        if clear and not every and min(found).cost <= preposition.cost:
            break
        size = preposition.size
        if preposition.before_a:
            if coded[size : size + 1] != "a":
                continue
            rest = _GLOTTAL + coded[size:]
        else:
            rest = coded[size:] if size else coded
        if rest[:_HEAD] not in heads and rest[: _HEAD - 1] not in heads:
            continue
        here = ""
        for cut in cuts:
            written = rest[cut.stretch]
            if written not in nouns:
                continue
            noun = nouns[written]
            if not isinstance(noun, Noun):
                noun = nouns[written] = _noun(written, noun)
            tails = cut.after_vowel if noun.host == NOUN_V else cut.after_consonant
            if tails:
                found += [_reading(noun, preposition, tail) for tail in tails]
                if (not size or len(written) >= _LONG) and (
                    not here or len(written) < min(len(here), _LONG)
                ):
                    here = written
        clear = here or clear
    return found, clear


def _reading(noun: Noun, preposition: Preposition, tail: Tail) -> Reading:
    spoken, ipa = noun.spoken, noun.ipa
    if tail.opens:
        spoken, ipa = noun.shortened, noun.ipa_shortened
    before = preposition.ipa
    if preposition.before_a:  # the noun's ʔ falls
        spoken, ipa = spoken[1:], ipa[1:]
        if before is None:
            before = speak(preposition.spoken + "a")[:-1]
    whole = "" if before is None or tail.ipa is None else before + ipa + tail.ipa
    total = preposition.cost + tail.cost
    return Reading(total, preposition.spoken + spoken + tail.spoken, "lexicon", whole)
