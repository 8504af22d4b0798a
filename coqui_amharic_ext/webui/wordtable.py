"""A transcription as a table: which backend answered for each word, how well, what was refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coqui_amharic_ext.webui.markup import Markup, badge, cell, lines, message, table

if TYPE_CHECKING:
    from coqui_amharic_ext.g2p.types import Quality, Rejection, Transcription


def word_table(done: Transcription) -> Markup:
    """Return one row per word."""
    if not done.words:
        return message("There is nothing to read in this text.")
    rows = [
        (
            Markup(f'<span lang="am">{cell(word.written)}</span>'),
            word.ipa,
            f"{word.backend} ({word.layer})",
            _quality(word.quality),
            lines(
                f"{refused.backend}: {refused.output or '–'} ({refused.reason})"
                for refused in word.rejected
                if not _absent(refused)
            ),
            ", ".join(word.alternatives),
        )
        for word in done.words
    ]
    headers = ("word", "IPA", "answered", "quality", "rejected", "other readings")
    absent = {
        f"{refused.backend}: {refused.reason}": None
        for word in done.words
        for refused in word.rejected
        if _absent(refused)
    }
    notes = "".join(message(f"Not asked: {said}") for said in absent)
    return Markup(table("Word by word", headers, rows) + notes)


def _absent(refused: Rejection) -> bool:
    """Whether a backend cannot serve here at all, which is said once and not for each word."""
    return not refused.output and refused.reason.startswith("not available")


def _quality(quality: Quality) -> Markup:
    verdict = badge("ok", "good") if quality.ok else badge("outside bounds", "bad")
    measures = ", ".join(
        f"{name} {value:.3g}{'!' if name in quality.failed else ''}"
        for name, value in quality.measures.items()
    )
    unnamed = [name for name in quality.failed if name not in quality.measures]
    said = ", ".join(part for part in (measures, *unnamed) if part)
    return Markup(f"{verdict} <small>{cell(said)}</small>")
