"""Which column of a table without a header is the name, the text and the speaker."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from coqui_amharic_ext.data.clips import has_ending

LONGEST_LABEL: Final = 64
GENDERS: Final = frozenset({"male", "female", "m", "f", "other", "neutral", "unknown", ""})
"""What stands beside speakers, and is none.  (``neutral`` is an emotion.)"""


@dataclass(frozen=True, slots=True)
class Columns:
    """Numbers of columns, from 0.

    Parameters
    ----------
    name, text : int
        The clip's name, and what is said in it.
    written : int
        The text as first written; the same as ``text`` where there is one text.
    speaker : int or None
        Who says it.
    """

    name: int
    text: int
    written: int
    speaker: int | None = None


def tell_columns(rows: Sequence[Sequence[str]]) -> Columns:
    """Tell the columns of rows of one width, at least 2, by what is in them.

    The name is the column of audio files, else the first. A speaker says several texts and comes
    more than once; numbers with a fraction are lengths. Of two texts the second is normalised, as
    in LJSpeech's layout.
    """
    columns = list(zip(*rows, strict=True))
    name = next((n for n, values in enumerate(columns) if all(map(has_ending, values))), 0)
    rest = [n for n in range(len(columns)) if n != name]
    if len(rest) == 1:
        return Columns(name, rest[0], rest[0])
    texts = [n for n in rest if not _is_number(columns[n])]
    labels = [n for n in rest if _is_label(columns[n], [columns[o] for o in rest if o != n])]
    speaker = min(labels, key=lambda n: _wordiness(columns[n])) if labels else None
    texts = [n for n in texts if n != speaker] or [n for n in rest if n != speaker]
    if speaker is not None and len(set(columns[speaker])) == 1:
        speaker = None  # one voice needs no name
    return Columns(name, texts[min(1, len(texts) - 1)], texts[0], speaker)


def _is_number(values: Sequence[str]) -> bool:
    return all(value.strip().replace(".", "", 1).isdecimal() for value in values)


def _is_label(values: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    """Whether a column can say who speaks: few values, and several texts beside one of them."""
    distinct = {value.strip() for value in values}
    if len(distinct) > len(values) // 2 or {value.casefold() for value in distinct} <= GENDERS:
        return False
    if not all(0 < len(value) <= LONGEST_LABEL for value in distinct):
        return False
    if any("." in value and _is_number([value]) for value in distinct):
        return False
    # A text that is said again and again has one other form beside it, not several.
    other = max(others, key=lambda column: len(set(column)))
    beside = defaultdict(set)
    for value, seen in zip(values, other, strict=True):
        beside[value].add(seen)
    return any(len(seen) > 1 for seen in beside.values())


def _wordiness(values: Sequence[str]) -> tuple[int, int]:
    return sum(" " in value.strip() for value in values), sum(map(len, values))


def punctuation(texts: Sequence[str]) -> int:
    """Return how many punctuation marks texts have."""
    return sum(unicodedata.category(character)[0] == "P" for text in texts for character in text)
