"""``eval-g2p``."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coqui_amharic_ext.cli.completion import backend_names
from coqui_amharic_ext.cli.output import InputError, emit, show
from coqui_amharic_ext.cli.tables import Table

if TYPE_CHECKING:
    from coqui_amharic_ext.g2p.evaluation import Evaluation

_RATES = ("PER", "WER", "PER ː", "WER ː")


def eval_g2p(
    gold: Annotated[Path, typer.Argument(help="Word list in WikiPron's format: word, tab, IPA.")],
    backend: Annotated[
        list[str] | None,
        typer.Option(
            "--backend",
            "-b",
            help="Score this backend as well as the chain; may be repeated. Default: all.",
            autocompletion=backend_names,
        ),
    ] = None,
    edits: Annotated[
        int, typer.Option(min=0, help="List this many of the most common edits of each system.")
    ] = 0,
    errors: Annotated[
        int, typer.Option(min=0, help="List this many wrong words of each system.")
    ] = 0,
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document with all edits and errors.")
    ] = False,
) -> None:
    """Measure phone and word error rates (PER, WER), in %, of the chain and of each backend.

    "PER ː" and "WER ː" count length marks, too. "paradigm" are verb forms that are derived from a
    known root, "outside" are words that no list has.

    Example: coqui-amharic eval-g2p amh_ethi_broad.tsv --edits 10 --errors 20
    """
    from coqui_amharic_ext.g2p.evaluation import evaluate, read_gold

    if not gold.is_file():
        what = "is a folder" if gold.is_dir() else "does not exist"
        raise InputError(f"{gold} {what}; give a list of words and their IPA")
    result = evaluate(read_gold(gold), backends=backend)
    if json:
        emit(asdict(result))
        return
    _rates(result).show()
    for name, reason in result.missing.items():
        show(f"{name}: {reason}\n")
    if edits:
        _gap()
        _edits(result, edits).show()
    if errors:
        _gap()
        _errors(result, errors).show()


def _gap() -> None:
    show("\n")
    sys.stdout.flush()


def _rates(result: Evaluation) -> Table:
    table = Table(
        ["system", "words", "n", *_RATES, "answered by"],
        title=f"{result.words} words; error rates in %",
        right=frozenset({"n", *_RATES}),
    )
    for system in result.systems:
        for group, rates in system.rates.items():
            bare, full = rates.without_length, rates.with_length
            if not full.words:
                continue
            first = group == "all"
            answered = ", ".join(f"{name} {n}" for name, n in system.answered.items())
            numbers = (bare.per, bare.wer, full.per, full.wer)
            table.add(
                system.name if first else "",
                group,
                str(full.words),
                *(f"{number:.1f}" for number in numbers),
                answered if first and set(system.answered) - {system.name} else "",
            )
    return table


def _edits(result: Evaluation, count: int) -> Table:
    table = Table(["system", "wanted", "given", "times"], "most common edits", frozenset({"times"}))
    for system in result.systems:
        for wanted, given, times in system.edits[:count]:
            table.add(system.name, wanted or "∅", given or "∅", str(times))
    return table


def _errors(result: Evaluation, count: int) -> Table:
    table = Table(["system", "word", "wanted", "given", "answered by"], "words that differ")
    for system in result.systems:
        for error in system.errors[:count]:
            table.add(system.name, error.word, error.expected, error.given, error.backend)
    return table
