"""The shared phonology pass: a written word, with or without a backend's phones, to IPA."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from coqui_amharic_ext.g2p.grammar.lexicon import words
from coqui_amharic_ext.g2p.grammar.morphology import likeliest, readings
from coqui_amharic_ext.g2p.grammar.nouns import Layer, Reading
from coqui_amharic_ext.g2p.phonology import length
from coqui_amharic_ext.g2p.phonology.alignment import merge
from coqui_amharic_ext.g2p.phonology.coding import decode, encode
from coqui_amharic_ext.g2p.phonology.epenthesis import fill, speak
from coqui_amharic_ext.g2p.phonology.folding import fold
from coqui_amharic_ext.g2p.phonology.letters import coding

__all__ = ["Realisation", "fold", "realise"]

_VOWELS: Final = re.compile("ʷ[əɨi]|[əuiaeo]")

_EVERYDAY: Final = tuple(
    (re.compile(everyday), usual)
    for everyday, usual in (
        ("wu", "w"),
        ("ji", "j"),
        ("wo(?!ʧ)", "wə"),  # -ዎች is the usual spelling of the plural
        ("(?<!^)jə", "je"),  # የ- begins words, ዬ- none
        ("wə", "wo"),
    )
)
"""Everyday spellings ዉ ዪ ዎ የ ወ and what is usual in their place: ው ይ ወ ዬ ዎ. Only a word that is
not known as it is written, and is known in the usual spelling, is read so."""

_MODERN: Final = (("ʷɨ", "u"), ("ʷə", "o"), ("ʷi", "u"))
"""How ቍ, ቈ and ቊ are spelled today; each is read as it is written: kʼʷɨ, kʼʷə, kʼʷi."""

_ELONGATED: Final = re.compile(r"(.)\1{2,}")
_WITH_COPULA: Final = re.compile("(.+)(ነበር|ናቸው|ናችሁ|ነው|ነኝ|ነህ|ነሽ|ናት|ነን)")
"""A word that is written together with a form of the copula."""


class Realisation(NamedTuple):
    """One word's IPA, where it came from, and the other readings of its spelling.

    Attributes
    ----------
    ipa : str
        The likeliest reading.
    source : {"lexicon", "paradigm", "rules"}
        A listed word, also with affixes; a form of a known root; the letters alone.
    coded : str
        What was read, one character per phone.
    """

    ipa: str
    source: Layer
    coded: str

    @property
    def alternatives(self) -> tuple[str, ...]:
        """The other readings of the spelling, the likelier first; found when asked for."""
        if not self.coded:
            return ()
        entry = words().get(self.coded)
        found = list(entry.others) if entry is not None else []
        found += [speak(r.spoken) for r in readings(self.coded) if r.layer != "rules"]
        return tuple(dict.fromkeys(ipa for ipa in found if ipa != self.ipa))


def realise(word: str, *, segments: Sequence[str] | None = None) -> Realisation:
    """Return the IPA of one normalised Ethiopic word.

    Parameters
    ----------
    word : str
        Ethiopic letters, with or without gemination and vowel length marks; no punctuation.
    segments : sequence of str, optional
        A backend's phones, already folded to our inventory: consonants and vowels are taken from
        them, length and ɨ from the written word. A listed word stays as it is listed.

    Raises
    ------
    TypeError
        If ``word`` is not a string.
    ValueError
        If it is not made of Ethiopic letters, or ``segments`` are not the same word.
    """
    if not isinstance(word, str):
        raise TypeError(f"a word is a str, not {type(word).__name__}: {word!r}")
    coded = word.translate(coding())
    if not coded.isprintable():
        return _marked(length.take(coded), segments)
    listed = coded in words()
    if not listed and "ʷ" in coded:
        modern = _modern(coded)
        if modern != coded:
            reading = _realise_coded(modern, None)
            if reading.source != "rules" or likeliest(coded).layer == "rules":
                return reading._replace(ipa=_as_written(reading.ipa, coded))
    reading = _realise_coded(coded, segments)
    if not listed and reading.source == "lexicon" and coded.endswith("wu"):
        other = _realise_coded(coded[:-1], None)
        if other.source == "lexicon":  # ሰዉ, ጨዉ: the word itself rather than -u after it
            return other
    if reading.source == "rules":
        for other in _as_meant(word, coded):
            if other.source != "rules":
                return other
    return reading


def _as_meant(word: str, coded: str) -> Iterator[Realisation]:
    """Yield what an unknown word may be meant for: usual letters, no elongation, words apart."""
    for usual in _usual(coded):
        yield _realise_coded(usual, None)
    short = _ELONGATED.sub(r"\1", word)
    if short != word:
        yield realise(short)
    joined = _WITH_COPULA.fullmatch(word)
    if joined is not None:
        head, copula = (part.translate(coding()) for part in joined.groups())
        reading = _realise_coded(head, None)
        if reading.source == "lexicon":
            yield Realisation(reading.ipa + words()[copula].ipa, "lexicon", "")


def _realise_coded(coded: str, segments: Sequence[str] | None) -> Realisation:
    """Return the IPA of a word without length marks, given as what its letters say."""
    source: Layer
    entry = words().get(coded)
    if entry is not None:
        ipa, source = entry.ipa, "lexicon"
    elif not coded:
        ipa, source = "", "rules"
    else:
        best = likeliest(coded)
        source = best.layer
        if segments is None:
            ipa = best.ipa or speak(best.spoken)
        else:
            ipa = decode(merge(fill(best.spoken), coded, segments))
    return Realisation(ipa, source, coded)


def _usual(coded: str) -> Iterator[str]:
    """Yield the usual spellings of a word in everyday spelling."""
    if "w" not in coded and "j" not in coded:
        return
    for everyday, usual in _EVERYDAY:
        spelling, count = everyday.subn(usual, coded)
        if count:
            yield spelling
            if count > 1:
                yield everyday.sub(usual, coded, count=1)


def _modern(coded: str) -> str:
    """Return the modern spelling of a word with labialised letters."""
    for old, new in _MODERN:
        coded = coded.replace(old, new)
    return coded


def _as_written(ipa: str, coded: str) -> str:
    """Return the IPA of a modern spelling with the labialised consonants of the written word."""
    written = _VOWELS.findall(coded)
    spoken = re.split("([əuiaeo])", encode(ipa))
    if len(spoken) != 2 * len(written) + 1:
        return ipa
    for place, vowel in zip(range(1, len(spoken), 2), written, strict=True):
        if vowel[0] == "ʷ" and spoken[place] in "ou":
            before, length = spoken[place - 1], ""
            if before.endswith("ː"):
                before, length = before[:-1], "ː"
            spoken[place - 1], spoken[place] = f"{before}ʷ{length}", vowel[1]
    return decode("".join(spoken))


def _marked(marked: length.Marked, segments: Sequence[str] | None) -> Realisation:
    """Realise a word in whose writing some length is marked."""
    coded = marked.plain
    entry = words().get(coded)
    found: list[Reading] = []
    if entry is not None:
        found += [Reading(0.0, encode(ipa), "lexicon") for ipa in (entry.ipa, *entry.others)]
    if coded:
        found += readings(coded)
    found = [reading for reading in found if length.same_letters(reading.spoken, coded)]
    found = found or [Reading(0.0, coded, "rules")]
    best = next((reading for reading in found if length.fits(reading.spoken, marked)), found[0])
    surface = length.apply(fill(best.spoken), marked)
    if segments is not None:
        surface = merge(surface, coded, segments)
    return Realisation(decode(surface), best.layer, coded)
