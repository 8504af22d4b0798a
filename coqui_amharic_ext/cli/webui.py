"""``webui``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from coqui_amharic_ext.cli.output import emit, note


def webui(
    work: Annotated[
        Path,
        typer.Option(
            "--work",
            "-w",
            help="Folder with corpora, checkpoints and runs; the page reads nothing outside it.",
        ),
    ] = Path(),
    port: Annotated[
        int | None, typer.Option(help="Port. Default: the first free one from 7860.")
    ] = None,
    browse: Annotated[
        bool, typer.Option("--open", help="Open the page in the browser when it is ready.")
    ] = False,
    json: Annotated[
        bool,
        typer.Option(
            "--json", help="Print the address as one JSON document when the page is ready."
        ),
    ] = False,
) -> None:
    """Serve the web page: text, training, data, performance and synthesis.

    It is reachable from this computer only; from elsewhere use ssh -L 7860:127.0.0.1:7860.
    Ctrl-C ends it; runs that it started save and end. Needs the extra webui.

    Example: coqui-amharic webui --work ~/amharic
    """
    from coqui_amharic_ext.webui.serve import serve

    def tell(address: str) -> None:
        if json:
            emit({"address": address, "work": str(work.resolve())})
            sys.stdout.flush()
        else:
            note(f"the page is at {address} (Ctrl-C ends it)")

    serve(work, port, tell, browse=browse)
