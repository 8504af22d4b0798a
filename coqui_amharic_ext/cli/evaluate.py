"""``eval-g2p``."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from coqui_amharic_ext.cli.output import emit


def eval_g2p(
    gold: Annotated[Path, typer.Argument(help="Word list in WikiPron's format: word, tab, IPA.")],
    backend: Annotated[
        list[str] | None,
        typer.Option("--backend", "-b", help="Score this backend; may be given several times."),
    ] = None,
    edits: Annotated[int, typer.Option(help="List this many of each one's commonest edits.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Measure phone and word error rates of the chain and of each backend.

    Example: coqui-amharic eval-g2p amh_ethi_broad.tsv --edits 10
    """
    from coqui_amharic_ext.g2p.evaluation import evaluate, read_gold, table

    result = evaluate(read_gold(gold), backends=backend)
    if json:
        emit(asdict(result))
    else:
        sys.stdout.write(table(result, edits=edits) + "\n")
