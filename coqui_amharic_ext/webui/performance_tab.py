"""Performance: kernels, patches, and this machine's figures beside stock."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gradio as gr
import pandas as pd
from markupsafe import Markup

from coqui_amharic_ext.demo.measure import GRADIENT_TOLERANCE, LOSS_TOLERANCE, ORDER, measure
from coqui_amharic_ext.webui import kernels
from coqui_amharic_ext.webui.events import on
from coqui_amharic_ext.webui.markup import badge, message, table


def state_tables(status: dict[str, Any]) -> Markup:
    """Return kernels, G2P backends and patches of ``Report.to_dict()`` as tables."""
    error = status["settings_error"]
    parts = [message(error, "bad")] if error else []
    for kind, caption in (("attention", "Attention kernels"), ("g2p", "G2P backends")):
        rows = [
            (one["name"], _available(one["available"]), one["reason"], one["fix"])
            for one in status["backends"]
            if one["kind"] == kind
        ]
        parts.append(table(caption, ("name", "state", "reason", "what to do"), rows))
    patches = [
        (
            one["name"],
            badge(one["state"], "good" if one["state"] == "applied" else "warning"),
            one["summary"],
            one["reason"],
        )
        for one in status["patches"]
    ]
    parts.append(table("Patches of upstream", ("name", "state", "what", "reason"), patches))
    parts += [message(error, "bad") for error in status["plugin_errors"]]
    parts += [message(note) for note in status["notes"]]
    return Markup().join(parts)


def _available(yes: bool) -> Markup:
    return badge("available", "good") if yes else badge("not available", "warning")


def parity(result: dict[str, Any]) -> Markup:
    """Return whether the extension equals stock, of the result of ``demo.measure.measure``."""
    found = result["difference"]
    verdict = badge("equal to stock", "good") if result["equal"] else badge("not equal", "bad")
    return Markup('<p id="parity">{} {}</p>').format(
        verdict,
        f"losses differ by {found['loss']:.1e} (tolerance {LOSS_TOLERANCE:.0e}), gradients of "
        f"{found['parameters']} parameters by at most {found['gradient']:.1e} of their largest "
        f"value (tolerance {GRADIENT_TOLERANCE:.0e})",
    )


def bars(result: dict[str, Any], what: str, key: str, unit: str) -> tuple[str, pd.DataFrame]:
    """Return the label of a plot and its bars: one figure of stock and of the extension."""
    stock, ours = (result[variant][key] for variant in ("stock", "extension"))
    ratio = ours / stock if stock else float("nan")
    figures = pd.DataFrame({"variant": ["stock", "extension"], key: [stock, ours]})
    return f"{what}: {ratio:.2f} of stock ({stock:.4g} and {ours:.4g} {unit})", figures


def benchmark(progress: gr.Progress = gr.Progress()) -> tuple[Any, ...]:  # noqa: B008 - gradio's way
    """Run the comparison with stock; return its verdict and its plots."""
    done = 0

    @contextmanager
    def begin(title: str) -> Iterator[Callable[[str], None]]:
        nonlocal done
        progress((done, len(ORDER)), desc=title)
        yield lambda line: None
        done += 1

    with tempfile.TemporaryDirectory() as folder:
        result = measure(Path(folder), begin)
    clock = "wall time" if result["device"] == "cuda" else "CPU time"
    step = f"One training step, {clock} ({result['device']})"
    plots = [
        bars(result, step, "seconds", "s"),
        bars(result, "Peak memory of the step", "peak_mib", "MiB"),
    ]
    return (
        parity(result),
        *(gr.update(label=label, value=figures, visible=True) for label, figures in plots),
    )


def build(tab: gr.Tab) -> None:
    """Build the tab."""
    gr.Markdown(
        "One training step of an XTTS-shaped GPT by stock code and by the extension, each in a "
        "separate process: two runs of each, the faster one counts. Without a GPU the page shows "
        "the CPU time of one core, which other work on the machine hardly changes; the benchmark "
        "then takes a minute and a half of it."
    )
    run = gr.Button("Run the short benchmark", variant="primary", elem_id="performance-run")
    result = gr.HTML(elem_id="performance-result", min_height=40)
    with gr.Row():
        plots = [
            gr.BarPlot(
                x="variant",
                y=key,
                y_title=unit,
                y_lim=[0, None],
                sort=["stock", "extension"],
                height=240,
                label="Figures",
                show_label=True,
                buttons=[],
                visible=False,
                elem_id=f"performance-{key}",
            )
            for key, unit in (("seconds", "s"), ("peak_mib", "MiB"))
        ]
    refresh = gr.Button("Ask again for the state", elem_id="performance-refresh")
    tables = gr.HTML("<p>Kernels are being tried …</p>", elem_id="performance-state")

    def again() -> str:
        return state_tables(kernels.status(refresh=True))

    def states() -> str:
        return state_tables(kernels.status())

    outputs = [result, *plots]
    doing = "running the benchmark"
    on(run.click, benchmark, None, outputs, doing=doing, fresh=True, concurrency_limit=1)
    asking = "asking for the state of kernels and patches"
    on(refresh.click, again, None, tables, doing=asking)
    on(tab.select, states, None, tables, doing=asking, quiet=True)
