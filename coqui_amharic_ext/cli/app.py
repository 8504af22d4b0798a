"""The application: one verb per module."""

from __future__ import annotations

import typer

from coqui_amharic_ext.cli import demo, evaluate, normalize, phonemize, plugins

app = typer.Typer(
    name="coqui-amharic",
    help="Amharic and fast attention for upstream Coqui TTS.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("normalize")(normalize.normalize)
app.command("phonemize")(phonemize.phonemize)
app.command("eval-g2p")(evaluate.eval_g2p)
app.command("plugins")(plugins.plugins)
app.command("demo")(demo.demo)
