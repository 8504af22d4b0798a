"""Text that remembers where each of its characters stood in the source, for ``explain``."""

from __future__ import annotations

import re
from collections.abc import Callable

from coqui_amharic_ext.text.trace import Change


class AlignedText:
    """A text being rewritten, with the source stretch of every character.

    Attributes
    ----------
    text : str
        The text as it is now.
    starts, ends : list of int
        For each character of ``text``, the stretch of the source that it came from.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.text = source
        self.starts = list(range(len(source)))
        self.ends = list(range(1, len(source) + 1))

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Source stretch of ``text[start:end]``."""
        if start >= end:
            place = self.starts[start] if start < len(self.starts) else len(self.source)
            return place, place
        return self.starts[start], self.ends[end - 1]

    def sub(
        self, pattern: re.Pattern[str], replace: Callable[[re.Match[str]], str], rule: str
    ) -> list[Change]:
        """Rewrite every match; one that stays the same keeps its alignment."""
        changes: list[Change] = []
        pieces: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        last = 0
        for match in pattern.finditer(self.text):
            after = replace(match)
            if after == match[0]:
                continue
            begin, stop = match.span()
            pieces += (self.text[last:begin], after)
            starts += self.starts[last:begin]
            ends += self.ends[last:begin]
            source_start, source_end = self.span(begin, stop)
            starts += [source_start] * len(after)
            ends += [source_end] * len(after)
            last = stop
            written = self.source[source_start:source_end]
            changes.append(Change(source_start, source_end, rule, written, after))
        if changes:
            self.text = "".join((*pieces, self.text[last:]))
            self.starts = starts + self.starts[last:]
            self.ends = ends + self.ends[last:]
        return changes
