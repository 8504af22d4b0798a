"""Train: a recipe as a process, its losses and log while it runs."""

from __future__ import annotations

from typing import Any, Final

import gradio as gr

from coqui_amharic_ext.settings import (
    ATTENTION_CHOICES,
    PRECISION_CHOICES,
    XTTS_TEXT_CHOICES,
    get_settings,
)
from coqui_amharic_ext.webui import kernels
from coqui_amharic_ext.webui.markup import message
from coqui_amharic_ext.webui.page import Page, choices, g2p_choices
from coqui_amharic_ext.webui.recipe import TrainForm, plan
from coqui_amharic_ext.webui.runview import log_of, losses_of, state_of
from coqui_amharic_ext.webui.trial import bundled_corpus, trial_assets
from coqui_amharic_ext.webui.words import in_words, said

_PRIVATE: Final = {"api_visibility": "private"}
_FIELDS: Final = (
    *("recipe", "data", "checkpoint", "vocab", "dvae", "mel_stats", "g2p_backends", "precision"),
    *("xtts_text", "attention", "packing", "checkpointing", "batch_tokens", "values"),
)


def build(page: Page, tab: gr.Tab, blocks: gr.Blocks) -> None:
    """Build the tab."""
    followed = gr.State("")
    timer = gr.Timer(1.0, active=False)
    with gr.Row():
        with gr.Column(scale=1, min_width=300):
            form = _Form(page)
        with gr.Column(scale=1, min_width=300):
            with gr.Row():
                start = gr.Button("Start training", variant="primary", elem_id="train-start")
                stop = gr.Button("Stop", variant="stop", elem_id="train-stop", interactive=False)
            state = gr.HTML(_NONE, elem_id="train-state", min_height=40)
            plot = gr.HTML(elem_id="train-plot")
            log = gr.HTML(elem_id="train-log")
            earlier = gr.Dropdown([], label="Runs in the work folder", elem_id="train-runs")
            with gr.Row():
                follow = gr.Button("Show", elem_id="train-follow", min_width=100)
                resume = gr.Button("Resume", elem_id="train-resume", min_width=100)
    shown = [state, plot, log, stop, timer]

    def look(name: str) -> tuple[Any, ...]:
        idle = gr.update(interactive=False), gr.update(active=False)
        if not name:
            return _NONE, "", "", *idle
        try:
            view = page.runs.get(name).view()
        except Exception as error:
            return message(said("looking at the run", error), "bad"), "", "", *idle
        return (
            state_of(view),
            losses_of(view),
            log_of(view),
            gr.update(interactive=view.state == "running"),
            gr.update(active=view.state in ("running", "stopping")),
        )

    def begin(*values: Any) -> tuple[Any, ...]:
        with in_words("starting the training"):
            run = page.runs.start(plan(_form(values), page.work))
        return (run.folder.name, _runs(page, run.folder.name), *look(run.folder.name))

    def go_on(name: str | None) -> tuple[Any, ...]:
        with in_words("resuming the run"):
            run = page.runs.resume(name or "")
        return (run.folder.name, *look(run.folder.name))

    def show(name: str | None) -> tuple[Any, ...]:
        with in_words("looking at the run"):
            run = page.runs.get(name)
        return (run.folder.name, *look(run.folder.name))

    def end(name: str) -> tuple[Any, ...]:
        with in_words("stopping the run"):
            page.runs.get(name).stop()
        return look(name)

    def find() -> tuple[Any, ...]:
        run = page.runs.current()
        name = run.folder.name if run else ""
        return (name, _runs(page, name or None), *look(name))

    # What a page showed before it was loaded again is not known to it any more.
    blocks.load(find, None, [followed, earlier, *shown], show_progress="hidden", **_PRIVATE)
    start.click(begin, form.inputs, [followed, earlier, *shown], **_PRIVATE)
    stop.click(end, followed, shown, **_PRIVATE)
    resume.click(go_on, earlier, [followed, *shown], **_PRIVATE)
    follow.click(show, earlier, [followed, *shown], **_PRIVATE)
    timer.tick(look, followed, shown, show_progress="hidden", queue=False, **_PRIVATE)
    tab.select(lambda: _runs(page), None, earlier, show_progress="hidden", queue=False, **_PRIVATE)
    tab.select(
        form.states, None, [form.backends, form.attention], show_progress="hidden", **_PRIVATE
    )


_NONE: Final = '<p class="am-message am-plain">No run is shown.</p>'


def _runs(page: Page, chosen: str | None = None) -> Any:
    names = page.runs.names()
    return gr.update(choices=names) if chosen is None else gr.update(choices=names, value=chosen)


