"""What stands before and after a stem: prefixes and suffixes, composed from their parts.

``data/prefixes.tsv`` and ``data/suffixes.tsv`` list the parts; here they are put together into two
dictionaries whose keys are what is written, so that analysing a word needs no search.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from coqui_amharic_ext.g2p.phonology.coding import VOWELS, encode
from coqui_amharic_ext.g2p.resources import rows

PERF: Final = 1 << 0
PERF_A: Final = 1 << 1
PERF_E: Final = 1 << 2
IMPF: Final = 1 << 3
IMPF_A: Final = 1 << 4
MAIN: Final = 1 << 5
MAIN_A: Final = 1 << 6
JUSS: Final = 1 << 7
JUSS_A: Final = 1 << 8
IMP: Final = 1 << 9
IMP_A: Final = 1 << 10
GER: Final = 1 << 11
GER1: Final = 1 << 12
INF: Final = 1 << 13
NOUN_C: Final = 1 << 14
NOUN_V: Final = 1 << 15
FEMININE: Final = 1 << 16
"""Second person feminine: the last radical may be palatal."""

FINITE: Final = ("perf", "impf", "juss", "imp")
"""Tenses with endings of person, but for the converb."""

_ENDINGS: Final = {
    "perf": PERF,
    "perf-a": PERF_A,
    "perf-ə": PERF_E,
    "impf": IMPF,
    "impf-a": IMPF_A,
    "juss": JUSS,
    "juss-a": JUSS_A,
    "imp": IMP,
    "imp-a": IMP_A,
    "ger": GER,
    "ger1": GER1,
}
_MAIN_OF: Final = {"impf": MAIN, "impf-a": MAIN_A, "ger": GER, "ger1": GER1}
_PREFIX_TAKES: Final = {
    "perf": PERF | PERF_A | PERF_E,
    "impf": IMPF | IMPF_A,
    "main": MAIN | MAIN_A,
    "juss": JUSS | JUSS_A,
    "imp": IMP | IMP_A,
    "ger": GER | GER1,
    "inf": INF,
    "noun": NOUN_C | NOUN_V,
}


class Affix(NamedTuple):
    """One composed affix.

    Attributes
    ----------
    spoken : str
        What it says, one character per phone.
    takes : int
        Which stems it goes with, as a set of bits.
    cost : float
        How much less likely it makes a reading.
    evidence : bool
        Whether it shows by itself that the word is a verb.
    stem : {"", "a", "C"}
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
    takes: int
    cost: float
    evidence: bool
    stem: str = ""
    bare: bool = False
    negative: bool = False
    person: str = ""


_COMPOUND_COST: Final = 1.3
"""Cost of the first part of a compound; ስነ- and ባለ- are as often the beginning of a verb."""
_CONTRACTED_COST: Final = 0.3
"""Cost of the first person's converb that has lost its -e before the auxiliary."""
_UNWRITTEN: Final = {ord("ː"): None, ord("ɨ"): None}


def written(spoken: str) -> str:
    """Return what is written of an affix: neither length nor ɨ."""
    return spoken.translate(_UNWRITTEN)


_Index = dict[str, list[Affix]]


def _add(index: _Index, affix: Affix) -> None:
    index.setdefault(written(affix.spoken), []).append(affix)


