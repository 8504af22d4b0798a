"""Stem patterns of the verb: ``data/paradigms.tsv``, indexed by how a stem is written.

A pattern such as ``1ə2ːə3`` has digits for radicals. Reading goes the other way: the shape of a
written stem (``CəCəC``) gives the patterns that it may be, each pattern gives the radicals and
where the length marks go. So a stem is understood in one look-up, and only forms that occur are
ever made. Labialised radicals change the written shape (1ə2ːə3 → 1o2ə3, 12ə3 → 1u2ə3: ቆጠረ, ቁጠር);
patterns are repeated for the radicals that are labialised in some known root.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from coqui_amharic_ext.g2p import inflection as infl
from coqui_amharic_ext.g2p.resources import rows
from coqui_amharic_ext.g2p.symbols import VOWELS, encode

TENSES: Final = ("perf", "impf", "juss", "imp", "ger", "inf", "agt", "ins", "nom")
PALATAL: Final = {
    "t": "ʧ", "d": "ʤ", "ƭ": "ƈ", "s": "ʃ", "z": "ʒ", "ȿ": "ƈ", "n": "ɲ", "l": "j",
}  # fmt: skip
"""What a dental becomes before the vowel i or j of a suffix (Leslau 1995, palatalisation)."""
DEPALATAL: Final[dict[str, str]] = {
    palatal: "".join(plain for plain in PALATAL if PALATAL[plain] == palatal)
    for palatal in set(PALATAL.values())
}

_TAKES: Final = {
    ("strong", "perf"): infl.PERF,
    ("a", "perf"): infl.PERF_A,
    ("ə", "perf"): infl.PERF_E,
    ("strong", "impf"): infl.IMPF | infl.MAIN,
    ("a", "impf"): infl.IMPF_A | infl.MAIN_A,
    ("strong", "juss"): infl.JUSS,
    ("a", "juss"): infl.JUSS_A,
    ("strong", "imp"): infl.IMP,
    ("a", "imp"): infl.IMP_A,
    ("strong", "ger"): infl.GER,
    ("strong", "ger1"): infl.GER1,
    ("strong", "inf"): infl.INF,
}
_STEM_COST: Final = {
    "base": 0.0, "t": 0.6, "a": 0.8, "as": 0.6, "at": 1.4, "tC": 1.0, "aC": 1.0, "asC": 1.2,
    "ast": 1.0, "astC": 1.2, "red": 1.1, "tred": 1.0, "ared": 1.1, "astred": 1.2, "C": 1.1,
}  # fmt: skip
_UNKNOWN_COST: Final = 3.0
_SHORT_CONVERB_COST: Final = 4.0


class Pattern(NamedTuple):
    """One stem pattern, ready for a written stem of its shape.

    Attributes
    ----------
    verb_class : str
        Class of ``data/paradigms.tsv``, with the places of labialised radicals (``A.1``).
    stem, tense : str
        Derived stem and tense.
    literals : tuple of (int, str)
        Places in the written stem that must hold these consonants.
    same : tuple of (int, int)
        Pairs of places that must hold the same consonant.
    radicals : tuple of int
        Places of the root's radicals in the written stem.
    inserts : tuple of (int, str)
        What is spoken but not written: at which places of the written stem, from the right.
    takes : int
        Bits of :mod:`inflection`.
    cost : float
        Rarity of the stem for a root that is not listed with it.
    unknown : float or None
        Cost of the reading when the root is not known; None: only with a known root.
    palatal : {"", "may", "must"}
        Whether the last radical may be, or must be, a palatal standing for a dental.
    rarity : float
        Cost that comes with the pattern itself.
    """

    verb_class: str
    stem: str
    tense: str
    literals: tuple[tuple[int, str], ...]
    same: tuple[tuple[int, int], ...]
    radicals: tuple[int, ...]
    inserts: tuple[tuple[int, str], ...]
    takes: int
    cost: float
    unknown: float | None
    palatal: str
    rarity: float


_LABIAL: Final = {"ə": "o", "": "u", "ɨ": "u"}


def labialise(pattern: str, places: str) -> str:
    """Return a pattern with the radicals at ``places`` labialised: ə → o, none → u, a → ʷa."""
    for place in places:
        pattern = re.sub(
            place + "(ː?)([əɨaoui]?)",
            lambda m: place + (  # noqa: B023  called at once
                "ʷ" + m[1] + m[2] if m[2] in ("a", "i") else m[1] + _LABIAL.get(m[2], m[2])
            ),
            pattern,
        )
    return pattern


def compile_pattern(
    spoken: str, root: str, verb_class: str, stem: str, tense: str, endings: str, known_only: bool
) -> tuple[str, Pattern]:
    """Return the written shape of a pattern and the pattern.

    Parameters
    ----------
    spoken : str
        The pattern, digits for radicals, with length and ɨ.
    root : str
        Which pattern digit stands for each radical: ``123``, or ``122`` where the last two are alike.
    verb_class, stem, tense, endings : str
        As in ``data/paradigms.tsv``.
    known_only : bool
        Whether an unknown root may not have this reading.
    """
    shape: list[str] = []
    literals = []
    inserts = []
    same = []
    first: dict[str, int] = {}
    for char in spoken:
        place = len(shape)
        if char in "ːɨ":
            inserts.append((place, char))
        elif char in VOWELS or char == "ʷ":
            shape.append(char)
        elif char.isdigit():
            if char in first:
                same.append((first[char], place))
            else:
                first[char] = place
            shape.append("C")
        else:
            literals.append((place, char))
            shape.append("C")
    nominal = infl.NOUN_V if shape and shape[-1] in VOWELS else infl.NOUN_C
    takes = _TAKES.get((endings, tense)) or _TAKES.get(("strong", tense), nominal)
    palatal = ""
    if tense in ("agt!", "ins!"):
        palatal = "must"
    elif tense in ("impf", "juss", "imp", "ger1") and spoken[-1:].isdigit() or tense == "ger1":
        palatal = "may"
    rarity = 0.3 if len(set(root)) < len(root) else 0.0
    if tense == "ger1" and len(shape) < 4:
        # ስሜ is "my name" and በሬ "ox" before either is a converb.
        rarity += _SHORT_CONVERB_COST
    pattern = Pattern(
        verb_class, stem, tense.rstrip("!"), tuple(literals), tuple(same),
        tuple(first[digit] for digit in root), tuple(reversed(inserts)), takes,
        _STEM_COST.get(stem, 0.8), None if known_only else _UNKNOWN_COST, palatal, rarity,
    )  # fmt: skip
    return "".join(shape), pattern


class Row(NamedTuple):
    """One row of ``data/paradigms.tsv``."""

    verb_class: str
    stem: str
    endings: str
    radicals: str
    cells: dict[str, tuple[str, ...]]
    default: tuple[str, ...]


@lru_cache(maxsize=1)
def table() -> list[Row]:
    """Return the rows of ``data/paradigms.tsv``."""
    found = []
    for row in rows("paradigms.tsv"):
        cells = {
            tense: tuple(encode(cell).split(" "))
            for tense, cell in zip(TENSES, row[4:13], strict=True)
            if cell
        }
        found.append(Row(row[0], row[1], row[2], row[3], cells, tuple(row[13].split())))
    return found


def _forms(row: Row) -> Iterable[tuple[str, str]]:
    """Yield each tense and pattern of a row, with those that follow from the others."""
    for tense, patterns in row.cells.items():
        for pattern in patterns:
            yield tense, pattern
            if tense == "ger":
                last = "ʧ" if pattern[-1] == "t" else pattern[-1]
                if last != "ː":
                    yield "ger1", pattern[:-1] + last + "ː"
                else:
                    yield "ger1", pattern
            elif tense == "agt" and pattern[-2:].rstrip("i").isdigit():
                yield "agt!", pattern[:-1]
            elif tense == "ins" and pattern.endswith("ija"):
                yield "ins!", pattern[:-3] + "a"


def index(labialised: Iterable[tuple[str, str]]) -> dict[str, tuple[Pattern, ...]]:
    """Return all patterns by written shape.

    Parameters
    ----------
    labialised : iterable of (str, str)
        Verb classes with the labialised places that occur in known roots.
    """
    places: dict[str, set[str]] = {}
    for verb_class, where in labialised:
        places.setdefault(verb_class, set()).add(where)
    found: dict[str, list[Pattern]] = {}
    for row in table():
        for where in ("", *sorted(places.get(row.verb_class, ()))):
            name = f"{row.verb_class}.{where}" if where else row.verb_class
            for tense, pattern in _forms(row):
                shape, compiled = compile_pattern(
                    labialise(pattern, where) if where else pattern,
                    row.radicals, name, row.stem, tense, row.endings,
                    tense not in row.default or where not in ("", "1"),
                )  # fmt: skip
                found.setdefault(shape, []).append(compiled)
    return {shape: tuple(patterns) for shape, patterns in found.items()}
