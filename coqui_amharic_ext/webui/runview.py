"""A run as the page shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coqui_amharic_ext.webui.markup import Markup, Tone, badge, cell, lines
from coqui_amharic_ext.webui.plots import line_plot

if TYPE_CHECKING:
    from coqui_amharic_ext.webui.runs import State, View

_TONES: dict[State, Tone] = {
    "running": "good",
    "stopping": "warning",
    "finished": "good",
    "stopped": "plain",
    "failed": "bad",
    "unknown": "warning",
}


def state_of(view: View) -> Markup:
    """Return in words where a run stands."""
    said = [view.name]
    losses = view.losses
    if losses.epoch is not None:
        said.append(f"epoch {losses.epoch + 1} of {(losses.epochs or 0) + 1}")
    if losses.step is not None:
        said.append(f"step {losses.step}")
    if view.state == "running" and losses.step is None:
        said.append("preparing; the first step takes a while")
    if view.state == "stopping":
        said.append("saving what it has learnt")
    if view.state in ("stopped", "failed", "finished", "unknown"):
        said.append(
            f"to go on from: {view.checkpoint}" if view.checkpoint else "no checkpoint was saved"
        )
    if view.state == "unknown":
        said.append("the page that started it was ended without stopping it")
    failed = (
        f"<p>It stopped with an error: {lines(view.reason.splitlines())}</p>" if view.reason else ""
    )
    mark = badge(view.state, _TONES[view.state])
    return Markup(f'<p role="status">{mark} {cell(" · ".join(said))}</p>{failed}')


def losses_of(view: View) -> Markup:
    """Return the plot of a run's losses."""
    return line_plot(view.losses.shown(), x="step", y="loss")


def log_of(view: View) -> Markup:
    """Return the end of a run's log, in a box that stays at its end while lines come."""
    return Markup(
        '<div class="am-log" role="log" aria-label="Log" tabindex="0">'
        f"<pre>{cell(view.log)}</pre></div>"
    )
