"""HTML that every tab shows: tables, messages and badges; ``markupsafe`` escapes what they hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from markupsafe import Markup

Tone = Literal["good", "bad", "warning", "plain"]


def badge(text: str, tone: Tone) -> Markup:
    """Return a short word on a coloured ground; the word alone says what the colour does."""
    return Markup('<span class="am-badge am-{}">{}</span>').format(tone, text)


def lines(values: Iterable[str]) -> Markup:
    """Return values below each other."""
    return Markup("<br>").join(values)


def message(text: object, tone: Tone = "plain") -> Markup:
    """Return a paragraph."""
    return Markup('<p class="am-message am-{}">{}</p>').format(tone, text)


def amharic(text: str) -> Markup:
    """Return Amharic text, marked as such for screen readers and fonts."""
    return Markup('<span lang="am">{}</span>').format(text)


def table(caption: str, headers: Sequence[str], rows: Iterable[Sequence[object]]) -> Markup:
    """Return a table that scrolls sideways on a narrow screen, also with the keyboard."""
    head = Markup().join(Markup('<th scope="col">{}</th>').format(header) for header in headers)
    body = Markup().join(
        Markup("<tr>{}</tr>").format(Markup().join(map(Markup("<td>{}</td>").format, row)))
        for row in rows
    )
    return Markup(
        '<div class="am-scroll" role="region" tabindex="0" aria-label="{0}">'
        '<table class="am-table"><caption>{0}</caption>'
        "<thead><tr>{1}</tr></thead><tbody>{2}</tbody></table></div>"
    ).format(caption, head, body)
