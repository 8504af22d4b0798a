"""Data: the findings of a corpus's check, and how the clips sound that they are about."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import gradio as gr
import numpy as np
import pandas as pd
from markupsafe import Markup
from numpy.typing import NDArray

from coqui_amharic_ext.data.audio import AudioError, open_audio
from coqui_amharic_ext.data.check import Report, check
from coqui_amharic_ext.data.findings import KINDS, DataError, Finding
from coqui_amharic_ext.data.limits import MODELS
from coqui_amharic_ext.data.text import reader_for
from coqui_amharic_ext.io.wav import WavStream
from coqui_amharic_ext.webui.events import on
from coqui_amharic_ext.webui.inside import metadata_of, require_audio_inside
from coqui_amharic_ext.webui.markup import Tone, amharic, badge, message, table
from coqui_amharic_ext.webui.page import Page
from coqui_amharic_ext.webui.trial import BUNDLED, bundled_corpus
from coqui_amharic_ext.webui.workfolder import WorkFolder

MOST_ROWS: Final = 500
COLUMNS: Final = 320
PLAYED_SECONDS: Final = 60
_REMEDY: Final = {"fixed": "corrects it", "left out": "leaves the row out", "kept": "keeps it"}


@dataclass(frozen=True, slots=True)
class Checked:
    """A check as the page shows it."""

    summary: Markup
    listing: Markup
    clips: tuple[tuple[str, str], ...]
    """Label and path, relative to the work folder, of each clip with a finding."""


def run_check(
    work: WorkFolder, given: str, model: str, tell: Callable[[int, int], None]
) -> Checked:
    """Check a corpus and make tables of the findings."""
    if model not in MODELS:
        raise DataError(f"model {model!r} is not known; valid values: {', '.join(MODELS)}")
    metadata = metadata_of(work, given)
    require_audio_inside(work, metadata)
    limits = MODELS[model]
    reader = reader_for(limits, None, None)
    return _checked(work, check(metadata, limits=limits, reader=reader, tell=tell), model)


def _checked(work: WorkFolder, report: Report, model: str) -> Checked:
    usable = sum(done.usable for done in report.rows)
    summary = (
        f"{len(report.rows)} rows, {report.seconds / 60:.1f} min of audio, {usable} usable for "
        f"{model}; {report.errors} errors, {report.warnings} warnings"
    )
    tone: Tone = "bad" if report.errors else "warning" if report.warnings else "good"
    kinds: dict[str, list[Finding]] = {}
    clips: dict[str, list[str]] = {}
    cases = sorted(report.findings, key=lambda found: found.severity != "error")
    for found in cases:
        kinds.setdefault(found.kind, []).append(found)
        if found.audio:
            clips.setdefault(found.audio, []).append(found.kind)
    by_kind = table(
        "Kinds of findings",
        ("severity", "found", "kind", "what", "data fix"),
        [
            (
                _severity(min(found.severity for found in kinds[kind])),
                len(kinds[kind]),
                kind,
                about.summary,
                ", ".join(sorted({_REMEDY[found.remedy] for found in kinds[kind]})),
            )
            for kind, about in KINDS.items()
            if kind in kinds
        ],
    )
    every = table(
        "Findings",
        ("severity", "line", "clip", "finding", "text"),
        [
            (
                _severity(found.severity),
                found.line or "",
                Path(found.audio).name if found.audio else "",
                f"{found.kind}: {found.message.replace(f'{work.root}/', '')}",
                amharic(found.text) if found.text else "",
            )
            for found in cases[:MOST_ROWS]
        ],
    )
    listing = by_kind + every if cases else message("Nothing found.", "good")
    if len(cases) > MOST_ROWS:
        more = f"{len(cases) - MOST_ROWS} more; `coqui-amharic data check --all` lists them"
        listing += message(more)
    choices = tuple(
        (f"{Path(audio).name} ({', '.join(dict.fromkeys(of_clip))})", work.shown(Path(audio)))
        for audio, of_clip in list(clips.items())[:MOST_ROWS]
    )
    return Checked(message(summary, tone), listing, choices)


def _severity(severity: str) -> Markup:
    return badge(severity, "bad" if severity == "error" else "warning")


def load_clip(work: WorkFolder, given: str) -> tuple[int, NDArray[np.float32]]:
    """Return the sample rate of a clip, and its first minute as one channel."""
    path = work.file(given, "clip")
    try:
        with open_audio(path) as file:
            rate = int(file.samplerate)
            audio = file.read(frames=rate * PLAYED_SECONDS, dtype="float32", always_2d=True)
    except (AudioError, OSError) as error:
        raise DataError(f"{work.shown(path)} cannot be played: {error}") from error
    audio = audio[: rate * PLAYED_SECONDS]
    if not len(audio):
        raise DataError(f"{work.shown(path)} cannot be played: it holds no audio")
    return rate, np.clip(np.nan_to_num(audio.mean(axis=1)), -1.0, 1.0)


def waveform(audio: NDArray[np.float32], rate: int) -> pd.DataFrame:
    """Return the lowest and the highest sample of each of ``COLUMNS`` parts, to plot."""
    rows = [
        (float(part[0]) / rate, float(extreme(audio[part])))
        for part in np.array_split(np.arange(len(audio)), min(COLUMNS, len(audio)))
        for extreme in (np.min, np.max)
    ]
    return pd.DataFrame(rows, columns=["seconds", "amplitude"])


def wav_player(audio: NDArray[np.float32], rate: int, name: str) -> Markup:
    """Return a player that holds the samples, so that no file is served.

    The controls of gradio's player have too little contrast to be read by everybody.
    """
    sink = io.BytesIO()
    with WavStream(sink, rate) as wav:
        wav.write(audio)
    return Markup(
        '<audio class="am-player" controls aria-label="{}" src="data:audio/wav;base64,{}"></audio>'
    ).format(name, base64.b64encode(sink.getvalue()).decode("ascii"))


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
    drawing = gr.LinePlot(
        x="seconds",
        y="amplitude",
        label="Waveform",
        y_lim=[-1, 1],
        height=150,
        buttons=[],
        visible=False,
        elem_id="data-waveform",
    )
    listing = gr.HTML(elem_id="data-findings")

    def corpora() -> Any:
        return gr.update(choices=page.work.corpora())

    def unpack() -> Any:
        folder = bundled_corpus(page.work)
        return gr.update(choices=page.work.corpora(), value=page.work.shown(folder))

    def show_check(
        given: str | None,
        chosen: str | None,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 - gradio's way
    ) -> tuple[Any, ...]:
        def tell(number: int, total: int) -> None:
            # A large corpus must not keep the page from ending.
            page.runs.require_open()
            progress((number, total), desc="clips")

        done = run_check(page.work, given or "", chosen or "", tell)
        clips = gr.update(choices=list(done.clips), value=None)
        return done.summary, clips, "", gr.update(visible=False), done.listing

    def listen(given: str | None) -> tuple[Any, Any]:
        hidden = gr.update(visible=False)
        if not given:
            return "", hidden
        try:
            rate, audio = load_clip(page.work, given)
        except DataError as error:
            # An unreadable clip is a finding, not a failure of the page.
            return message(error, "bad"), hidden
        shown = gr.update(value=waveform(audio, rate), visible=True)
        return wav_player(audio, rate, given), shown

    on(tab.select, corpora, None, corpus, doing="looking for corpora", quiet=True)
    on(bundled.click, unpack, None, corpus, doing="writing the bundled corpus")
    results = [summary, clip, player, drawing, listing]
    on(start.click, show_check, [corpus, model], results, doing="checking the corpus", fresh=True)
    on(clip.input, listen, clip, [player, drawing], doing="reading the clip")
