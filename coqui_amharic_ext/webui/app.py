"""The page: five tabs."""

from __future__ import annotations

from typing import Final

import gradio as gr

from coqui_amharic_ext.webui import data_tab, performance_tab, synthesis_tab, text_tab, train_tab
from coqui_amharic_ext.webui.page import Page
from coqui_amharic_ext.webui.runs import Runs
from coqui_amharic_ext.webui.speech import Speech
from coqui_amharic_ext.webui.workfolder import WorkFolder

TITLE: Final = "Amharic for Coqui TTS"
DONE_SECONDS: Final = 3600
"""After which gradio's copies of uploads and sounds are deleted."""


def build(work: WorkFolder, runs: Runs, speech: Speech) -> gr.Blocks:
    """Build the page for one work folder."""
    page = Page(work, runs, speech)
    with gr.Blocks(
        title=TITLE, analytics_enabled=False, delete_cache=(DONE_SECONDS, DONE_SECONDS)
    ) as blocks:
        gr.Markdown(f"# {TITLE}")
        with gr.Tab("Text", elem_id="tab-text"):
            text_tab.build(page, blocks)
        with gr.Tab("Train", elem_id="tab-train") as tab:
            train_tab.build(page, tab, blocks)
        with gr.Tab("Data", elem_id="tab-data") as tab:
            data_tab.build(page, tab)
        with gr.Tab("Performance", elem_id="tab-performance") as tab:
            performance_tab.build(page, tab)
        with gr.Tab("Synthesis", elem_id="tab-synthesis") as tab:
            synthesis_tab.build(page, tab)
    # Training is a process of its own and benchmarks queue by themselves: nobody waits for these.
    blocks.queue(default_concurrency_limit=8, api_open=False)
    return blocks
