"""Prefixes and suffixes, composed from their parts.

``data/prefixes.tsv`` and ``data/suffixes.tsv`` list the parts. Here they become two dictionaries
whose keys are what is written, so that analysing a word needs no search.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntFlag, auto
from functools import lru_cache
from typing import Final, NamedTuple

from coqui_amharic_ext.g2p.costs import cost
from coqui_amharic_ext.g2p.phonology.coding import VOWELS, decode, encode
from coqui_amharic_ext.io.tables import rows


class Host(IntFlag):
    """Kinds of stem that an affix goes with.

    ``A`` and ``E`` are stems of verbs in -a and -ə, ``MAIN`` an imperfective with its auxiliary,
    ``GER1`` the converb of the first person, ``NOUN_C`` and ``NOUN_V`` nouns that end in a
    consonant and in a vowel. ``FEMININE`` marks a second person whose last radical may be palatal.

    Where words are analysed, sets of kinds are plain integers: their ``&`` is far faster.
    """

    PERF = auto()
    PERF_A = auto()
    PERF_E = auto()
    IMPF = auto()
    IMPF_A = auto()
    MAIN = auto()
    MAIN_A = auto()
    JUSS = auto()
    JUSS_A = auto()
    IMP = auto()
    IMP_A = auto()
    GER = auto()
    GER1 = auto()
    INF = auto()
    NOUN_C = auto()
    NOUN_V = auto()
    FEMININE = auto()


NOUN_C: Final = Host.NOUN_C.value
NOUN_V: Final = Host.NOUN_V.value
NOUN: Final = NOUN_C | NOUN_V
FINITE: Final = ("perf", "impf", "juss", "imp")
"""Tenses with endings of person, but for the converb."""

_ENDINGS: Final = {
    "perf": Host.PERF.value,
    "perf-a": Host.PERF_A.value,
    "perf-ə": Host.PERF_E.value,
    "impf": Host.IMPF.value,
    "impf-a": Host.IMPF_A.value,
    "juss": Host.JUSS.value,
    "juss-a": Host.JUSS_A.value,
    "imp": Host.IMP.value,
    "imp-a": Host.IMP_A.value,
    "ger": Host.GER.value,
    "ger1": Host.GER1.value,
}
_CONVERB: Final = (Host.GER | Host.GER1).value
_MAIN_OF: Final = {
    "impf": Host.MAIN.value,
    "impf-a": Host.MAIN_A.value,
    "ger": Host.GER.value,
    "ger1": Host.GER1.value,
}
_PREFIX_HOSTS: Final = {
    "perf": (Host.PERF | Host.PERF_A | Host.PERF_E).value,
    "impf": (Host.IMPF | Host.IMPF_A).value,
    "main": (Host.MAIN | Host.MAIN_A).value,
    "juss": (Host.JUSS | Host.JUSS_A).value,
    "imp": (Host.IMP | Host.IMP_A).value,
    "ger": _CONVERB,
    "inf": Host.INF.value,
    "noun": NOUN,
}
_FEMININE_AUXILIARIES: Final = ("ijalːəʃ", "alːəʃ")


class Affix(NamedTuple):
    """One composed affix.

    Attributes
    ----------
    spoken : str
        How it is spoken, one character per phone.
    hosts : int
        Value of :class:`Host`: the stems it goes with.
    cost : float
        How much less likely it makes a reading.
    evidence : bool
        Whether it shows by itself that the word is a verb.
    opening : {"", "a", "C"}
        ``a``: only before stems in a-; ``C``: only before others.
    bare : bool
        Whether it is a subject prefix without a preverb, or one of the preverbs s-, b-, l- before a
        first person that is not written.
    negative : bool
        Whether it negates, so that a main verb has -ም.
    person : str
        Which persons' prefixes or suffixes it goes with: 1, 2 (and 3rd feminine), 3, 4 (1st
        plural); "" if all.
    """

    spoken: str
    hosts: int
    cost: float
    evidence: bool
    opening: str = ""
    bare: bool = False
    negative: bool = False
    person: str = ""


AffixIndex = dict[str, tuple[Affix, ...]]
"""Composed affixes by what is written of them."""


_AFTER_BARE_STEM: Final = ("əh", "əʃ", "əwo")
"""Objects that begin with ɨ after a bare imperfective or jussive: jɨnəɡɾɨh, jɨnəɡɾɨwo."""
_UNWRITTEN: Final = {ord("ː"): None, ord("ɨ"): None}


def written(spoken: str) -> str:
    """Return what is written of an affix: neither length nor ɨ."""
    return spoken.translate(_UNWRITTEN)


def _indexed(affixes: Iterable[Affix]) -> AffixIndex:
    found: dict[str, list[Affix]] = {}
    for affix in affixes:
        found.setdefault(written(affix.spoken), []).append(affix)
    return {key: tuple(group) for key, group in found.items()}


class _PrefixPart(NamedTuple):
    prefix: str
    kind: str
    hosts: int
    person: str
    evidence: bool


@lru_cache(maxsize=1)
def prefixes() -> AffixIndex:
    """Return every composed prefix by what is written of it."""
    return _indexed(_composed_prefixes())


def _prefix_parts() -> list[_PrefixPart]:
    table = rows("g2p/data/prefixes.tsv", "prefix", "kind", "takes", "person", "evidence")
    return [
        _PrefixPart(encode(prefix), kind, _union(hosts.split(" ")), person, evidence == "1")
        for prefix, kind, hosts, person, evidence in table
    ]


def _union(hosts: Iterable[str]) -> int:
    found = 0
    for name in hosts:
        found |= _PREFIX_HOSTS[name]
    return found


def _composed_prefixes() -> Iterator[Affix]:
    parts = _prefix_parts()
    subjects = [part for part in parts if part.kind == "subject"]
    for part in parts:
        prefix, kind, hosts, person, evidence = part
        if kind == "null":
            yield Affix("", hosts, 0.0, evidence, "C")
            yield Affix("ʔ", hosts, 0.0, evidence, "a")
        elif kind == "bare":
            negative = prefix.startswith("ʔa")
            yield Affix(
                prefix, hosts, cost("bare prefix", prefix), evidence, "", True, negative, person
            )
        elif kind == "clitic":
            own = cost("clitic prefix", "short" if len(prefix) <= 2 else "")
            if prefix.endswith("ə"):
                yield Affix(prefix, hosts, own, evidence, "C")
                yield Affix(prefix + "ʔ", hosts, own, evidence, "a")
                elided = own + cost("clitic prefix", "elided")
                yield Affix(prefix[:-1], hosts, elided, evidence, "a")
            else:
                yield Affix(prefix, hosts, own, evidence)
        elif kind == "compound":
            yield Affix(prefix, hosts, cost("compound prefix"), evidence, "C")
            yield Affix(prefix + "ʔ", hosts, cost("compound prefix"), evidence, "a")
        elif kind == "preverb":
            for subject in subjects:
                yield from _with_subject(part, subject)


def _with_subject(preverb: _PrefixPart, subject: _PrefixPart) -> Iterator[Affix]:
    """Yield a preverb with the subject prefix after it."""
    evidence, person = preverb.evidence, subject.person
    if subject.prefix == "i":
        for vowel, opening in (("i", "C"), ("ij", "a")):
            yield Affix(
                preverb.prefix + vowel, subject.hosts, cost("preverb"), evidence, opening,
                person=person,
            )  # fmt: skip
        return
    own = cost("preverb", "" if subject.prefix or evidence else "unwritten subject")
    if subject.prefix == "al":
        own += cost("preverb", "al")
    bare = not subject.prefix and len(preverb.prefix) == 1
    yield Affix(
        preverb.prefix + subject.prefix, subject.hosts, own, evidence, "", bare, person=person
    )


class _SuffixPart(NamedTuple):
    kind: str
    hosts: tuple[str, ...]
    suffix: str
    before_object: str
    joint: str
    person: str
    evidence: bool


@lru_cache(maxsize=1)
def _suffix_parts() -> dict[str, list[_SuffixPart]]:
    """Return the parts of suffixes by kind."""
    found: dict[str, list[_SuffixPart]] = {}
    for kind, hosts, suffix, host, joint, person, evidence in rows(
        "g2p/data/suffixes.tsv", "kind", "takes", "suffix", "host", "joint", "person", "evidence"
    ):
        part = _SuffixPart(
            kind, tuple(hosts.split()), encode(suffix), encode(host), joint, person, evidence == "1"
        )
        found.setdefault(kind, []).append(part)
    return found


@lru_cache(maxsize=1)
def suffixes() -> AffixIndex:
    """Return every composed suffix, without clitics, by what is written of it."""
    return _indexed((*_subjects(), *_auxiliaries(), *_nominal_suffixes()))


def _objects() -> dict[str, list[tuple[str, bool]]]:
    """Return the objects after each joint, applicatives included: what is spoken, evidence."""
    parts = _suffix_parts()
    applicative = [part.suffix for part in parts["applicative"]]
    found: dict[str, list[tuple[str, bool]]] = {}
    for part in parts["object"]:
        found.setdefault(part.hosts[0], []).append((part.suffix, part.evidence))
    for joint, objects in found.items():
        # After -ə either the subject's own ə (səbːəɾə-lːət) or, after a bare stem, ɨ
        # (jɨsəbɾɨ-lːət), which _subjects() puts there.
        link = "ɨ" if joint in ("w", "n", "ɨ") else joint
        objects += [(link + letter + "ː" + end, True) for letter in "lb" for end in applicative]
    return found


def _subjects() -> Iterator[Affix]:
    """Yield the verb's subject endings, with objects and the auxiliary after those."""
    parts = _suffix_parts()
    objects = _objects()
    bare_applicative = [
        (f"ɨ{letter}ː{part.suffix}", True) for letter in "lb" for part in parts["applicative"]
    ]
    for part in parts["subject"]:
        hosts = main = 0
        for name in part.hosts:
            hosts |= _ENDINGS[name]
            main |= _MAIN_OF.get(name, 0)
        if part.suffix == "i":
            hosts |= Host.FEMININE.value
        own = cost("subject", "" if part.suffix else "unwritten")
        yield Affix(part.suffix, hosts, own, part.evidence, person=part.person)
        following = objects[part.joint]
        if part.suffix == "" and "impf" in part.hosts:
            following = [item for item in following if item[0][1:3] not in ("lː", "bː")]
            following = following + bare_applicative
            following = [
                ("ɨ" + item[0][1:], item[1]) if item[0].startswith(_AFTER_BARE_STEM) else item
                for item in following
            ]
        for ending, evidence in following:
            spoken = part.before_object + ending
            yield Affix(spoken, hosts, cost("object"), evidence, person=part.person)
            if main:
                yield from _chained(spoken, main, part.person)


