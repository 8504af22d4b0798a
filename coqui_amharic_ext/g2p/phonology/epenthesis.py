"""Where ɨ is spoken among consonants that are written without a vowel.

Amharic allows the syllable (C)V(C)(C); a geminate fills two places. For every run of bare
consonants the positions of ɨ of least cost are taken: each ɨ costs something, a cluster costs by
how its sonority rises (``data/contacts.tsv``), and what no syllable can hold costs more than any
number of ɨ (Hayward 1988, "In defence of the skeletal tier"; Leslau 1995, chapter on phonology).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from coqui_amharic_ext.g2p.costs import cost
from coqui_amharic_ext.g2p.phonology.coding import VOWELS, decode
from coqui_amharic_ext.g2p.phonology.inventory import LENGTH
from coqui_amharic_ext.io.tables import rows

_VOWEL_COST: Final = cost("vowel")
_LATE_COST: Final = cost("vowel", "late")
_FORBIDDEN: Final = cost("cluster", "forbidden")
_IDENTICAL_COST: Final = cost("cluster", "identical")
_LOAN_ONSET: Final = ("p", "ɾ")
"""Native words have no p, and words from Europe keep this onset of theirs (pɾoɡɾam) alone.

Others are broken up in them as in native words (bɨɾazil, ɡɨɾik, pɨlan).
"""

_TOKEN = re.compile(f"[^{LENGTH}ʷ]ʷ?{LENGTH}?|[{LENGTH}ʷ]")
_OPENING = re.compile("[^əuiaeɨo]*[əuiaeɨo]|[^əuiaeɨo]+$")

_CLASSES: Final = {
    "stop": ("t", "tdƭ"),
    "peripheral": ("p", "pbƥkɡƙ"),
    "affricate": ("c", "ʧʤƈ"),
    "fricative": ("s", "fvȿ"),
    "sibilant": ("z", "szʃʒ"),
    "glottal": ("q", "ʔ"),
    "aspirate": ("h", "h"),
    "nasal": ("n", "mnɲ"),
    "liquid": ("l", "lɾ"),
    "glide": ("w", "wj"),
}
"""The classes of ``data/contacts.tsv``: their sign here, and their consonants."""
_SKELETON: Final[dict[int, str | None]] = {
    ord(char): sign for sign, chars in _CLASSES.values() for char in chars
}
_REPEATED: Final = "="
_GLOTTAL: Final = "ʔ"
_GLIDES: Final = "wja"
"""Broken up as in -awɨjan, the plural of -awi."""


@lru_cache(maxsize=1)
def _contacts() -> dict[tuple[str, str, str], float]:
    """Return the cost of each pair of classes, by their signs; sibilants are fricatives, too."""
    found = {
        (place, _CLASSES[first][0], _CLASSES[second][0]): float(own)
        for place, first, second, own in rows(
            "g2p/data/contacts.tsv", "place", "first", "second", "cost"
        )
    }
    fricative, sibilant = _CLASSES["fricative"][0], _CLASSES["sibilant"][0]
    for (place, one, other), own in list(found.items()):
        for first in {one, one.replace(fricative, sibilant)}:
            for second in {other, other.replace(fricative, sibilant)}:
                found.setdefault((place, first, second), own)
    return found


def _cluster_cost(tokens: Sequence[str], initial: bool, final: bool) -> float:
    """Return the cost of a cluster between two vowels, or between a vowel and a word edge.

    A token is a class's sign, with ``ː`` if the consonant is long and ``=`` before it if it
    is the consonant before it once more.
    """
    if not tokens:
        return 0.0 if final else _FORBIDDEN
    places = len(tokens) + sum([token[-1] == LENGTH for token in tokens])
    if initial:
        return 0.0 if places == 1 else _FORBIDDEN * (places - 1)
    if places > 2:
        return _FORBIDDEN * (places - 2)
    if len(tokens) == 1:
        return 0.0
    if tokens[1][0] == _REPEATED:
        return _IDENTICAL_COST
    return _contacts()["final" if final else "medial", tokens[0][-1], tokens[1][-1]]


class _Runs(dict[str, str]):
    """Runs of bare consonants, and the vowel after them, with their ɨ; made when first met."""

    def __init__(self, initial: int, final: int, ipa: bool) -> None:
        super().__init__()
        self.initial = bool(initial)
        self.final = bool(final)
        self.ipa = ipa

    def __missing__(self, run: str) -> str:
        if len(self) >= _MEMO_SIZE:
            self.clear()
        vowel = run[-1] if run[-1] in VOWELS else ""
        tokens = _TOKEN.findall(run[: len(run) - len(vowel)])
        # The two commonest cases need no search.
        if vowel and len(run) < 3 + (not self.initial) and (run[0] != _GLOTTAL or len(run) < 3):
            # C before a vowel; between vowels two consonants, or one long one, as well.
            split = len(tokens) == 2 and (tokens[0] == tokens[1] or run == _GLIDES)
            filled = f"{tokens[0]}ɨ{tokens[1]}{vowel}" if split else run
        else:
            filled = fill_run(tokens, self.initial, self.final) + vowel
        filled = decode(filled) if self.ipa else filled
        if len(run) <= _LONGEST_REMEMBERED:
            self[run] = filled
        return filled


_MEMO_SIZE: Final = 1 << 14
_LONGEST_REMEMBERED: Final = 32
_CODED: Final = tuple(_Runs(i, f, False) for i, f in ((1, 0), (0, 0), (0, 1), (1, 1)))
_IPA: Final = tuple(_Runs(i, f, True) for i, f in ((1, 0), (0, 0), (0, 1), (1, 1)))


def fill_run(tokens: Sequence[str], initial: bool, final: bool) -> str:
    """Return a run of consonants with ɨ where it is spoken.

    Parameters
    ----------
    tokens : sequence of str
        Consonants, each with its ``ʷ`` and ``ː``.
    initial, final : bool
        Whether the run begins, ends the word; otherwise a vowel is there.
    """
    if initial and tuple(tokens[:2]) == _LOAN_ONSET and len(tokens) > 1 + final:
        return tokens[0] + fill_run(tokens[1:], initial, final)
    skeleton = "".join([token[0] + LENGTH if token[-1] == LENGTH else token[0] for token in tokens])
    skeleton = skeleton.translate(_SKELETON)
    if len(set(tokens)) < len(tokens):
        before = ("", *tokens)
        parts = _CLASS_TOKEN.findall(skeleton)
        skeleton = "".join(
            [_REPEATED + p if tokens[i] == before[i] else p for i, p in enumerate(parts)]
        )
    places = _cheapest(skeleton, initial, final)
    return "".join([t + "ɨ" if i in places else t for i, t in enumerate(tokens)])


_CLASS_TOKEN: Final = re.compile(f"{_REPEATED}?[a-z]{LENGTH}?")
_REMEMBERED: Final = 12


def _cheapest(skeleton: str, initial: bool, final: bool) -> frozenset[int]:
    """Return after which consonants ɨ stands; which they are counts no more than their class."""
    if len(skeleton) <= _REMEMBERED:
        return _remembered(skeleton, initial, final)
    return _search(skeleton, initial, final)


@lru_cache(maxsize=1 << 13)
def _remembered(skeleton: str, initial: bool, final: bool) -> frozenset[int]:
    return _search(skeleton, initial, final)


def _search(skeleton: str, initial: bool, final: bool) -> frozenset[int]:
    """Find the cheapest places for ɨ, left to right; linear in the length of the run."""
    tokens = _CLASS_TOKEN.findall(skeleton)
    count = len(tokens)
    # best[i]: cheapest cost with ɨ right after token i, and where the ɨ before that stood.
    best: list[tuple[float, int]] = [(0.0, -1)]
    for here in range(1, count + 1):
        options = []
        for before in range(max(0, here - 2), here):
            cluster = _cluster_cost(tokens[before:here], initial and before == 0, False)
            options.append((best[before][0] + cluster + _VOWEL_COST + _LATE_COST * here, before))
        best.append(min(options))
    ends = []
    for before in range(max(0, count - 2), count + 1):
        first = initial and before == 0
        cluster = _cluster_cost(tokens[before:], first, final)
        if first and final:
            cluster += _FORBIDDEN
        ends.append((best[before][0] + cluster, before))
    _, here = min(ends)
    places = set()
    while here > 0:
        places.add(here - 1)
        here = best[here][1]
    return frozenset(places)


def _fill(coded: str, runs: tuple[_Runs, ...]) -> str:
    initial, medial, final, whole = runs
    if "ːʷ" in coded:  # a suffix's ʷ meets the stem's geminate: አሏት ʔalʷːat
        coded = coded.replace("ːʷ", "ʷː")
    parts = _OPENING.findall(coded)
    if len(parts) < 2:
        return (initial if coded[-1:] in VOWELS else whole)[coded] if coded else ""
    parts[0] = initial[parts[0]]
    last = parts[-1]
    parts[-1] = (medial if last[-1] in VOWELS else final)[last]
    for place in range(1, len(parts) - 1):
        parts[place] = medial[parts[place]]
    return "".join(parts)


def fill(coded: str) -> str:
    """Return a word, one character per phone, with every spoken ɨ written."""
    return _fill(coded, _CODED)


def speak(coded: str) -> str:
    """Return a word, one character per phone, as IPA with every spoken ɨ written."""
    return _fill(coded, _IPA)
