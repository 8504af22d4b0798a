"""The page: five tabs, their fonts and colours, and the server that answers with them."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import gradio as gr
import uvicorn
from fastapi import FastAPI

from coqui_amharic_ext.webui import data_tab, performance_tab, synthesis_tab, text_tab, train_tab
from coqui_amharic_ext.webui.events import fetch_nothing
from coqui_amharic_ext.webui.guard import Guard
from coqui_amharic_ext.webui.page import Page
from coqui_amharic_ext.webui.runs import Runs
from coqui_amharic_ext.webui.speech import ADDRESS, Speech
from coqui_amharic_ext.webui.workfolder import WorkFolder

TITLE: Final = "Amharic for Coqui TTS"
DONE_SECONDS: Final = 3600
"""Age at which gradio deletes its copies of uploads."""
MOST_BYTES: Final = 50 * 2**20
"""Of one upload: a reference recording."""

ETHIOPIC_FONTS: Final = (
    *("Noto Sans Ethiopic", "Abyssinica SIL", "Kefa", "Ebrima", "Nyala"),
    *("Noto Serif Ethiopic", "WashRa", "Droid Sans Ethiopic"),
)
# The system's fonts alone: nothing is fetched from elsewhere.
_SANS: Final = ("ui-sans-serif", "system-ui", *ETHIOPIC_FONTS, "sans-serif")
_MONO: Final = ("ui-monospace", "Consolas", *ETHIOPIC_FONTS, "monospace")


def build(page: Page) -> gr.Blocks:
    """Build the page for one work folder."""
    cache = (DONE_SECONDS, DONE_SECONDS)
    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=cache) as blocks:
        gr.Markdown(f"# {TITLE}")
        with gr.Tab("Text", elem_id="tab-text"):
            text_tab.build(page, blocks)
        with gr.Tab("Train", elem_id="tab-train") as tab:
            train_tab.build(page, tab, blocks)
        with gr.Tab("Data", elem_id="tab-data") as tab:
            data_tab.build(page, tab)
        with gr.Tab("Performance", elem_id="tab-performance") as tab:
            performance_tab.build(tab)
        with gr.Tab("Synthesis", elem_id="tab-synthesis") as tab:
            synthesis_tab.build(page, tab)
    # Training runs in a separate process and benchmarks have a queue: neither blocks the others.
    blocks.queue(default_concurrency_limit=8, api_open=False)
    return blocks


def theme() -> gr.themes.Base:
    """Return the page's theme; the contrast of text is at least 4.5 to 1, light and dark."""
    chosen = gr.themes.Default(primary_hue="blue", neutral_hue="slate", font=_SANS, font_mono=_MONO)
    red, subdued = "#b91c1c", ("*neutral_600", "*neutral_300")
    return chosen.set(
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_dark="*primary_700",
        button_primary_text_color="white",
        button_cancel_background_fill=red,
        button_cancel_background_fill_dark=red,
        button_cancel_text_color="white",
        button_cancel_text_color_dark="white",
        body_text_color_subdued=subdued[0],
        body_text_color_subdued_dark=subdued[1],
        block_label_text_color="*neutral_700",
        block_label_text_color_dark="*neutral_200",
        block_title_text_color="*neutral_800",
        block_title_text_color_dark="*neutral_100",
        block_info_text_color=subdued[0],
        block_info_text_color_dark=subdued[1],
        input_placeholder_color=subdued[0],
        input_placeholder_color_dark=subdued[1],
    )


def css() -> str:
    """Return the page's style sheet."""
    return files(__package__).joinpath("page.css").read_text(encoding="utf-8")


def make_server(work: WorkFolder, runs: Runs, uploads: Path, token: str) -> Any:
    """Return the server of the page, which is not started yet."""
    fetch_nothing()
    speech = Speech(work, uploads)
    application = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    application.get(ADDRESS)(speech.answer)
    mounted = gr.mount_gradio_app(
        application,
        build(Page(work, runs, speech)),
        path="",
        ssr_mode=False,
        pwa=False,
        footer_links=[],
        run_history=False,
        max_file_size=MOST_BYTES,
        theme=theme(),
        css=css(),
    )
    mounted.add_middleware(Guard, token=token)
    config = uvicorn.Config(
        mounted,
        log_level="warning",
        timeout_graceful_shutdown=2,  # open pages hold a connection for ever
        access_log=False,
        proxy_headers=False,
        server_header=False,
    )
    return uvicorn.Server(config)
