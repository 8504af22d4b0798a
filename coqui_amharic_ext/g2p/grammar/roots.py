"""Known verb roots: ``data/roots.tsv``, each put into the class whose perfective it has."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from operator import itemgetter
from typing import Final, NamedTuple

from coqui_amharic_ext.g2p.grammar.paradigms import labialised, table
from coqui_amharic_ext.g2p.phonology.coding import encode
from coqui_amharic_ext.g2p.resources import rows

_STEMS: Final = {
    "base": ("base", "red", "C"),
    "t": ("t", "tC", "tred", "tn", "tnC"),
    "a": ("a", "a2", "at", "aC", "aC2", "ared", "ared2", "an", "anC"),
    "as": ("as", "asC", "asred"),
    "ast": ("ast", "astC", "astred", "as"),
}
"""Stems of ``data/paradigms.tsv`` that the stem column of ``data/roots.tsv`` may mean."""
_TYPES: Final = {"A": "AOEMGXW", "B": "B", "C": "CMQP", "Q": "QGPC", "Q2": "QP"}
"""First letters of the classes that a type of ``data/roots.tsv`` may be."""
_LABIALISED_PLACES: Final = ("", "1", "2", "3", "4", "12", "13", "24")
_CONFIDENCE: Final = {"high": 0.0, "medium": 0.1, "low": 0.3}
_ROW_COST: Final = 1e-4
_DERIVED_COST: Final = 100 * _ROW_COST
"""Where base and derived stem are written alike, the base is meant unless it is much rarer."""
_SHAPE: Final = str.maketrans(
    dict.fromkeys("12345pbtdkɡʔƥƭƙȿʧʤƈfvszʃʒhmnɲlɾwj", "C"),
)


class Root(NamedTuple):
    """One row of ``data/roots.tsv``, understood.

    Attributes
    ----------
    radicals : tuple of str or str
        One character each; a single radical is a plain string.
    verb_class : str
        Class of ``data/paradigms.tsv`` with the places of labialised radicals (``A.1``).
    stem : str
        The stem of the citation form.
    """

    radicals: tuple[str, ...] | str
    verb_class: str
    stem: str


class Known(NamedTuple):
    """What is known of a root in one class: the stems it is listed with, and their costs."""

    stems: dict[str, float]
    cost: float


class _Perfective(NamedTuple):
    stem: str
    verb_class: str
    marked: str
    radicals: str


@lru_cache(maxsize=1)
def _perfectives() -> dict[str, list[_Perfective]]:
    """Return, by shape with length, the perfectives that a citation form can have."""
    found: dict[str, list[_Perfective]] = {}
    for row in table():
        for pattern in row.cells.get("perf", ()):
            for where in _LABIALISED_PLACES:
                if where and (
                    row.verb_class in ("O", "E") or any([place not in pattern for place in where])
                ):
                    continue
                stem = labialised(pattern, where, row.endings)[0] if where else pattern
                marked = stem + ("a" if row.endings == "a" else "ə")
                if marked[0] == "a":
                    marked = "ʔ" + marked
                name = f"{row.verb_class}.{where}" if where else row.verb_class
                found.setdefault(marked.translate(_SHAPE), []).append(
                    _Perfective(row.stem, name, marked, row.radicals)
                )
    return found


class _Check(NamedTuple):
    literals: tuple[tuple[int, str], ...]
    same: tuple[tuple[int, int], ...]
    take: Callable[[str], tuple[str, ...] | str]


@cache
def _check(marked: str, radicals: str) -> _Check:
    """Take a perfective to pieces: what must be where, and where the radicals are."""
    places: dict[str, int] = {}
    literals = []
    same = []
    for place, char in enumerate(marked):
        if not char.isdigit():
            if char not in "əuiaeɨoːʷ":
                literals.append((place, char))
        elif char in places:
            same.append((places[char], place))
        else:
            places[char] = place
    order = [places[digit] for digit in radicals if digit in places]
    return _Check(tuple(literals), tuple(same), itemgetter(*order))


def classify(declared_type: str, ipa: str, declared_stem: str) -> Root | None:
    """Return the root of a citation form, or None if no perfective pattern fits it.

    Parameters
    ----------
    declared_type, ipa, declared_stem : str
        Columns of ``data/roots.tsv``; ``ipa`` one character per phone.
    """
    stems = _STEMS.get(declared_stem, ())
    types = _TYPES.get(declared_type, "")
    best: tuple[int, _Perfective, _Check] | None = None
    for candidate in _perfectives().get(ipa.translate(_SHAPE), ()):
        stem, name, marked, radicals = candidate
        if stem not in stems:
            continue
        check = _check(marked, radicals)
        if any([ipa[place] != char for place, char in check.literals]):
            continue
        if check.same and any([ipa[one] != ipa[other] for one, other in check.same]):
            continue
        letter = name[1] if name[0] == "G" and name[1] in "AB" else name[0]
        rank = stems.index(stem) + (0 if letter in types else 10)
        if best is None or rank < best[0]:
            best = (rank, candidate, check)
    if best is None:
        return None
    _, found, check = best
    return Root(check.take(ipa), found.verb_class, found.stem)


@lru_cache(maxsize=1)
def load() -> dict[tuple[str, ...] | str, dict[str, Known]]:
    """Return known roots by radicals and class.

    Frequent verbs stand first in the table, and the order decides between readings that are
    otherwise equally good. Rows that fit no pattern are left out; :func:`unfit` names them.
    """
    index: dict[tuple[str, ...] | str, dict[str, Known]] = {}
    listed = rows("roots.tsv")
    spoken = encode("\n".join([row[2] for row in listed])).split("\n")
    for number, (row, ipa) in enumerate(zip(listed, spoken, strict=True)):
        root = classify(row[1], ipa, row[3])
        if root is None:
            continue
        cost = _CONFIDENCE.get(row[6], 0.3) + number * _ROW_COST
        if root.stem != "base":
            cost += _DERIVED_COST
        classes = index.setdefault(root.radicals, {})
        known = classes.get(root.verb_class)
        if known is None:
            classes[root.verb_class] = Known({root.stem: cost}, cost)
        else:
            known.stems.setdefault(root.stem, cost)
    return index


def unfit() -> list[str]:
    """Return the citations of ``data/roots.tsv`` whose perfective no pattern has."""
    return [row[0] for row in rows("roots.tsv") if not classify(row[1], encode(row[2]), row[3])]
