"""``checkpoint extend``."""

from __future__ import annotations

from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from coqui_amharic_ext.cli.output import emit, show

app = typer.Typer(help="XTTS checkpoints: rows for an extended vocabulary.", no_args_is_help=True)


class Init(str, Enum):
    """The source of new rows."""

    pieces = "pieces"
    mean = "mean"
    normal = "normal"


@app.callback()
def checkpoint() -> None:
    """XTTS checkpoints: rows for an extended vocabulary."""


@app.command()
def extend(
    checkpoint: Annotated[
        Path,
        typer.Option("--checkpoint", help="model.pth, a file of the trainer, or a GPT's weights."),
    ],
    old_vocab: Annotated[Path, typer.Option("--old-vocab", help="The vocabulary of its training.")],
    new_vocab: Annotated[Path, typer.Option("--new-vocab", help="The result of vocab extend.")],
    out: Annotated[Path, typer.Option("--out", help="The extended checkpoint, named *.pth.")],
    init: Annotated[
        Init,
        typer.Option(
            help="New rows. pieces: the mean of the old pieces of the token or its romanisation; "
            "mean: the mean of all rows; normal: samples around it."
        ),
    ] = Init.pieces,
    seed: Annotated[int, typer.Option(help="Seed of --init normal.")] = 0,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify",
            help="Also load the result with stock code; needs 2.3 times the file in memory.",
        ),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Add rows to an XTTS checkpoint for the new tokens of its extended vocabulary.

    Every other weight stays the same, bit for bit; the written file is checked. Stock training
    starts from the result with xtts_checkpoint (with gpt_checkpoint for a bare GPT).
    Example: coqui-amharic checkpoint extend --checkpoint model.pth --old-vocab vocab.json
    --new-vocab vocab_am.json --out model_am.pth
    """
    from coqui_amharic_ext.coqui.checkpoint import extend_checkpoint

    if seed != 0 and init is not Init.normal:
        raise ValueError(f"--seed {seed} is for --init normal; {init.value} is not random")
    done = extend_checkpoint(
        checkpoint, old_vocab, new_vocab, out, init=init.value, seed=seed, verify=verify
    )
    if json:
        emit({"checkpoint": str(checkpoint), "out": str(out), **asdict(done)})
        return
    pieces = f", {done.from_pieces} from old pieces" if init is Init.pieces else ""
    dropped = f"left out: {', '.join(done.dropped)}\n" if done.dropped else ""
    show(
        f"{out}: {done.after} rows, was {done.before} ({done.init}{pieces}); layout {done.layout}\n"
        f"{dropped}"
        f"{done.tensors} tensors checked: {done.verified}\n"
    )
