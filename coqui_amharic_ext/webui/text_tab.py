"""Text: the normalised text, its IPA, and which backend answered for each word."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, Final

import gradio as gr
from markupsafe import Markup

from coqui_amharic_ext import plugins
from coqui_amharic_ext.errors import CoquiAmharicError
from coqui_amharic_ext.g2p.api import transcribe
from coqui_amharic_ext.g2p.types import Quality, Rejection, Transcription
from coqui_amharic_ext.settings import get_settings
from coqui_amharic_ext.text import explain
from coqui_amharic_ext.text.policy import TextPolicy
from coqui_amharic_ext.text.trace import Explanation
from coqui_amharic_ext.webui import kernels, synthesis_tab
from coqui_amharic_ext.webui.events import explained, on
from coqui_amharic_ext.webui.markup import amharic, badge, lines, message, table
from coqui_amharic_ext.webui.page import EXAMPLE, Page, g2p_choices

CHAIN: Final = "chain"
MOST_CHARACTERS: Final = 20_000
_IN_ORDER: Final = ("in the order below, until one is good", CHAIN)
_LOOKAHEAD: Final = 8
"""Characters by which settled spaces and marks may put the two texts out of step."""


class TooLongError(CoquiAmharicError, ValueError):
    """The text is longer than the page shows well."""


def read(text: str | None, backend: str | None, order: list[str] | None) -> tuple[str, str, str]:
    """Return the normalised text as HTML, the IPA, and the words as a table.

    An error takes the table's place: it comes and goes with what is typed.
    """
    try:
        return _read(text or "", backend, order or [])
    except Exception as error:
        return "", "", message(explained("transcribing", error), "bad")


def _read(text: str, backend: str | None, order: list[str]) -> tuple[str, str, str]:
    if len(text) > MOST_CHARACTERS:
        raise TooLongError(
            f"the text has {len(text)} characters, the page takes {MOST_CHARACTERS}; use "
            "`coqui-amharic phonemize` for files"
        )
    settings = get_settings()
    if order:
        settings = settings.replace(g2p_backends=tuple(order))
    done = transcribe(text, backend=None if backend == CHAIN else backend, settings=settings)
    normalised = highlighted(explain(text, TextPolicy.from_string(settings.text)))
    return normalised, done.ipa, word_table(done)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of the normalised text; ``rule`` is empty where it stands as written."""

    normalised: str
    written: str = ""
    rule: str = ""


def stretches(explanation: Explanation) -> list[Stretch]:
    """Cut a normalised text into what was changed and what was not.

    A change of which nothing is left has a stretch without text.
    """
    changes = explanation.changes
    result: list[Stretch] = []
    shown = 0

    def show(change: int, normalised: str) -> None:
        result.append(Stretch(normalised, changes[change].written, changes[change].rule))

    pieces = zip(_owners(explanation), explanation.spoken, strict=True)
    for owner, piece in itertools.groupby(pieces, key=lambda pair: pair[0]):
        normalised = "".join(character for _, character in piece)
        if owner < 0:
            result.append(Stretch(normalised))
            continue
        for gone in range(shown, owner):
            show(gone, "")
        show(owner, normalised)
        shown = max(shown, owner + 1)
    for gone in range(shown, len(changes)):
        show(gone, "")
    return result


def _owners(explanation: Explanation) -> list[int]:
    """Return the number of the change that each normalised character comes from, or -1."""
    raw: list[str] = []
    owner: list[int] = []
    cursor = 0
    for number, change in enumerate(explanation.changes):
        kept = explanation.source[cursor : max(cursor, change.start)]
        raw += [*kept, *change.spoken]
        owner += [-1] * len(kept) + [number] * len(change.spoken)
        cursor = max(cursor, change.end)
    rest = explanation.source[cursor:]
    joined = "".join(raw) + rest
    owner += [-1] * len(rest)
    found: list[int] = []
    place = 0
    for character in explanation.spoken:
        near = joined.find(character, place, place + _LOOKAHEAD)
        if near < 0:  # a space or mark that was settled last belongs to what is around it
            found.append(found[-1] if found else -1)
        else:
            found.append(owner[near])
            place = near + 1
    return found