@lru_cache(maxsize=1)
def prefixes() -> dict[str, tuple[Affix, ...]]:
    """Return every composed prefix by what is written of it."""
    index: _Index = {}
    table = [(encode(r[0]), r[1], r[2].split(" "), r[3], r[4] == "1") for r in rows("prefixes.tsv")]
    subjects = [
        (spoken, bits(takes), person)
        for spoken, kind, takes, person, _ in table
        if kind == "subject"
    ]
    for spoken, kind, takes_names, person, evidence in table:
        takes = bits(takes_names)
        if kind == "null":
            _add(index, Affix("", takes, 0.0, evidence, "C"))
            _add(index, Affix("ʔ", takes, 0.0, evidence, "a"))
        elif kind == "bare":
            # አል- is more often the negative of the perfective, አን- the beginning of a noun.
            cost = {"ʔal": 0.4, "ʔanː": 3.3}.get(spoken, 0.1)
            _add(index, Affix(spoken, takes, cost, evidence, "", True, spoken[:2] == "ʔa", person))
        elif kind == "clitic":
            cost = 0.3 if len(spoken) > 2 else 0.4
            if spoken[-1] == "ə":
                _add(index, Affix(spoken, takes, cost, evidence, "C"))
                _add(index, Affix(spoken + "ʔ", takes, cost, evidence, "a"))
                _add(index, Affix(spoken[:-1], takes, cost + 0.1, evidence, "a"))
            else:
                _add(index, Affix(spoken, takes, cost, evidence))
        elif kind == "compound":
            _add(index, Affix(spoken, takes, _COMPOUND_COST, evidence, "C"))
            _add(index, Affix(spoken + "ʔ", takes, _COMPOUND_COST, evidence, "a"))
        elif kind == "preverb":
            for subject, subject_takes, person in subjects:
                if subject == "i":
                    for vowel, stem in (("i", "C"), ("ij", "a")):
                        _add(
                            index,
                            Affix(
                                spoken + vowel, subject_takes, 0.2, evidence, stem, person=person
                            ),
                        )
                else:
                    # A first person that is not written is less likely than another word.
                    cost = 0.2 if subject or evidence else 0.5
                    # -አል- after a preverb is more often the negative of the perfective.
                    cost += 0.3 if subject == "al" else 0.0
                    bare = not subject and len(spoken) == 1
                    both = spoken + subject
                    _add(index, Affix(both, subject_takes, cost, evidence, "", bare, False, person))
    return {key: tuple(found) for key, found in index.items()}


def bits(names: Iterable[str]) -> int:
    """Return the set of bits that a ``takes`` cell of ``data/prefixes.tsv`` names."""
    result = 0
    for name in names:
        result |= _PREFIX_TAKES[name]
    return result


class _Part(NamedTuple):
    kind: str
    takes: tuple[str, ...]
    suffix: str
    host: str
    joint: str
    person: str
    evidence: bool


@lru_cache(maxsize=1)
def _parts() -> list[_Part]:
    return [
        _Part(r[0], tuple(r[1].split()), encode(r[2]), encode(r[3]), r[4], r[5], r[6] == "1")
        for r in rows("suffixes.tsv")
    ]


def _of(kind: str) -> list[_Part]:
    return [part for part in _parts() if part.kind == kind]


@lru_cache(maxsize=1)
def suffixes() -> dict[str, tuple[Affix, ...]]:
    """Return every composed suffix, without clitics, by what is written of it."""
    index: _Index = {}
    _verbal(index)
    _nominal(index)
    return {key: tuple(found) for key, found in index.items()}


