"""The application: one verb per module.

Verbs import what does their work when they run, so that ``--help`` and completion are fast.
"""

from __future__ import annotations

import typer

from coqui_amharic_ext.cli import (
    bench,
    checkpoint,
    data,
    demo,
    doctor,
    evaluate,
    normalize,
    phonemize,
    plugins,
    synth,
    train,
    vocab,
    webui,
)

app = typer.Typer(
    name="coqui-amharic",
    help="Amharic and fast attention for upstream Coqui TTS.",
    epilog="Exit codes: 0 success; 1 something is wrong, or the output pipe was closed; 2 wrong "
    "input or settings; 130 interrupted. train and bench return the exit code of their program.",
    rich_markup_mode="markdown",  # joins the lines of a help text to paragraphs
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("normalize")(normalize.normalize)
app.command("phonemize")(phonemize.phonemize)
app.command("eval-g2p")(evaluate.eval_g2p)
app.command("doctor")(doctor.doctor)
app.command("bench", context_settings=bench.CONTEXT)(bench.bench)
app.command("train", context_settings=train.CONTEXT)(train.train)
app.command("plugins")(plugins.plugins)
app.command("synth")(synth.synth)
app.command("demo")(demo.demo)
app.command("webui")(webui.webui)
app.add_typer(vocab.app, name="vocab")
app.add_typer(checkpoint.app, name="checkpoint")
app.add_typer(data.app, name="data")
