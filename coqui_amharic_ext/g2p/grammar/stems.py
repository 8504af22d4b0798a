"""From a written stem to what it may be: patterns by shape, roots by radicals.

The shape of a stem (``CəCəC``) gives the few ways to take radicals out of it, the radicals give the
root's classes, and class and shape together the pattern, hence length and ɨ. So only forms that
occur are ever looked at, and each costs a few dictionary look-ups.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, lru_cache
from operator import itemgetter
from typing import Final, NamedTuple

from coqui_amharic_ext.g2p.costs import cost
from coqui_amharic_ext.g2p.grammar import paradigms, roots
from coqui_amharic_ext.g2p.grammar.affixes import FINITE, NOUN, NOUN_C, NOUN_V, Host
from coqui_amharic_ext.g2p.phonology.coding import VOWELS

_CONSONANTS: Final = "pbtdkɡʔƥƭƙȿʧʤƈfvszʃʒhmnɲlɾwj"
SHAPE: Final = str.maketrans(_CONSONANTS, "C" * len(_CONSONANTS))
"""``str.translate`` table from a written stem to its shape."""
_WRITTEN_SHAPE: Final[dict[int, str | None]] = {
    **{ord(char): "C" for char in _CONSONANTS + "12345"},
    ord("ː"): None,
    ord("ɨ"): None,
}

_UNWRITTEN: Final = {ord("ː"): None, ord("ɨ"): None}
_MAY_PALATALISE: Final = ("impf", "juss", "imp", "ger1")
_HOSTS: Final = {
    ("strong", "perf"): Host.PERF.value,
    ("a", "perf"): Host.PERF_A.value,
    ("ə", "perf"): Host.PERF_E.value,
    ("strong", "impf"): (Host.IMPF | Host.MAIN).value,
    ("a", "impf"): (Host.IMPF_A | Host.MAIN_A).value,
    ("strong", "juss"): Host.JUSS.value,
    ("a", "juss"): Host.JUSS_A.value,
    ("strong", "imp"): Host.IMP.value,
    ("a", "imp"): Host.IMP_A.value,
    ("strong", "ger"): Host.GER.value,
    ("strong", "ger1"): Host.GER1.value,
    ("strong", "inf"): Host.INF.value,
}
_VERBAL: Final = frozenset((*FINITE, "ger", "ger1"))
_PALATAL_COST: Final = cost("palatalised radical")
_NOMINAL_COST: Final = cost("nominal pattern")
_WEAK_LIKE_NOUNS: Final = frozenset(
    [(stem, tense) for stem in ("red", "tC", "aC", "asC") for tense in FINITE]
    + [("red", "agt"), ("red", "agt!")]
)
"""Stems and tenses that in verbs in -a are written like a noun."""

Radicals = tuple[str, ...] | str
Inserts = tuple[tuple[int, str], ...]
"""What is spoken but not written: at which places of the written stem, from the right."""


@dataclass(slots=True, eq=False)
class Pattern:
    """What a stem of a group is in one class.

    Attributes
    ----------
    stem : str
        Derived stem.
    hosts : int
        Value of :class:`affixes.Host`: the kinds of stem it is.
    inserts : tuple of (int, str)
        What is spoken but not written.
    cost : float
        Cost of the tense and the pattern.
    cost_unlisted : float
        Further cost for a root that is not listed with this stem.
    cost_alone : float
        Further cost where no affix shows that it is a verb.
    """

    stem: str
    hosts: int
    inserts: Inserts
    cost: float
    cost_unlisted: float
    cost_alone: float


class Stem(NamedTuple):
    """One reading of a written stem.

    Attributes
    ----------
    cost : float
        The less, the likelier.
    pattern : Pattern
        What it is.
    known : bool
        Whether its root is known.
    feminine : bool
        Whether its last radical is palatal before the i of a second person feminine.
    """

    cost: float
    pattern: Pattern
    known: bool
    feminine: bool


@dataclass(slots=True, eq=False)
class Group:
    """Patterns of one shape that have the same letters for affixes and the same radicals' places.

    Attributes
    ----------
    first : str
        The first letter of the stem, "" if any.
    head, tail : str
        What the stem must begin and end with beyond that and its shape.
    same : tuple of (int, int)
        Pairs of places that must hold the same consonant.
    radicals : callable or None
        Takes the radicals out of a written stem; None for patterns that need no root.
    by_class : dict
        Patterns by verb class.
    palatal : {"", "may", "must"}
        Whether the last radical may, or must, be a palatal that stands for a dental.
    unknown : tuple of Stem
        What an unknown root is read as.
    """

    first: str
    head: str
    tail: str
    same: tuple[tuple[int, int], ...]
    radicals: Callable[[str], Radicals] | None
    by_class: dict[str, tuple[Pattern, ...]]
    palatal: str
    unknown: tuple[Stem, ...]


class Form(NamedTuple):
    """A pattern of ``data/paradigms.tsv``; ``name`` is the class with its labialised places."""

    paradigm: paradigms.Paradigm
    name: str
    tense: str
    pattern: str


class Groups(NamedTuple):
    """The groups of one shape.

    Attributes
    ----------
    hosts : int
        Union of the kinds of all their patterns.
    by_first : dict
        Groups by the first letter of the stem; under ``""`` for every other letter.
    """

    hosts: int
    by_first: dict[str, tuple[Group, ...]]


@lru_cache(maxsize=1)
def shapes() -> dict[str, list[Form]]:
    """Return all patterns by written shape."""
    places: dict[str, set[str]] = {}
    for classes in roots.load().values():
        for name in classes:
            verb_class, _, where = name.partition(".")
            places.setdefault(verb_class, set()).add(where)
    found: dict[str, list[Form]] = {}
    for paradigm in paradigms.table():
        verb_class, endings = paradigm.verb_class, paradigm.endings
        variants = sorted(places.get(verb_class, {""}) | {""})
        for tense, pattern in paradigms.forms(paradigm):
            for where in variants:
                name = f"{verb_class}.{where}" if where else verb_class
                both = paradigms.labialised(pattern, where, endings) if where else (pattern,)
                for variant in both:
                    forms = found.setdefault(variant.translate(_WRITTEN_SHAPE), [])
                    forms.append(Form(paradigm, name, tense, variant))
    return found


@cache
def groups(shape: str) -> Groups:
    """Return the groups of a shape, made when it is first met."""
    found = _groups(shapes()[shape])
    hosts = 0
    for group in found:
        for patterns in group.by_class.values():
            for pattern in patterns:
                hosts |= pattern.hosts
    firsts = {group.first for group in found} | {""}
    by_first = {
        first: tuple(group for group in found if group.first in ("", first)) for first in firsts
    }
    return Groups(hosts, by_first)


class _Outline(NamedTuple):
    """What stems must look like to be of one group."""

    head: str
    tail: str
    radicals: tuple[int, ...]
    same: tuple[tuple[int, int], ...]
    palatal: str


@dataclass(slots=True)
class _Members:
    """The patterns of one group."""

    by_class: dict[str, list[Pattern]] = field(default_factory=dict)
    unknown: list[Pattern] = field(default_factory=list)


def _groups(forms: list[Form]) -> tuple[Group, ...]:
    members: dict[_Outline, _Members] = {}
    for form in forms:
        parts = _parts(form.pattern)
        radicals = tuple([parts.places[digit] for digit in form.paradigm.radicals])
        outline = _Outline(parts.head, parts.tail, radicals, parts.same, _palatal(form))
        group = members.setdefault(outline, _Members())
        pattern = _pattern(form, parts)
        group.by_class.setdefault(form.name if radicals else "", []).append(pattern)
        if form.tense in form.paradigm.default:
            group.unknown.append(pattern)
    return tuple([_group(outline, group) for outline, group in members.items()])


def _palatal(form: Form) -> str:
    if form.tense.endswith("!"):
        return "must"
    ends_in_radical = form.pattern.rstrip("ː")[-1:].isdigit()
    return "may" if form.tense in _MAY_PALATALISE and ends_in_radical else ""


class _Parts(NamedTuple):
    """A pattern, taken to pieces: its letters, the place of each radical, and what is around."""

    letters: str
    places: dict[str, int]
    same: tuple[tuple[int, int], ...]
    head: str
    tail: str
    inserts: Inserts


@lru_cache(maxsize=1 << 11)
def _parts(pattern: str) -> _Parts:
    """Take a pattern to pieces; many classes share it."""
    letters = pattern.translate(_UNWRITTEN)
    places: dict[str, int] = {}
    same: tuple[tuple[int, int], ...] = ()
    first, last = len(letters), -1
    for place, char in enumerate(letters):
        if char.isdigit():
            if char in places:
                same += ((places[char], place),)
            else:
                places[char] = place
            first, last = min(first, place), place
    inserts = []
    size = 0
    for char in pattern:
        if char in "ːɨ":
            inserts.append((size, char))
        else:
            size += 1
    head, tail = letters[:first], letters[last + 1 :]
    return _Parts(letters, places, same, head, tail, tuple(inserts[::-1]))


def _pattern(form: Form, parts: _Parts) -> Pattern:
    paradigm, tense = form.paradigm, form.tense
    nominal = NOUN_V if parts.letters[-1] in VOWELS else NOUN_C
    hosts = _HOSTS.get((paradigm.endings, tense)) or _HOSTS.get(("strong", tense), nominal)
    own = cost("tense", tense)
    if len(set(paradigm.radicals)) < len(paradigm.radicals):
        own += cost("merged radicals")
    unlisted = cost("unlisted stem", paradigm.stem)
    if paradigm.stem == "base" and tense in _VERBAL:
        unlisted = cost("unlisted base")
    return Pattern(paradigm.stem, hosts, parts.inserts, own, unlisted, _cost_alone(form, parts))


def _cost_alone(form: Form, parts: _Parts) -> float:
    letters, tense = parts.letters, form.tense
    short = len(letters) < (3 if letters[0] == "a" else 4)
    if tense in ("ger", "ger1") and short and form.pattern[-1] == "ː":
        if tense == "ger1":
            return cost("short converb", "1s")
        return cost("short converb", "merged" if "ə" in letters else "merged without ə")
    if form.paradigm.endings == "a" and (form.paradigm.stem, tense) in _WEAK_LIKE_NOUNS:
        return cost("weak stem like a noun")
    return 0.0


def _group(outline: _Outline, members: _Members) -> Group:
    head, tail, radicals, same, palatal = outline
    # A shape has its vowels; only further consonants are left to compare.
    further = [char for char in head[1:] if char not in VOWELS]
    return Group(
        head[:1],
        head if further else "",
        tail if any(char not in VOWELS for char in tail) else "",
        same,
        itemgetter(*radicals) if radicals else None,
        {name: tuple(patterns) for name, patterns in members.by_class.items()},
        palatal,
        tuple([Stem(_unknown_cost(p), p, False, False) for p in members.unknown]),
    )


def _unknown_cost(pattern: Pattern) -> float:
    derived = 0.0 if pattern.stem == "base" else pattern.cost_unlisted / 2
    return cost("unknown root") + pattern.cost + derived


class Stems(NamedTuple):
    """What a written stem may be: with a known root, and with one that is not known."""

    known: tuple[Stem, ...]
    unknown: tuple[Stem, ...]


def readings(groups: Groups, written: str) -> Stems:
    """Return what a written stem may be.

    Parameters
    ----------
    groups : Groups
        Those of the stem's shape.
    written : str
        The stem, one character per phone.
    """
    found: list[Stem] = []
    unknown: tuple[Stem, ...] = ()
    known_roots, depalatal = roots.load(), paradigms.DEPALATAL
    for group in groups.by_first.get(written[0]) or groups.by_first[""]:
        head, tail, same, palatal = group.head, group.tail, group.same, group.palatal
        if (head and not written.startswith(head)) or (tail and not written.endswith(tail)):
            continue
        if same and any([written[one] != written[other] for one, other in same]):
            continue
        if group.radicals is None:
            for pattern in group.by_class[""]:
                own = _NOMINAL_COST if pattern.hosts & NOUN else 0.0
                found.append(Stem(own, pattern, True, False))
            continue
        radicals = group.radicals(written)
        classes = known_roots.get(radicals)
        if classes and (palatal != "must" or radicals[-1] in depalatal):
            found += _of_root(classes, group.by_class, 0.0, False)
        if palatal and radicals[-1] in depalatal:
            for plain in depalatal[radicals[-1]]:
                classes = known_roots.get((*radicals[:-1], plain) if radicals[1:] else plain)
                if classes:
                    found += _of_root(classes, group.by_class, _PALATAL_COST, palatal == "may")
        unknown += group.unknown
    return Stems(tuple(found), unknown)


def _of_root(
    classes: dict[str, roots.Known],
    by_class: dict[str, tuple[Pattern, ...]],
    more: float,
    feminine: bool,
) -> list[Stem]:
    """Return the stems of a known root, given the patterns by class."""
    found = []
    for name, known in classes.items():
        for pattern in by_class.get(name, ()):
            total = more + pattern.cost
            listed = known.stems.get(pattern.stem)
            total += known.cost + pattern.cost_unlisted if listed is None else listed
            found.append(Stem(total, pattern, True, feminine))
    return found


def speak(written: str, inserts: Inserts) -> str:
    """Return a written stem with what is spoken but not written."""
    for place, sign in inserts:
        written = written[:place] + sign + written[place:]
    return written