def highlighted(explanation: Explanation) -> Markup:
    """Return the normalised text as HTML; each change is marked and tells what it was."""
    parts = Markup()
    for one in stretches(explanation):
        title = f"{one.rule}: {one.written} → {one.normalised or 'nothing'}"
        if one.rule and one.normalised.strip():
            parts += Markup('<mark title="{}">{}</mark>').format(title, one.normalised)
        elif one.rule and not one.normalised and one.written.strip():
            parts += Markup('<del title="{}">{}</del>').format(title, one.written)
        else:
            parts += one.normalised
    return Markup('<p class="am-normalised" lang="am">{}</p>').format(parts)


def word_table(done: Transcription) -> Markup:
    """Return a table of the words, and once which backends cannot serve here."""
    if not done.words:
        return message("There is nothing to read in this text.")
    rows = [
        (
            amharic(word.written),
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
    absent = dict.fromkeys(
        f"Not asked: {refused.backend}: {refused.reason}"
        for word in done.words
        for refused in word.rejected
        if _absent(refused)
    )
    headers = ("word", "IPA", "answered", "quality", "rejected", "other readings")
    return table("Word by word", headers, rows) + Markup().join(map(message, absent))


def _absent(refused: Rejection) -> bool:
    return not refused.output and refused.reason.startswith("not available")


def _quality(quality: Quality) -> Markup:
    verdict = badge("ok", "good") if quality.ok else badge("outside bounds", "bad")
    parts = [
        f"{name} {value:.3g}{'!' if name in quality.failed else ''}"
        for name, value in quality.measures.items()
    ]
    parts += [name for name in quality.failed if name not in quality.measures]
    return Markup("{} <small>{}</small>").format(verdict, ", ".join(parts))


def backends() -> tuple[Any, Any]:
    """Return both menus with every backend's availability as it is now."""
    found = g2p_choices(kernels.g2p_states(get_settings()))
    return gr.update(choices=[_IN_ORDER, *found]), gr.update(choices=found)


def build(page: Page, blocks: gr.Blocks) -> None:
    """Build the tab."""
    names = [(name, name) for name in plugins.g2p_backends()]
    with gr.Row():
        with gr.Column(scale=1, min_width=300):
            text = gr.Textbox(
                EXAMPLE, label="Amharic text", lines=5, max_lines=15, elem_id="text-input"
            )
            backend = gr.Dropdown(
                [_IN_ORDER, *names], value=CHAIN, label="G2P backend", elem_id="text-backend"
            )
            order = gr.Dropdown(
                names,
                value=list(get_settings().g2p_backends),
                multiselect=True,
                label="Order in which backends are tried",
                elem_id="text-order",
            )
            button = gr.Button("Transcribe", variant="primary", elem_id="text-go")
        with gr.Column(scale=1, min_width=300):
            gr.Markdown("### Normalised (changes are marked)")
            normalised = gr.HTML(elem_id="text-normalised")
            ipa = gr.Textbox(label="IPA", lines=3, interactive=False, elem_id="text-ipa")
    words = gr.HTML(elem_id="text-words")
    # gradio's "input" is about keys alone: pasted text and input methods cause a "change".
    for event in (button.click, text.change, backend.input, order.input, blocks.load):
        on(
            event,
            read,
            [text, backend, order],
            [normalised, ipa, words],
            doing="transcribing",
            quiet=True,
            queue=False,
            trigger_mode="always_last",
        )
    on(blocks.load, backends, None, [backend, order], doing="asking the backends", quiet=True)
    with gr.Accordion("Hear it through a checkpoint", open=False):
        synthesis_tab.build_player(page, text, blocks.load, "text")
