"""Data: what a corpus's check finds, and how the bad clips sound."""

from __future__ import annotations

from typing import Any, Final

import gradio as gr

from coqui_amharic_ext.data.findings import DataError
from coqui_amharic_ext.webui.afresh import afresh
from coqui_amharic_ext.webui.corpus import load_clip, run_check
from coqui_amharic_ext.webui.markup import message
from coqui_amharic_ext.webui.page import Page
from coqui_amharic_ext.webui.player import wav_player
from coqui_amharic_ext.webui.trial import BUNDLED, bundled_corpus
from coqui_amharic_ext.webui.words import in_words

_PRIVATE: Final = {"api_visibility": "private"}


def build(page: Page, tab: gr.Tab) -> None:
    """Build the tab."""
    with gr.Row():
        corpus = gr.Dropdown(
            [],
            allow_custom_value=True,
            label="Corpus folder or metadata file, in the work folder",
            elem_id="data-corpus",
            scale=3,
            min_width=240,
        )
        model = gr.Radio(["xtts", "vits"], value="xtts", label="For", min_width=160)
    with gr.Row():
        bundled = gr.Button(
            f"Put the bundled corpus into {BUNDLED}", elem_id="data-bundled", min_width=200
        )
        start = gr.Button("Check", variant="primary", elem_id="data-go", min_width=200)
    summary = gr.HTML(elem_id="data-summary", min_height=40)
    clip = gr.Dropdown([], label="Clip with a finding", elem_id="data-clip")
    player = gr.HTML(elem_id="data-player")
    listing = gr.HTML(elem_id="data-findings")

    def found() -> Any:
        return gr.update(choices=page.work.corpora())

    def unpack() -> Any:
        with in_words("writing the bundled corpus"):
            folder = bundled_corpus(page.work)
            return gr.update(choices=page.work.corpora(), value=page.work.shown(folder))

    def check(
        given: str | None,
        chosen: str,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 - gradio's way
    ) -> tuple[str, Any, str, str]:
        def tell(number: int, total: int) -> None:
            # A large corpus would keep a page from ending that is asked to.
            page.runs.require_open()
            progress((number, total), desc="clips")

        with in_words("checking the corpus"):
            done = run_check(
                page.work,
                given or "",
                chosen,
                tell,
            )
            clips = gr.update(choices=list(done.clips), value=None)
            return done.summary, clips, "", done.listing

    def listen(given: str | None) -> str:
        if not given:
            return ""
        with in_words("reading the clip"):
            try:
                rate, audio, drawing = load_clip(page.work, given)
            except DataError as error:
                # For a clip with a finding that is the finding, and no failure of the page.
                return message(str(error), "bad")
            return drawing + wav_player(audio, rate, given)

    tab.select(found, None, corpus, show_progress="hidden", **_PRIVATE)
    bundled.click(unpack, None, corpus, **_PRIVATE)
    afresh(start.click, check, [corpus, model], [summary, clip, player, listing])
    clip.input(listen, clip, player, show_progress="minimal", **_PRIVATE)
