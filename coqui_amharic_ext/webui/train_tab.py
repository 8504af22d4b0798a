"""Train: a recipe in a separate process, its losses and its log."""

from __future__ import annotations

from typing import Any, Final

import gradio as gr
from markupsafe import Markup

from coqui_amharic_ext import plugins
from coqui_amharic_ext.settings import (
    ATTENTION_CHOICES,
    PRECISION_CHOICES,
    XTTS_TEXT_CHOICES,
    get_settings,
)
from coqui_amharic_ext.webui import kernels
from coqui_amharic_ext.webui.events import explained, on
from coqui_amharic_ext.webui.losses import frame
from coqui_amharic_ext.webui.markup import Tone, badge, lines, message
from coqui_amharic_ext.webui.page import Page, choices, g2p_choices
from coqui_amharic_ext.webui.recipe import TrainForm, training
from coqui_amharic_ext.webui.runs import State, View
from coqui_amharic_ext.webui.trial import bundled_corpus, trial_assets

_NONE: Final = message("No run is shown.")
_TONES: Final[dict[State, Tone]] = {
    "running": "good",
    "stopping": "warning",
    "finished": "good",
    "stopped": "plain",
    "failed": "bad",
    "unknown": "warning",
}


def state_of(view: View) -> Markup:
    """Return where a run stands, and why it failed."""
    parts = [view.name]
    if view.epoch is not None:
        parts.append(f"epoch {view.epoch[0] + 1} of {view.epoch[1] + 1}")
    if view.step is not None:
        parts.append(f"step {view.step}")
    elif view.state == "running":
        parts.append("preparing; the first step takes a while")
    if view.state == "stopping":
        parts.append("saving the checkpoint")
    elif view.state != "running":
        parts.append(
            f"resume from: {view.checkpoint}" if view.checkpoint else "no checkpoint was saved"
        )
    if view.state == "unknown":
        parts.append("the page that started it was killed and could not stop it")
    failed = Markup("<p>It stopped with an error: {}</p>").format(lines(view.reason.splitlines()))
    return Markup('<p role="status">{} {}</p>{}').format(
        badge(view.state, _TONES[view.state]), " · ".join(parts), failed if view.reason else ""
    )


def log_of(view: View) -> Markup:
    """Return the end of a run's log, in a box that stays at its end while lines are added."""
    return Markup(
        '<div class="am-log" role="log" aria-label="Log" tabindex="0"><pre>{}</pre></div>'
    ).format(view.log)


def build(page: Page, tab: gr.Tab, blocks: gr.Blocks) -> None:
    """Build the tab."""
    followed = gr.State("")
    timer = gr.Timer(1.0, active=False)
    with gr.Row():
        with gr.Column(scale=1, min_width=300):
            form = _form(page, tab)
        with gr.Column(scale=1, min_width=300):
            with gr.Row():
                start = gr.Button("Start training", variant="primary", elem_id="train-start")
                stop = gr.Button("Stop", variant="stop", elem_id="train-stop", interactive=False)
            state = gr.HTML(_NONE, elem_id="train-state", min_height=40)
            plot = gr.LinePlot(
                x="step",
                y="value",
                y_title="loss",
                color="loss",
                color_title="loss",
                label="Losses",
                buttons=[],
                visible=False,
                elem_id="train-plot",
            )
            log = gr.HTML(elem_id="train-log")
            earlier = gr.Dropdown([], label="Runs in the work folder", elem_id="train-runs")
            with gr.Row():
                follow = gr.Button("Show", elem_id="train-follow", min_width=100)
                resume = gr.Button("Resume", elem_id="train-resume", min_width=100)
    shown = [state, plot, log, stop, timer]

    def look(name: str) -> tuple[Any, ...]:
        hidden = gr.update(visible=False)
        idle = gr.update(interactive=False), gr.update(active=False)
        if not name:
            return _NONE, hidden, "", *idle
        try:
            view = page.runs.get(name).view()
        except Exception as error:
            return message(explained("looking at the run", error), "bad"), hidden, "", *idle
        return (
            state_of(view),
            gr.update(value=frame(view.losses), visible=True) if view.losses else hidden,
            log_of(view),
            gr.update(interactive=view.state == "running"),
            gr.update(active=view.state in ("running", "stopping")),
        )

    def runs(chosen: str | None = None) -> Any:
        names = page.runs.names()
        return gr.update(choices=names, value=chosen) if chosen else gr.update(choices=names)

    def begin(*values: Any) -> tuple[Any, ...]:
        given = TrainForm.checked(dict(zip(form, values, strict=True)))
        name = page.runs.start(training(given, page.work)).folder.name
        return (name, runs(name), *look(name))

    def go_on(name: str | None) -> tuple[Any, ...]:
        chosen = page.runs.resume(name).folder.name
        return (chosen, *look(chosen))

    def show(name: str | None) -> tuple[Any, ...]:
        chosen = page.runs.get(name).folder.name
        return (chosen, *look(chosen))

    def end(name: str) -> tuple[Any, ...]:
        page.runs.get(name).stop()
        return look(name)

    def find() -> tuple[Any, ...]:
        run = page.runs.current()
        name = run.folder.name if run else ""
        return (name, runs(name), *look(name))

    # A page that is loaded again has forgotten which run it showed.
    every = [followed, earlier, *shown]
    on(blocks.load, find, None, every, doing="looking for runs", quiet=True)
    on(start.click, begin, list(form.values()), every, doing="starting the training")
    on(stop.click, end, followed, shown, doing="stopping the run")
    on(resume.click, go_on, earlier, [followed, *shown], doing="resuming the run")
    on(follow.click, show, earlier, [followed, *shown], doing="looking at the run")
    on(timer.tick, look, followed, shown, doing="looking at the run", quiet=True, queue=False)
    on(tab.select, lambda: runs(), None, earlier, doing="looking for runs", quiet=True)


