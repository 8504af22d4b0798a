"""HTML that every tab shows: tables, messages, badges; text is escaped on its way in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Literal

Tone = Literal["good", "bad", "warning", "plain"]


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def cell(value: object) -> str:
    """Return a value as HTML; text is escaped, ``Markup`` is kept."""
    if isinstance(value, Markup):
        return value
    return escape("" if value is None else str(value))


def badge(text: str, tone: Tone) -> Markup:
    """Return a short word on a coloured ground; the word alone says what the colour does."""
    return Markup(f'<span class="am-badge am-{tone}">{escape(text)}</span>')


def lines(values: Iterable[object]) -> Markup:
    """Return values below each other."""
    return Markup("<br>".join(cell(value) for value in values))


def message(text: str, tone: Tone = "plain") -> Markup:
    """Return a paragraph."""
    return Markup(f'<p class="am-message am-{tone}">{cell(text)}</p>')


def table(caption: str, headers: Sequence[str], rows: Iterable[Sequence[object]]) -> Markup:
    """Return a table that scrolls sideways by itself on a narrow screen.

    Parameters
    ----------
    caption : str
        What the table is of; its accessible name.
    headers : sequence of str
        One per column.
    rows : iterable of sequences
        Text, numbers or ``Markup``.
    """
    head = "".join(f'<th scope="col">{escape(header)}</th>' for header in headers)
    body = "".join(
        "<tr>" + "".join(f"<td>{cell(value)}</td>" for value in row) + "</tr>" for row in rows
    )
    # A region that scrolls must be reachable with the keyboard.
    return Markup(
        f'<div class="am-scroll" role="region" tabindex="0" aria-label="{escape(caption)}">'
        f'<table class="am-table"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
