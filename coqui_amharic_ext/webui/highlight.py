"""Which stretches of a normalised text are not as they were written."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from coqui_amharic_ext.text.trace import Explanation

_LOOKAHEAD: Final = 8
"""Characters by which settled spaces and marks may put the two texts out of step."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of the normalised text; ``rule`` is empty where it stands as written."""

    spoken: str
    written: str = ""
    rule: str = ""


def stretches(explanation: Explanation) -> list[Stretch]:
    """Cut a normalised text into what was changed and what was not.

    Returns
    -------
    list of Stretch
        In order; their ``spoken`` joined is the normalised text. A change of which nothing is left
        has a stretch with nothing spoken.
    """
    raw: list[str] = []
    owner: list[int] = []
    cursor = 0
    for number, change in enumerate(explanation.changes):
        kept = explanation.source[cursor : max(cursor, change.start)]
        raw += [*kept, *change.spoken]
        owner += [-1] * len(kept) + [number] * len(change.spoken)
        cursor = max(cursor, change.end)
    rest = explanation.source[cursor:]
    raw += rest
    owner += [-1] * len(rest)
    return _joined(explanation, _owners("".join(raw), owner, explanation.spoken))


def _owners(raw: str, owner: list[int], final: str) -> list[int]:
    """Carry each character's owner from the joined pieces over to the settled text."""
    found: list[int] = []
    place = 0
    for character in final:
        near = raw.find(character, place, place + _LOOKAHEAD)
        if near < 0:
            # A space or mark that was put in while settling belongs to what is around it.
            found.append(found[-1] if found else -1)
        else:
            found.append(owner[near])
            place = near + 1
    return found


def _joined(explanation: Explanation, owners: list[int]) -> list[Stretch]:
    result: list[Stretch] = []
    start, told = 0, -1
    changes = explanation.changes

    def gone(before: int) -> None:
        for number in range(told + 1, before):
            result.append(Stretch("", changes[number].written, changes[number].rule))

    for end in range(1, len(owners) + 1):
        if end < len(owners) and owners[end] == owners[start]:
            continue
        owner, spoken = owners[start], explanation.spoken[start:end]
        if owner < 0:
            result.append(Stretch(spoken))
        elif owner <= told:
            result.append(Stretch(spoken, changes[owner].written, changes[owner].rule))
        else:
            gone(owner)
            result.append(Stretch(spoken, changes[owner].written, changes[owner].rule))
            told = owner
        start = end
    gone(len(changes))
    return result


def highlighted(explanation: Explanation) -> str:
    """Return the normalised text as HTML, every changed stretch marked with what it was."""
    parts = []
    for stretch in stretches(explanation):
        if not stretch.rule:
            parts.append(escape(stretch.spoken))
            continue
        title = escape(f"{stretch.rule}: {stretch.written} → {stretch.spoken or 'nothing'}")
        if stretch.spoken.strip():
            parts.append(f'<mark title="{title}">{escape(stretch.spoken)}</mark>')
        elif not stretch.spoken and stretch.written.strip():
            parts.append(f'<del title="{title}">{escape(stretch.written)}</del>')
        else:
            parts.append(escape(stretch.spoken))
    return f'<p class="am-normalised" lang="am">{"".join(parts)}</p>'
