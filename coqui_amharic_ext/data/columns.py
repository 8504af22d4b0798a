"""Tell the columns of a table without a header: name, text and speaker."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from coqui_amharic_ext.data.clips import has_ending

LONGEST_LABEL: Final = 64
GENDERS: Final = frozenset({"male", "female", "m", "f", "other", "neutral", "unknown", ""})
"""Values of columns that look like speakers. (``neutral`` is an emotion.)"""


@dataclass(frozen=True, slots=True)
class Columns:
    """Numbers of columns, from 0.

    Parameters
    ----------
    name, text : int
        The clip's name, and its text.
    written : int
        The original text; the same as ``text`` if there is one text.
    speaker : int or None
        The speaker.
    """

    name: int
    text: int
    written: int
    speaker: int | None = None


def tell_columns(rows: Sequence[Sequence[str]]) -> Columns:
    """Tell the columns of rows of one width, at least 2, by their contents.

    The name is the column of audio files, else the first. A speaker has several texts and occurs
    several times; numbers with a fraction are lengths. Of two texts the second is normalised, as
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
        speaker = None  # a single voice needs no name
    return Columns(name, texts[min(1, len(texts) - 1)], texts[0], speaker)


def _is_number(values: Sequence[str]) -> bool:
    return all(value.strip().replace(".", "", 1).isdecimal() for value in values)


def _is_label(values: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    """Whether a column can name speakers: few values, and several texts for one of them."""
    distinct = {value.strip() for value in values}
    if len(distinct) > len(values) // 2 or {value.casefold() for value in distinct} <= GENDERS:
        return False
    if not all(0 < len(value) <= LONGEST_LABEL for value in distinct):
        return False
    if any("." in value and _is_number([value]) for value in distinct):
        return False
    # A repeated text has one other form, not several.
    other = max(others, key=lambda column: len(set(column)))
    beside = defaultdict(set)
    for value, seen in zip(values, other, strict=True):
        beside[value].add(seen)
    return any(len(seen) > 1 for seen in beside.values())


def _wordiness(values: Sequence[str]) -> tuple[int, int]:
    return sum(" " in value.strip() for value in values), sum(map(len, values))


def punctuation(texts: Sequence[str]) -> int:
    """Return the number of punctuation marks in texts."""
    return sum(unicodedata.category(character)[0] == "P" for text in texts for character in text)
