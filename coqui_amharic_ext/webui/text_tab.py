"""Text: what is read out, and how."""

from __future__ import annotations

from typing import Any, Final

import gradio as gr

from coqui_amharic_ext.errors import CoquiAmharicError
from coqui_amharic_ext.settings import get_settings
from coqui_amharic_ext.webui import kernels
from coqui_amharic_ext.webui.afresh import afresh
from coqui_amharic_ext.webui.highlight import highlighted
from coqui_amharic_ext.webui.markup import message
from coqui_amharic_ext.webui.page import Page, g2p_choices
from coqui_amharic_ext.webui.words import in_words, said
from coqui_amharic_ext.webui.wordtable import word_table

CHAIN: Final = "chain"
EXAMPLE: Final = "በ2015 ዓ.ም አዲስ አበባ ውስጥ 25% ጨመረ።"
MOST_CHARACTERS: Final = 20_000


class TooLongError(CoquiAmharicError, ValueError):
    """The text is longer than the page shows well."""


def read(text: str, backend: str, order: list[str]) -> tuple[str, str, str]:
    """Return the normalised text and the word table as HTML, and the IPA between them.

    An error stands in the table's place: it comes and goes with what is typed.
    """
    try:
        return _read(text, backend, order)
    except Exception as error:
        return "", "", message(said("transcribing", error), "bad")


def _read(text: str, backend: str, order: list[str]) -> tuple[str, str, str]:
    from coqui_amharic_ext.g2p.api import transcribe
    from coqui_amharic_ext.text import explain
    from coqui_amharic_ext.text.policy import TextPolicy

    if len(text) > MOST_CHARACTERS:
        raise TooLongError(
            f"the text has {len(text)} characters, the page takes {MOST_CHARACTERS}; use "
            "`coqui-amharic phonemize` for files"
        )
    settings = get_settings()
    if order:
        settings = settings.replace(g2p_backends=tuple(order))
    chosen = None if backend == CHAIN else backend
    done = transcribe(text, backend=chosen, settings=settings)
    normalised = highlighted(explain(text, TextPolicy.from_string(settings.text)))
    return normalised, done.ipa, word_table(done)


def backends() -> tuple[Any, Any]:
    """Return both menus with every backend's availability as it is now."""
    with in_words("asking the G2P backends"):
        found = g2p_choices(kernels.g2p_states(get_settings()))
        return gr.update(choices=[_IN_ORDER, *found]), gr.update(choices=found)


_IN_ORDER: Final = ("each in the order below, until one is good", CHAIN)


def build(page: Page, blocks: gr.Blocks) -> None:
    """Build the tab."""
    from coqui_amharic_ext import plugins

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
    inputs, outputs = [text, backend, order], [normalised, ipa, words]
    options = {
        "queue": False,
        "show_progress": "hidden",
        "trigger_mode": "always_last",
        "api_visibility": "private",
    }
    # gradio's "input" is of keys alone: pasted text and input methods come with "change".
    for event in (button.click, text.change, backend.input, order.input, blocks.load):
        event(read, inputs, outputs, **options)
    blocks.load(backends, None, [backend, order], show_progress="hidden", api_visibility="private")
    _build_player(page, text, blocks)


def _build_player(page: Page, text: gr.Textbox, blocks: gr.Blocks) -> None:
    with gr.Accordion("Hear it through a checkpoint", open=False):
        checkpoint = gr.Dropdown(
            [], allow_custom_value=True, label="Checkpoint folder", elem_id="text-checkpoint"
        )
        speaker = gr.Textbox(
            label="Reference speaker, for XTTS: a wav in the work folder", max_lines=1
        )
        play = gr.Button("Speak")
        player = gr.HTML(elem_id="text-player")

    def speak(written: str, folder: str, reference: str) -> str:
        with in_words("starting to speak"):
            return page.speech.player(written, folder, reference)

    def found() -> Any:
        return gr.update(choices=page.work.checkpoints())

    afresh(play.click, speak, [text, checkpoint, speaker], player)
    blocks.load(found, None, checkpoint, show_progress="hidden", api_visibility="private")
    checkpoint.focus(found, None, checkpoint, show_progress="hidden", api_visibility="private")
