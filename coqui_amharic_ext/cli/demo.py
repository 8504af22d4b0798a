"""``demo``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coqui_amharic_ext.cli.output import emit


def demo(
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Folder in which a new folder for the run is created."),
    ] = Path("coqui-amharic-demo"),
    json: Annotated[
        bool, typer.Option("--json", help="Print the results as one JSON document at the end.")
    ] = False,
) -> None:
    """Run the main job on the bundled corpus: transcribe, train, synthesise, compare with stock.

    Trains tiny models for a few steps. This shows that everything runs, not how good it sounds.
    Example: coqui-amharic demo --output /tmp/demo
    """
    from coqui_amharic_ext.demo.run import run

    results = run(output, quiet=json)
    if json:
        emit(results)
