"""Performance: kernels, patches, and this machine's own figures against stock."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import gradio as gr

from coqui_amharic_ext.webui import kernels
from coqui_amharic_ext.webui.afresh import afresh
from coqui_amharic_ext.webui.comparison import shown
from coqui_amharic_ext.webui.page import Page
from coqui_amharic_ext.webui.state_tables import state_tables
from coqui_amharic_ext.webui.words import in_words


def states(anew: bool) -> str:
    """Return kernels, backends and patches as tables."""
    with in_words("asking for the state of kernels and patches"):
        return state_tables(kernels.status(anew=anew))


def benchmark(progress: gr.Progress = gr.Progress()) -> str:  # noqa: B008 - gradio's way
    """Run the comparison with stock and return its plots."""
    from coqui_amharic_ext.demo.measure import ORDER, measure

    done = 0

    @contextmanager
    def begin(title: str) -> Iterator[Callable[[str], None]]:
        nonlocal done
        progress((done, len(ORDER)), desc=title)
        yield lambda line: None
        done += 1

    with in_words("running the benchmark"), tempfile.TemporaryDirectory() as folder:
        return shown(measure(Path(folder), begin))


def build(page: Page, tab: gr.Tab) -> None:
    """Build the tab."""
    gr.Markdown(
        "One training step of an XTTS-shaped GPT by stock code and by the extension, each in a "
        "process of its own: two runs of each, the faster one counts. Without a GPU it is the CPU "
        "time of one core that counts, which other work on the machine hardly changes; it takes "
        "a minute and a half of it."
    )
    run = gr.Button("Run the short benchmark", variant="primary", elem_id="performance-run")
    result = gr.HTML(elem_id="performance-result", min_height=40)
    refresh = gr.Button("Ask again for the state", elem_id="performance-refresh")
    tables = gr.HTML("<p>Kernels are being tried …</p>", elem_id="performance-state")
    afresh(run.click, benchmark, None, result, concurrency_limit=1)
    refresh.click(lambda: states(True), None, tables, api_visibility="private")
    tab.select(
        lambda: states(False), None, tables, show_progress="hidden", api_visibility="private"
    )
