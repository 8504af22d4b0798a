"""What ``explain`` returns: every change with its place, its rule and its reading."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Change:
    """One rewritten stretch of the source.

    Attributes
    ----------
    start, end : int
        The stretch in the source, in characters: ``source[start:end]``.
    rule : str
        Name of the rule, as :func:`coqui_amharic_ext.text.rule_names` lists them.
    written : str
        The stretch as it stands in the source.
    spoken : str
        What it was rewritten to.
    """

    start: int
    end: int
    rule: str
    written: str
    spoken: str


@dataclass(frozen=True)
class Explanation:
    """A normalised text with its changes in order; iterates over the changes.

    Attributes
    ----------
    source : str
        The text as given.
    spoken : str
        What :func:`normalize` returns for it. Spaces and runs of marks are settled after the last
        rule, without an entry.
    changes : tuple of Change
        Sorted by ``start``.
    """

    source: str
    spoken: str
    changes: tuple[Change, ...]

    def __iter__(self) -> Iterator[Change]:
        return iter(self.changes)

    def __len__(self) -> int:
        return len(self.changes)