def _form(page: Page, tab: gr.Tab) -> dict[str, Any]:
    """Build the form; return its fields by their names in ``TrainForm``."""
    now = get_settings()
    recipe = gr.Radio(
        [("VITS", "vits"), ("XTTS GPT", "xtts")],
        value="vits",
        label="Model",
        elem_id="train-recipe",
    )
    data = gr.Dropdown(
        [],
        allow_custom_value=True,
        label="Data set folder (metadata.csv and wavs/), in the work folder",
        elem_id="train-data",
    )
    trial = gr.Button("Fill in a tiny trial on the bundled corpus", elem_id="train-trial")
    fields: dict[str, Any] = {"recipe": recipe, "data": data}
    fields["checkpoint"] = gr.Textbox(label="Base checkpoint (may be empty)", max_lines=1)
    fields["g2p_backends"] = gr.Dropdown(
        [(name, name) for name in plugins.g2p_backends()],
        value=list(now.g2p_backends),
        multiselect=True,
        label="G2P backends, in the order in which they are tried",
    )
    fields["precision"] = gr.Dropdown(
        list(PRECISION_CHOICES), value=now.precision, label="Precision (stock: the recipe's)"
    )
    with gr.Group(visible=False) as xtts:
        fields["vocab"] = gr.Textbox(label="Vocabulary (vocab.json)", max_lines=1)
        fields["dvae"] = gr.Textbox(label="DVAE checkpoint (dvae.pth)", max_lines=1)
        fields["mel_stats"] = gr.Textbox(label="Mel statistics (mel_stats.pth)", max_lines=1)
        fields["xtts_text"] = gr.Dropdown(
            list(XTTS_TEXT_CHOICES), value=now.xtts_text, label="Text mode"
        )
        fields["attention"] = gr.Dropdown(
            list(ATTENTION_CHOICES), value=now.attention, label="Attention kernel"
        )
        fields["packing"] = gr.Checkbox(now.packing, label="Packing (no padding in the GPT)")
        fields["checkpointing"] = gr.Number(
            now.checkpointing,
            precision=0,
            minimum=0,
            label="Gradient checkpointing: every N-th block, 0 is off",
        )
        fields["batch_tokens"] = gr.Number(
            now.batch_tokens, precision=0, minimum=0, label="Batch tokens, 0 is off"
        )
    fields["values"] = gr.Textbox(
        label="Config values, one NAME = VALUE a line (numbers, true, false)",
        lines=3,
        max_lines=8,
        placeholder="batch_size = 8",
        elem_id="train-values",
    )

    def fill_in() -> dict[Any, Any]:
        made = trial_assets(page.work)
        folder = page.work.shown(bundled_corpus(page.work))
        return {
            recipe: "xtts",
            xtts: gr.update(visible=True),
            data: gr.update(choices=page.work.corpora(), value=folder),
            **{fields[name]: value for name, value in made.items()},
        }

    def corpora() -> Any:
        return gr.update(choices=page.work.corpora())

    def show_xtts(name: str | None) -> Any:
        return gr.update(visible=name == "xtts")

    def states() -> tuple[Any, Any]:
        backends = g2p_choices(kernels.g2p_states(get_settings()))
        found = {
            one["name"]: (one["available"], one["reason"])
            for one in kernels.status()["backends"]
            if one["kind"] == "attention"
        }
        names = dict.fromkeys([*ATTENTION_CHOICES, *found])
        described = choices((name, *found.get(name, (True, ""))) for name in names)
        return gr.update(choices=backends), gr.update(choices=described)

    on(recipe.input, show_xtts, recipe, xtts, doing="choosing a model", quiet=True, queue=False)
    filled = [recipe, xtts, data, *(fields[name] for name in ("vocab", "dvae", "mel_stats"))]
    on(trial.click, fill_in, None, [*filled, fields["values"]], doing="preparing the trial")
    on(data.focus, corpora, None, data, doing="looking for corpora", quiet=True)
    menus = [fields["g2p_backends"], fields["attention"]]
    on(tab.select, states, None, menus, doing="asking for the state of kernels", quiet=True)
    return fields