def _verbal(index: _Index) -> None:
    applicative = [part.suffix for part in _of("applicative")]
    objects: dict[str, list[tuple[str, bool]]] = {}
    for part in _of("object"):
        objects.setdefault(part.takes[0], []).append((part.suffix, part.evidence))
    for joint, found in objects.items():
        vowel = "" if joint in ("w", "n", "ɨ") else joint
        link = "ɨ" if joint in ("w", "n", "ɨ") else vowel
        if joint == "ə":
            # The subject's own ə (səbːəɾə-lːət) or, after a bare stem, ɨ (jɨsəbɾɨ-lːət).
            found += [("ə" + letter + "ː" + end, True) for letter in "lb" for end in applicative]
        else:
            found += [(link + letter + "ː" + end, True) for letter in "lb" for end in applicative]
    bare_applicative = [("ɨ" + letter + "ː" + end, True) for letter in "lb" for end in applicative]
    chains = _of("chain")
    for part in _of("subject"):
        takes = 0
        main = 0
        for name in part.takes:
            takes |= _ENDINGS[name]
            main |= _MAIN_OF.get(name, 0)
        if part.suffix == "i":
            takes |= FEMININE
        who = part.person
        cost = 0.05 if part.suffix else 0.0
        _add(index, Affix(part.suffix, takes, cost, part.evidence, person=who))
        following = objects[part.joint]
        if part.suffix == "" and "impf" in part.takes:
            following = [item for item in following if item[0][1:3] not in ("lː", "bː")]
            following = following + bare_applicative
            following = [("ɨ" + o[1:], e) if o in ("əh", "əʃ") else (o, e) for o, e in following]
        for ending, evidence in following:
            spoken = part.host + ending
            _add(index, Affix(spoken, takes, 0.2, evidence, person=who))
            if not main:
                continue
            link = spoken[:-1] + "ʷ" if spoken.endswith("u") else spoken
            for chain in chains:
                if main & (GER | GER1):
                    _add(index, Affix(link + chain.suffix, main, 0.3, True))
                elif not who or chain.person in who:
                    _add(index, Affix(link + chain.suffix, main, 0.3, True, person=chain.person))
    for part in _of("aux"):
        takes = 0
        for name in part.takes:
            takes |= _MAIN_OF[name]
        if part.suffix == "ijalːəʃ" or part.suffix == "alːəʃ":
            takes |= FEMININE
        # አምናለሁ is "I believe" before it is "I have believed" without the converb's own -e.
        cost = _CONTRACTED_COST if part.takes == ("ger1",) and part.suffix == "alːəhu" else 0.0
        _add(index, Affix(part.suffix, takes, cost, part.evidence, person=part.person))


def _owner_cost(suffix: str) -> float:
    """Return the cost of a possessive; -u is less than that, -at͡ʃːəw as often a verb's object.

    The feminine -ɨtu is rare: በርቱ is "be strong" before it is "the door".
    """
    if suffix.startswith(("ɨt", "jɨt")):
        return 0.5
    return 0.06 if suffix == "u" else 0.25 if suffix.startswith("aʧ") else 0.1


LISTED_ONLY_COST: Final = 0.6
"""Suffixes of this cost are no reason to lengthen anything in a noun that is not listed."""
_OF_LISTED: Final = ("amːa", "mːa", "ɲːɨnːət")


def _nominal(index: _Index) -> None:
    stages: list[tuple[str, str, int, float]] = [
        ("", "C", NOUN_C | INF, 0.0),
        ("", "V", NOUN_V, 0.0),
    ]
    derived = list(stages)
    for spoken, end, takes, cost in stages:
        for part in _of("derive"):
            if end in part.takes:
                extra = LISTED_ONLY_COST if part.suffix in _OF_LISTED else 0.3
                derived.append((spoken + part.suffix, part.joint, takes & ~INF, cost + extra))
    plural = list(derived)
    for spoken, end, takes, cost in derived:
        for part in _of("plural"):
            if end in part.takes:
                plural.append((spoken + part.suffix, part.joint, takes, cost + 0.1))
            if spoken.endswith("ɲːa") and part.takes == ("C",):
                plural.append((spoken[:-1] + part.suffix, part.joint, takes, cost + 0.1))
    for spoken, end, takes, cost in plural:
        _add(index, Affix(spoken, takes, cost, False))
        for part in _of("owner"):
            if end in part.takes:
                total = cost + _owner_cost(part.suffix)
                _add(index, Affix(spoken + part.suffix, takes, total, False))


@lru_cache(maxsize=1)
def clitics() -> dict[str, str]:
    """Return the clitics that may follow everything else, by what is written of them."""
    return {written(part.suffix): part.suffix for part in _of("clitic")}


def attach(spoken: str, clitic: str) -> str:
    """Put a clitic after a spoken form; ɨ stands before it unless a vowel does."""
    return spoken + clitic if spoken[-1:] in VOWELS else spoken + "ɨ" + clitic