def _chained(spoken: str, main: int, person: str) -> Iterator[Affix]:
    """Yield an ending with an object and the auxiliary after it."""
    link = spoken[:-1] + "ʷ" if spoken.endswith("u") else spoken
    for auxiliary in _suffix_parts()["chain"]:
        whole = link + auxiliary.suffix
        if main & _CONVERB:
            yield Affix(whole, main, cost("object auxiliary"), True)
        elif not person or auxiliary.person in person:
            yield Affix(whole, main, cost("object auxiliary"), True, person=auxiliary.person)


def _auxiliaries() -> Iterator[Affix]:
    """Yield the auxiliaries right after the stem."""
    for part in _suffix_parts()["aux"]:
        hosts = 0
        for name in part.hosts:
            hosts |= _MAIN_OF[name]
        if part.suffix in _FEMININE_AUXILIARIES:
            hosts |= Host.FEMININE.value
        contracted = part.hosts == ("ger1",) and part.suffix == "alːəhu"
        own = cost("auxiliary", "contracted" if contracted else "")
        yield Affix(part.suffix, hosts, own, part.evidence, person=part.person)


class _NominalEnd(NamedTuple):
    """A noun's suffixes so far, and whether they end in a consonant (C) or a vowel (V)."""

    spoken: str
    end: str
    hosts: int
    cost: float


