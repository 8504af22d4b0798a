"""Synthesis: a text in a voice, heard while it is made."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from coqui_amharic_ext.webui.afresh import afresh
from coqui_amharic_ext.webui.markup import message
from coqui_amharic_ext.webui.page import Page
from coqui_amharic_ext.webui.text_tab import EXAMPLE
from coqui_amharic_ext.webui.words import in_words


def build(page: Page, tab: gr.Tab) -> None:
    """Build the tab."""
    text = gr.Textbox(EXAMPLE, label="Amharic text", lines=3, elem_id="synthesis-text")
    checkpoint = gr.Dropdown(
        [],
        allow_custom_value=True,
        label="Checkpoint folder, in the work folder",
        elem_id="synthesis-checkpoint",
    )
    with gr.Row():
        speaker = gr.Textbox(
            label="Reference speaker (XTTS): a recording in the work folder",
            max_lines=1,
            min_width=240,
        )
        # gradio's recorder and drop zone have names that a screen reader's user cannot say.
        upload = gr.UploadButton(
            "or take a recording from here",
            file_types=["audio"],
            type="filepath",
            min_width=240,
            elem_id="synthesis-upload",
        )
    taken = gr.HTML(elem_id="synthesis-taken")
    speak = gr.Button("Speak", variant="primary", elem_id="synthesis-go")
    player = gr.HTML(elem_id="synthesis-player", min_height=60)

    def say(written: str, folder: str | None, reference: str, recording: str | None) -> str:
        with in_words("starting to speak"):
            return page.speech.player(written, folder or "", reference, recording)

    def tell(recording: str | None) -> str:
        return message(f"The voice of {Path(recording).name}" if recording else "")

    upload.upload(tell, upload, taken, show_progress="hidden", api_visibility="private")
    afresh(speak.click, say, [text, checkpoint, speaker, upload], player)
    for event in (tab.select, checkpoint.focus):
        event(
            lambda: gr.update(choices=page.work.checkpoints()),
            None,
            checkpoint,
            show_progress="hidden",
            api_visibility="private",
        )
