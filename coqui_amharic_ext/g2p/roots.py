"""Known verb roots: ``data/roots.tsv``, each put into the class whose perfective it has."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from coqui_amharic_ext.g2p.paradigms import labialise, table
from coqui_amharic_ext.g2p.resources import rows
from coqui_amharic_ext.g2p.symbols import VOWELS, encode

_STEMS: Final = {
    "base": ("base", "red", "C"),
    "t": ("t", "tC", "tred", "tn", "tnC"),
    "a": ("a", "a2", "at", "aC", "aC2", "ared", "ared2", "an", "anC"),
    "as": ("as", "asC", "asred"),
    "ast": ("ast", "astC", "astred", "as"),
}
_TYPES: Final = {"A": "AOEMGXW", "B": "BG", "C": "CMQP", "Q": "QGPC", "Q2": "Q"}
_ROW_COST: Final = 1e-4
_CONFIDENCE: Final = {"high": 0.0, "medium": 0.1, "low": 0.3}


class Root(NamedTuple):
    """One row of ``data/roots.tsv``, understood.

    Attributes
    ----------
    citation, radicals : str
        As written; the radicals one character each.
    verb_class : str
        Class of ``data/paradigms.tsv`` with the places of labialised radicals.
    stem : str
        The stem of the citation form.
    cost : float
        More for less certain rows.
    """

    citation: str
    radicals: str
    verb_class: str
    stem: str
    cost: float


@lru_cache(maxsize=1)
def _perfectives() -> dict[str, list[tuple[str, str, str, re.Pattern[str]]]]:
    """Return, by shape with length, the perfectives a citation form can have."""
    found: dict[str, list[tuple[str, str, str, re.Pattern[str]]]] = {}
    for row in table():
        for pattern in row.cells.get("perf", ()):
            for where in ("", "1", "2", "3", "12", "13"):
                if any(place not in pattern for place in where):
                    continue
                marked = labialise(pattern, where)
                if where and row.verb_class in ("O", "E", "X"):
                    continue
                if where == "3" and "4" not in pattern:
                    continue
                ending = "a" if row.endings == "a" else "ə"
                marked = ("ʔ" + marked if marked[0] == "a" else marked) + ending
                seen: set[str] = set()
                regex = ""
                for char in marked:
                    if char.isdigit() and char in seen:
                        regex += f"(?P=r{char})"
                    elif char.isdigit():
                        seen.add(char)
                        regex += f"(?P<r{char}>[^əuiaeɨoːʷ])"
                    else:
                        regex += char
                shape = re.sub("[^əuiaeɨoːʷ]", "C", marked)
                name = f"{row.verb_class}.{where}" if where else row.verb_class
                found.setdefault(shape, []).append(
                    (name, row.stem, row.endings, re.compile(regex))
                )
    return found


def classify(citation: str, declared_type: str, ipa: str, declared_stem: str) -> Root | None:
    """Return the root of a citation form, or None if no perfective pattern fits it.

    Parameters
    ----------
    citation, declared_type, ipa, declared_stem : str
        Columns of ``data/roots.tsv``; ``ipa`` one character per phone.
    """
    shape = re.sub("[^əuiaeɨoːʷ]", "C", ipa)
    best: tuple[int, Root] | None = None
    for name, stem, _endings, regex in _perfectives().get(shape, ()):
        if stem not in _STEMS.get(declared_stem, ()):
            continue
        match = regex.fullmatch(ipa)
        if match is None:
            continue
        radicals = "".join(match[group] for group in sorted(match.groupdict()))
        rank = _STEMS.get(declared_stem, ()).index(stem)
        letter = name[1] if name[0] == "G" and name[1] in "AB" else name[0]
        rank += 0 if letter in _TYPES.get(declared_type, "") else 10
        if best is None or rank < best[0]:
            best = (rank, Root(citation, radicals, name, stem, 0.0))
    return best[1] if best else None


class Known(NamedTuple):
    """What is known of a root in one class: the stems it is listed with, and their costs."""

    stems: dict[str, float]
    cost: float


@lru_cache(maxsize=1)
def load() -> tuple[dict[str, dict[str, Known]], list[str]]:
    """Return known roots by radicals and class, and the citations that fit no pattern."""
    index: dict[str, dict[str, Known]] = {}
    unfit = []
    for number, row in enumerate(rows("roots.tsv")):
        citation, declared_type, ipa, stem, _gloss, _basis, confidence = row[:7]
        root = classify(citation, declared_type, encode(ipa), stem)
        if root is None:
            unfit.append(citation)
            continue
        # Frequent verbs stand first in the table, which decides between otherwise equal readings.
        cost = _CONFIDENCE.get(confidence, 0.3) + number * _ROW_COST
        classes = index.setdefault(root.radicals, {})
        known = classes.get(root.verb_class)
        if known is None:
            classes[root.verb_class] = Known({root.stem: cost}, cost)
        else:
            known.stems.setdefault(root.stem, cost)
    return index, unfit


def is_vowel(char: str) -> bool:
    """Return whether a character is a vowel."""
    return char in VOWELS