def _nominal_suffixes() -> Iterator[Affix]:
    """Yield derivation, plural and possessive, each or none, in this order."""
    parts = _suffix_parts()
    bare = [
        _NominalEnd("", "C", NOUN_C | Host.INF.value, 0.0),
        _NominalEnd("", "V", NOUN_V, 0.0),
    ]
    derived = [
        _NominalEnd(
            noun.spoken + part.suffix,
            part.joint,
            noun.hosts & ~Host.INF.value,
            noun.cost + cost("derivation", part.suffix),
        )
        for noun in bare
        for part in parts["derive"]
        if noun.end in part.hosts
    ]
    plural = []
    for noun in bare + derived:
        for part in parts["plural"]:
            own = noun.cost + cost("plural")
            if noun.end in part.hosts:
                plural.append(_NominalEnd(noun.spoken + part.suffix, part.joint, noun.hosts, own))
            if noun.spoken.endswith("ɲːa") and part.hosts == ("C",):
                spoken = noun.spoken[:-1] + part.suffix
                plural.append(_NominalEnd(spoken, part.joint, noun.hosts, own))
    for noun in bare + derived + plural:
        yield Affix(noun.spoken, noun.hosts, noun.cost, False)
        for part in parts["owner"]:
            if noun.end in part.hosts:
                total = noun.cost + cost("possessive", decode(part.suffix))
                yield Affix(noun.spoken + part.suffix, noun.hosts, total, False)


@lru_cache(maxsize=1)
def clitics() -> dict[str, str]:
    """Return the clitics that may follow everything else, by what is written of them."""
    return {written(part.suffix): part.suffix for part in _suffix_parts()["clitic"]}


def attach(spoken: str, clitic: str) -> str:
    """Put a clitic after a spoken form; ɨ stands before it unless a vowel does."""
    return spoken + clitic if spoken[-1:] in VOWELS else spoken + "ɨ" + clitic
