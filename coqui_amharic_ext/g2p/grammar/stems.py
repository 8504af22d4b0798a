"""From a written stem to what it may be: patterns by shape, roots by radicals.

The shape of a stem (``CəCəC``) gives the few ways to take radicals out of it, the radicals give the
root's classes, and class and shape together the pattern, hence length and ɨ. So only forms that
occur are ever looked at, and each costs a few dictionary look-ups.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final, NamedTuple

from coqui_amharic_ext.g2p.grammar import affixes, paradigms, roots
from coqui_amharic_ext.g2p.phonology.coding import VOWELS

_CONSONANTS: Final = "pbtdkɡʔƥƭƙȿʧʤƈfvszʃʒhmnɲlɾwj"
SHAPE: Final = str.maketrans(_CONSONANTS, "C" * len(_CONSONANTS))
"""``str.translate`` table from a written stem to its shape."""
_WRITTEN_SHAPE: Final[dict[int, str | None]] = {
    **{ord(char): "C" for char in _CONSONANTS + "12345"},
    ord("ː"): None,
    ord("ɨ"): None,
}

_UNSPOKEN: Final = {ord("ː"): None, ord("ɨ"): None}
_MAY_PALATALISE: Final = ("impf", "juss", "imp", "ger1")
_TAKES: Final = {
    ("strong", "perf"): affixes.PERF,
    ("a", "perf"): affixes.PERF_A,
    ("ə", "perf"): affixes.PERF_E,
    ("strong", "impf"): affixes.IMPF | affixes.MAIN,
    ("a", "impf"): affixes.IMPF_A | affixes.MAIN_A,
    ("strong", "juss"): affixes.JUSS,
    ("a", "juss"): affixes.JUSS_A,
    ("strong", "imp"): affixes.IMP,
    ("a", "imp"): affixes.IMP_A,
    ("strong", "ger"): affixes.GER,
    ("strong", "ger1"): affixes.GER1,
    ("strong", "inf"): affixes.INF,
}
_STEM_COST: Final = {
    "base": 1.5, "t": 0.6, "a": 0.8, "as": 0.6, "at": 1.4, "tC": 1.0, "aC": 1.0, "asC": 1.2,
    "ast": 1.0, "astC": 1.2, "red": 1.1, "tred": 1.0, "ared": 1.1, "astred": 1.2,
}  # fmt: skip
"""How much less likely a stem is that the root is not listed with."""
_OTHER_STEM_COST: Final = 1.2
_VERBAL: Final = frozenset((*affixes.FINITE, "ger", "ger1"))
_NO_BASE_COST: Final = 4.0
"""A root listed only with tə- or a- has no verb without; nouns of its own it may have (ጥንቃቄ)."""
_TENSE_COST: Final = {"imp": 0.2, "juss": 0.1}
_MERGED_COST: Final = 0.03
_PALATAL_COST: Final = 0.02
_SHORT_CONVERB_COST: Final = 4.0
_SHORT_MERGED_COST: Final = 2.0
_SHORT_MERGED_NOT_E_COST: Final = 4.5
_RARE_WEAK_COST: Final = 4.0
_RARE_WEAK: Final = frozenset(
    [(stem, tense) for stem in ("red", "tC", "aC", "asC") for tense in affixes.FINITE]
    + [("red", "agt"), ("red", "agt!")]
)
"""Stems and tenses that in verbs in -a are written like a noun, and are rarer than one."""
UNKNOWN_COST: Final = 3.0
"""Cost of a verb form whose root is not known."""
NOMINAL_COST: Final = 2.0
"""Cost of a nominal pattern, which needs no root."""

Radicals = tuple[str, ...] | str


class Pattern(NamedTuple):
    """What a group's stem is in one class.

    Attributes
    ----------
    stem : str
        Derived stem.
    takes : int
        Bits of :mod:`affixes`.
    inserts : tuple of (int, str)
        What is spoken but not written: at which places of the written stem, from the right.
    own : float
        Cost of the tense and the pattern.
    unlisted : float
        Further cost for a root that is not listed with this stem.
    alone : float
        Further cost where no affix shows that it is a verb.
    """

    stem: str
    takes: int
    inserts: tuple[tuple[int, str], ...]
    own: float
    unlisted: float
    alone: float


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


class Group(NamedTuple):
    """Patterns of one shape that have the same letters for affixes and the same radicals' places.

    Attributes
    ----------
    takes : int
        Union of the patterns' bits.
    first : str
        The first letter of the stem, "" if any.
    head, tail : str
        What the stem must begin and end with beyond that and its shape.
    same : tuple of (int, int)
        Pairs of places that must hold the same consonant.
    radicals : callable
        Takes the radicals out of a written stem.
    by_class : dict
        Patterns by verb class.
    palatal : {"", "may", "must"}
        Whether the last radical may, or must, be a palatal that stands for a dental.
    unknown : tuple of Stem
        What an unknown root is read as.
    """

    takes: int
    first: str
    head: str
    tail: str
    same: tuple[tuple[int, int], ...]
    radicals: Callable[[str], Radicals] | None
    by_class: dict[str, tuple[Pattern, ...]]
    palatal: str
    unknown: tuple[Stem, ...]


Raw = tuple[paradigms.Row, str, str, str]
"""Row, class with labialised places, tense, pattern."""


class Groups(NamedTuple):
    """The groups of one shape.

    Attributes
    ----------
    takes : int
        Union of all their bits.
    by_first : dict
        Groups by the first letter of the stem; under ``""`` for every other letter.
    """

    takes: int
    by_first: dict[str, tuple[Group, ...]]


Index = dict[str, Groups | list[Raw]]
"""Groups by shape; what they are made of until the shape is first met."""


def make(found: Index, shape: str, raw: list[Raw]) -> Groups:
    """Return the groups of a shape that was not met before, and put them into the index."""
    result = found[shape] = _by_first_letter(_group(raw))
    return result


def _by_first_letter(groups: tuple[Group, ...]) -> Groups:
    firsts = {group.first for group in groups}
    takes = 0
    for group in groups:
        takes |= group.takes
    by_first = {
        first: tuple(group for group in groups if group.first in ("", first))
        for first in firsts | {""}
    }
    return Groups(takes, by_first)


@lru_cache(maxsize=1)
def index() -> Index:
    """Return all patterns by written shape."""
    places: dict[str, set[str]] = {}
    for classes in roots.load().values():
        for name in classes:
            verb_class, _, where = name.partition(".")
            places.setdefault(verb_class, set()).add(where)
    found: Index = {}
    for row in paradigms.table():
        variants = sorted(places.get(row.verb_class, {""}) | {""})
        for tense, pattern in paradigms.forms(row):
            for where in variants:
                name = f"{row.verb_class}.{where}" if where else row.verb_class
                both = paradigms.labialised(pattern, where, row.endings) if where else (pattern,)
                for variant in both:
                    raw = found.setdefault(variant.translate(_WRITTEN_SHAPE), [])
                    raw.append((row, name, tense, variant))  # type: ignore[union-attr]
    return found


def _group(raw: list[Raw]) -> tuple[Group, ...]:
    parts: dict[tuple[object, ...], tuple[dict[str, list[Pattern]], list[Pattern]]] = {}
    for row, name, tense, variant in raw:
        letters, digits, same, head, tail, inserts = _read(variant)
        palatal = ""
        if tense.endswith("!"):
            palatal = "must"
        elif tense in _MAY_PALATALISE and variant.rstrip("ː")[-1:].isdigit():
            palatal = "may"
        ends_in_vowel = letters[-1] in VOWELS
        takes = _TAKES.get((row.endings, tense)) or _TAKES.get(
            ("strong", tense), affixes.NOUN_V if ends_in_vowel else affixes.NOUN_C
        )
        own, alone = _TENSE_COST.get(tense, 0.0), 0.0
        if len(set(row.radicals)) < len(row.radicals):
            own += _MERGED_COST
        short = len(letters) < (3 if letters[0] == "a" else 4)
        if tense in ("ger", "ger1") and short and variant[-1] == "ː":
            # ስሜ is "my name" and በሬ "ox" before either is a converb; so ኮሶ, but ወዶ and አስቤ.
            merged = _SHORT_MERGED_COST if "ə" in letters else _SHORT_MERGED_NOT_E_COST
            alone = _SHORT_CONVERB_COST if tense == "ger1" else merged
        elif row.endings == "a" and (row.stem, tense) in _RARE_WEAK:
            # ተራራ, አካፋ, ሲዳማ are nouns before they are "was terrified in turn" and the like.
            alone = _RARE_WEAK_COST
        unlisted = _STEM_COST.get(row.stem, _OTHER_STEM_COST)
        if row.stem == "base" and tense in _VERBAL:
            unlisted = _NO_BASE_COST
        pattern = Pattern(row.stem, takes, inserts, own, unlisted, alone)
        radicals = tuple([digits[digit] for digit in row.radicals])
        by_class, unknown = parts.setdefault((head, tail, radicals, same, palatal), ({}, []))
        by_class.setdefault(name if radicals else "", []).append(pattern)
        if tense in row.default and name.partition(".")[2] in ("", "1"):
            unknown.append(pattern)
    return tuple(_made(key, by_class, unknown) for key, (by_class, unknown) in parts.items())


class _Pattern(NamedTuple):
    letters: str
    places: dict[str, int]
    same: tuple[tuple[int, int], ...]
    head: str
    tail: str
    inserts: tuple[tuple[int, str], ...]


@lru_cache(maxsize=1 << 11)
def _read(variant: str) -> _Pattern:
    """Take a pattern to pieces; many classes share it."""
    letters = variant.translate(_UNSPOKEN)
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
    for char in variant:
        if char in "ːɨ":
            inserts.append((size, char))
        else:
            size += 1
    head, tail = letters[:first], letters[last + 1 :]
    return _Pattern(letters, places, same, head, tail, tuple(inserts[::-1]))


def _unknown_cost(pattern: Pattern) -> float:
    return UNKNOWN_COST + pattern.own + (0.0 if pattern.stem == "base" else pattern.unlisted / 2)


def _made(
    key: tuple[Any, ...], by_class: dict[str, list[Pattern]], unknown: list[Pattern]
) -> Group:
    head, tail, radicals, same, palatal = key
    takes = 0
    for patterns in by_class.values():
        for pattern in patterns:
            takes |= pattern.takes
    # A shape has its vowels; only further consonants are left to compare.
    further = [char for char in head[1:] if char not in VOWELS]
    return Group(
        takes,
        head[:1],
        head if further else "",
        tail if any(char not in VOWELS for char in tail) else "",
        same,
        itemgetter(*radicals) if radicals else None,
        {name: tuple(patterns) for name, patterns in by_class.items()},
        palatal,
        tuple(Stem(_unknown_cost(p), p, False, False) for p in unknown),
    )


class Stems(NamedTuple):
    """What a written stem may be: with a known root, and with one that is not known."""

    known: tuple[Stem, ...]
    unknown: tuple[Stem, ...]


NOTHING: Final = Stems((), ())


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
    guesses: tuple[Stem, ...] = ()
    known_roots, depalatal = roots.load(), paradigms.DEPALATAL
    for _, _, head, tail, same, take_radicals, by_class, palatal, unknown in (
        groups.by_first.get(written[0]) or groups.by_first[""]
    ):
        if (head and not written.startswith(head)) or (tail and not written.endswith(tail)):
            continue
        if same and any([written[one] != written[other] for one, other in same]):
            continue
        if take_radicals is None:
            for pattern in by_class[""]:
                nominal = pattern.takes & (affixes.NOUN_C | affixes.NOUN_V)
                found.append(Stem(NOMINAL_COST if nominal else 0.0, pattern, True, False))
            continue
        radicals = take_radicals(written)
        classes = known_roots.get(radicals)
        if classes and (palatal != "must" or radicals[-1] in depalatal):
            _match(found, classes, by_class, 0.0, False)
        if palatal and radicals[-1] in depalatal:
            for plain in depalatal[radicals[-1]]:
                classes = known_roots.get((*radicals[:-1], plain) if radicals[1:] else plain)
                if classes:
                    _match(found, classes, by_class, _PALATAL_COST, palatal == "may")
        guesses += unknown
    if found:
        return Stems(tuple(found), guesses)
    return Stems((), guesses) if guesses else NOTHING


def _match(
    found: list[Stem],
    classes: dict[str, roots.Known],
    by_class: dict[str, tuple[Pattern, ...]],
    cost: float,
    feminine: bool,
) -> None:
    for name, known in classes.items():
        for pattern in by_class.get(name, ()):
            listed = known.stems.get(pattern.stem)
            total = cost + pattern.own
            total += known.cost + pattern.unlisted if listed is None else listed
            found.append(Stem(total, pattern, True, feminine))


def speak(written: str, inserts: tuple[tuple[int, str], ...]) -> str:
    """Return a written stem with what is spoken but not written."""
    for place, sign in inserts:
        written = written[:place] + sign + written[place:]
    return written
