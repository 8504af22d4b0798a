"""Known verb roots: ``data/roots.tsv``, each put into the class whose perfective it has."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from operator import itemgetter
from typing import Final, NamedTuple

from coqui_amharic_ext.g2p.costs import cost
from coqui_amharic_ext.g2p.grammar.paradigms import labialised, table
from coqui_amharic_ext.g2p.phonology.coding import encode
from coqui_amharic_ext.io.tables import rows

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
    for paradigm in table():
        for pattern in paradigm.patterns.get("perf", ()):
            for where in _LABIALISED_PLACES:
                if where and (
                    paradigm.verb_class in ("O", "E")
                    or any([place not in pattern for place in where])
                ):
                    continue
                stem = labialised(pattern, where, paradigm.endings)[0] if where else pattern
                marked = stem + ("a" if paradigm.endings == "a" else "ə")
                if marked[0] == "a":
                    marked = "ʔ" + marked
                name = f"{paradigm.verb_class}.{where}" if where else paradigm.verb_class
                found.setdefault(marked.translate(_SHAPE), []).append(
                    _Perfective(paradigm.stem, name, marked, paradigm.radicals)
                )
    return found


class _Template(NamedTuple):
    """A perfective, taken to pieces: what must be where, and where the radicals are."""

    literals: tuple[tuple[int, str], ...]
    same: tuple[tuple[int, int], ...]
    radicals: Callable[[str], tuple[str, ...] | str]


@cache
def _template(marked: str, radicals: str) -> _Template:
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
    return _Template(tuple(literals), tuple(same), itemgetter(*order))


def classify(declared_type: str, ipa: str, declared_stem: str) -> Root | None:
    """Return the root of a citation form, or None if no perfective pattern fits it.

    Parameters
    ----------
    declared_type, ipa, declared_stem : str
        Columns of ``data/roots.tsv``; ``ipa`` one character per phone.
    """
    stems = _STEMS.get(declared_stem, ())
    types = _TYPES.get(declared_type, "")
    best: tuple[int, _Perfective, _Template] | None = None
    for candidate in _perfectives().get(ipa.translate(_SHAPE), ()):
        if candidate.stem not in stems:
            continue
        template = _template(candidate.marked, candidate.radicals)
        if any([ipa[place] != char for place, char in template.literals]):
            continue
        if template.same and any([ipa[one] != ipa[other] for one, other in template.same]):
            continue
        name = candidate.verb_class
        letter = name[1] if name[0] == "G" and name[1] in "AB" else name[0]
        rank = stems.index(candidate.stem) + (0 if letter in types else 10)
        if best is None or rank < best[0]:
            best = (rank, candidate, template)
    if best is None:
        return None
    _, found, template = best
    return Root(template.radicals(ipa), found.verb_class, found.stem)


class _Row(NamedTuple):
    citation: str
    declared_type: str
    ipa: str
    declared_stem: str
    confidence: str


def _rows() -> list[_Row]:
    table = rows("g2p/data/roots.tsv", "citation", "type", "ipa", "stem", "confidence")
    return [_Row(*cells) for cells in table]


@lru_cache(maxsize=1)
def load() -> dict[tuple[str, ...] | str, dict[str, Known]]:
    """Return known roots by radicals and class.

    Frequent verbs stand first in the table, and the order decides between readings that are
    otherwise equally good. Rows that fit no pattern are left out; :func:`unfit` names them.
    """
    index: dict[tuple[str, ...] | str, dict[str, Known]] = {}
    listed = _rows()
    spoken = encode("\n".join([row.ipa for row in listed])).split("\n")
    row_cost, derived_cost = cost("root row"), cost("derived root")
    for number, (row, ipa) in enumerate(zip(listed, spoken, strict=True)):
        root = classify(row.declared_type, ipa, row.declared_stem)
        if root is None:
            continue
        own = cost("root confidence", row.confidence) + number * row_cost
        if root.stem != "base":
            own += derived_cost
        classes = index.setdefault(root.radicals, {})
        known = classes.get(root.verb_class)
        if known is None:
            classes[root.verb_class] = Known({root.stem: own}, own)
        else:
            known.stems.setdefault(root.stem, own)
    return index


def unfit() -> list[str]:
    """Return the citations of ``data/roots.tsv`` whose perfective no pattern has."""
    return [
        row.citation
        for row in _rows()
        if classify(row.declared_type, encode(row.ipa), row.declared_stem) is None
    ]
