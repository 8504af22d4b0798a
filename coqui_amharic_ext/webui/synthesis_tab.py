"""Synthesis: a text in a voice, heard while it is made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from coqui_amharic_ext.webui.events import on
from coqui_amharic_ext.webui.markup import message
from coqui_amharic_ext.webui.page import EXAMPLE, Page


def build(page: Page, tab: gr.Tab) -> None:
    """Build the tab."""
    text = gr.Textbox(EXAMPLE, label="Amharic text", lines=3, elem_id="synthesis-text")
    build_player(page, text, tab.select, "synthesis")


def build_player(page: Page, text: gr.Textbox, opened: Any, name: str) -> None:
    """Build what speaks a text; ``name`` begins the ids of its elements."""
    checkpoint = gr.Dropdown(
        [],
        allow_custom_value=True,
        label="Checkpoint folder, in the work folder",
        elem_id=f"{name}-checkpoint",
    )
    with gr.Row():
        speaker = gr.Textbox(
            label="Reference speaker (XTTS): a recording in the work folder",
            max_lines=1,
            min_width=240,
        )
        # gradio's recorder and drop zone have no names that a screen reader can say.
        upload = gr.UploadButton(
            "or upload a recording",
            file_types=["audio"],
            type="filepath",
            min_width=240,
            elem_id=f"{name}-upload",
        )
    uploaded = gr.HTML(elem_id=f"{name}-uploaded")
    speak = gr.Button("Speak", variant="primary", elem_id=f"{name}-speak")
    player = gr.HTML(elem_id=f"{name}-player", min_height=60)

    def say(written: str, folder: str | None, reference: str, recording: str | None) -> str:
        return page.speech.player(written, folder or "", reference, recording)

    def describe(recording: str | None) -> str:
        return message(f"The voice of {Path(recording).name}" if recording else "")

    def checkpoints() -> Any:
        return gr.update(choices=page.work.checkpoints())

    on(upload.upload, describe, upload, uploaded, doing="taking the recording", quiet=True)
    inputs = [text, checkpoint, speaker, upload]
    on(speak.click, say, inputs, player, doing="starting to speak", fresh=True)
    for event in (opened, checkpoint.focus):
        on(event, checkpoints, None, checkpoint, doing="looking for checkpoints", quiet=True)