def _form(values: tuple[Any, ...]) -> TrainForm:
    said = dict(zip(_FIELDS, values, strict=True))
    for name in ("checkpointing", "batch_tokens"):
        said[name] = int(said[name] or 0)
    for name in ("data", "checkpoint", "vocab", "dvae", "mel_stats", "values"):
        said[name] = said[name] or ""
    return TrainForm(**{**said, "g2p_backends": tuple(said["g2p_backends"] or ())})


class _Form:
    """The form's fields, in the order of ``_FIELDS``."""

    def __init__(self, page: Page) -> None:
        from coqui_amharic_ext import plugins

        now = get_settings()
        self.page = page
        self.recipe = gr.Radio(
            [("VITS", "vits"), ("XTTS GPT", "xtts")],
            value="vits",
            label="Model",
            elem_id="train-recipe",
        )
        self.data = gr.Dropdown(
            [],
            allow_custom_value=True,
            label="Data set folder (metadata.csv and wavs/), in the work folder",
            elem_id="train-data",
        )
        trial = gr.Button("Fill in a tiny trial on the bundled corpus", elem_id="train-trial")
        self.checkpoint = gr.Textbox(label="Base checkpoint (may be empty)", max_lines=1)
        self.backends = gr.Dropdown(
            [(name, name) for name in plugins.g2p_backends()],
            value=list(now.g2p_backends),
            multiselect=True,
            label="G2P backends, in the order in which they are tried",
        )
        self.precision = gr.Dropdown(
            list(PRECISION_CHOICES), value=now.precision, label="Precision (stock: the recipe's)"
        )
        with gr.Group(visible=False) as xtts:
            self.vocab = gr.Textbox(label="Vocabulary (vocab.json)", max_lines=1)
            self.dvae = gr.Textbox(label="DVAE checkpoint (dvae.pth)", max_lines=1)
            self.mel_stats = gr.Textbox(label="Mel statistics (mel_stats.pth)", max_lines=1)
            self.xtts_text = gr.Dropdown(
                list(XTTS_TEXT_CHOICES), value=now.xtts_text, label="Text mode"
            )
            self.attention = gr.Dropdown(
                list(ATTENTION_CHOICES), value=now.attention, label="Attention kernel"
            )
            self.packing = gr.Checkbox(now.packing, label="Packing (no padding in the GPT)")
            self.checkpointing = gr.Number(
                now.checkpointing,
                precision=0,
                minimum=0,
                label="Gradient checkpointing: every N-th block, 0 is off",
            )
            self.batch_tokens = gr.Number(
                now.batch_tokens, precision=0, minimum=0, label="Batch tokens, 0 is off"
            )
        self.values = gr.Textbox(
            label="Config values, one NAME = VALUE a line (numbers, true, false)",
            lines=3,
            max_lines=8,
            placeholder="batch_size = 8",
            elem_id="train-values",
        )
        self.inputs = [getattr(self, _ATTRIBUTES.get(name, name)) for name in _FIELDS]
        self.recipe.input(
            lambda name: gr.update(visible=name == "xtts"),
            self.recipe,
            xtts,
            queue=False,
            show_progress="hidden",
            **_PRIVATE,
        )
        files = [self.vocab, self.dvae, self.mel_stats]
        filled = [self.recipe, xtts, self.data, *files, self.values]
        trial.click(self.trial, None, filled, **_PRIVATE)
        self.data.focus(
            lambda: gr.update(choices=page.work.corpora()),
            None,
            self.data,
            show_progress="hidden",
            **_PRIVATE,
        )

    def trial(self) -> tuple[Any, ...]:
        """Fill in what trains in minutes on a CPU."""
        with in_words("preparing the trial"):
            work = self.page.work
            folder = work.shown(bundled_corpus(work))
            made = trial_assets(work)
            corpora = gr.update(choices=work.corpora(), value=folder)
            files = (made["vocab"], made["dvae"], made["mel_stats"])
            return "xtts", gr.update(visible=True), corpora, *files, made["values"]

    def states(self) -> tuple[Any, Any]:
        """Return both menus with the states of backends and kernels."""
        with in_words("asking for the state of the kernels"):
            backends = g2p_choices(kernels.g2p_states(get_settings()))
            found = {
                one["name"]: one
                for one in kernels.status()["backends"]
                if one["kind"] == "attention"
            }
            names = [*ATTENTION_CHOICES, *(n for n in found if n not in ATTENTION_CHOICES)]
            described = choices(
                (
                    name,
                    name not in found or found[name]["available"],
                    found.get(name, _OK)["reason"],
                )
                for name in names
            )
            return gr.update(choices=backends), gr.update(choices=described)


_OK: Final = {"reason": ""}
_ATTRIBUTES: Final = {"g2p_backends": "backends"}
