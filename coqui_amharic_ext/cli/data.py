"""``data check`` and ``data import``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from coqui_amharic_ext.cli.output import InputError, emit, show
from coqui_amharic_ext.cli.progress import steps
from coqui_amharic_ext.cli.tables import Table

if TYPE_CHECKING:
    from coqui_amharic_ext.data.check import Report
    from coqui_amharic_ext.data.findings import Finding
    from coqui_amharic_ext.data.fix import Fixed

SHOWN: Final = 5
"""Cases of a kind that are listed without --all."""

app = typer.Typer(help="Training corpora: check, fix, import.", no_args_is_help=True)

Layout = Annotated[
    str,
    typer.Option(
        help="ljspeech, coqui, common_voice, audiofolder, fleurs, table (any other with a header) "
        "or lines (without one); auto detects it."
    ),
]
Language = Annotated[str, typer.Option(help="Language of rows without one in the metadata.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command()
def check(
    metadata: Annotated[
        list[Path],
        typer.Option("--metadata", "-m", help="Corpus folder or metadata file; may be repeated."),
    ],
    layout: Layout = "auto",
    language: Language = "am",
    model: Annotated[
        str, typer.Option(help="The model to train: xtts or vits, with the recipes' limits.")
    ] = "xtts",
    config: Annotated[
        Path | None,
        typer.Option(help="A model's config.json, whose limits and characters are used instead."),
    ] = None,
    vocab: Annotated[
        Path | None, typer.Option(help="XTTS vocabulary, whose tokens must cover every text.")
    ] = None,
    fix: Annotated[
        Path | None, typer.Option(help="Write a corrected copy to this new folder.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail on warnings, too.")] = False,
    all_cases: Annotated[
        bool, typer.Option("--all", help=f"List every case, not {SHOWN} of each kind.")
    ] = False,
    json: Json = False,
) -> None:
    """Check a corpus before hours of training on it.

    Exit code 1 if training would stop at something, skip it or learn it wrong; with --fix, if that
    is still true of the corrected copy. Example: coqui-amharic data check -m metadata.csv
    """
    from coqui_amharic_ext.data import check as checking
    from coqui_amharic_ext.data.fix import fix as write_fixed
    from coqui_amharic_ext.data.folder import require_new
    from coqui_amharic_ext.data.limits import MODELS, from_config
    from coqui_amharic_ext.data.text import reader_for

    if model not in MODELS:
        raise InputError(f"--model {model!r} is not known; valid values: {', '.join(MODELS)}")
    limits = MODELS[model] if config is None else from_config(config)
    if vocab is not None and limits.model != "xtts":
        raise InputError(f"--vocab is for XTTS; {limits.model} has its characters in its config")
    if fix is not None:
        require_new(fix)
    reader = reader_for(limits, vocab, config)
    with steps("checking") as tell:
        report = checking.check(
            metadata, layout=layout, language=language, limits=limits, reader=reader, tell=tell
        )
    fixed = None
    if fix is not None:
        with steps("writing the corrected copy") as tell:
            fixed = write_fixed(report, fix, limits=limits, reader=reader, tell=tell)
    if json:
        emit(report.to_dict() | ({} if fixed is None else {"fixed": _fixed(fixed)}))
    else:
        _show(report, limits.model, every=all_cases)
        if fixed is not None:
            _show_fixed(fixed)
    final = report if fixed is None else fixed.report
    raise typer.Exit(code=int(bool(final.errors or (strict and final.warnings))))


@app.command("import")
def import_data(
    source: Annotated[
        Path,
        typer.Argument(help="A metadata file, a .parquet or .arrow file, or a folder with either."),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="New folder for the corpus.")],
    layout: Layout = "auto",
    language: Language = "am",
    split: Annotated[
        str | None, typer.Option(help="Only this split, such as train; all by default.")
    ] = None,
    text_column: Annotated[
        str | None, typer.Option(help="The column with the text, if it cannot be detected.")
    ] = None,
    audio_column: Annotated[
        str | None, typer.Option(help="The column with the audio, if it cannot be detected.")
    ] = None,
    rate: Annotated[int, typer.Option(help="Sample rate of the wavs.")] = 22050,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Skip unusable clips instead of stopping.")
    ] = False,
    json: Json = False,
) -> None:
    """Import a corpus into the layout that the recipes read: wavs/ and metadata.csv.

    Reads LJSpeech, Common Voice, Coqui, audiofolder, FLEURS and NeMo layouts, common variations,
    and Hugging Face data sets, saved to disk or as Parquet. Example: coqui-amharic data import
    cv-corpus/am --out corpus
    """
    from coqui_amharic_ext.data.importing import import_corpus

    with steps("importing") as tell:
        done = import_corpus(
            source,
            out,
            layout=layout,
            language=language,
            split=split,
            text_column=text_column,
            audio_column=audio_column,
            rate=rate,
            skip_bad=skip_bad,
            tell=tell,
        )
    if json:
        emit(done.to_dict())
        return
    show(f"{done.clips} clips, {done.seconds / 3600:.2f} h, in {done.folder}\n")
    for path in done.metadata:
        show(f"  {path} (formatter {done.layout})\n")
    if done.left_out:
        show(f"  {len(done.left_out)} left out, see {done.folder / 'left_out.tsv'}\n")


def _fixed(fixed: Fixed) -> dict[str, Any]:
    return {
        "folder": str(fixed.folder),
        "metadata": [str(path) for path in fixed.metadata],
        "kept": fixed.kept,
        "left_out": [found.to_dict() for found in fixed.left_out],
        "errors": fixed.report.errors,
        "warnings": fixed.report.warnings,
    }


def _show(report: Report, model: str, *, every: bool) -> None:
    from coqui_amharic_ext.data.findings import KINDS

    by_kind: dict[str, list[Finding]] = {}
    for found in report.findings:
        by_kind.setdefault(found.kind, []).append(found)
    usable = sum(done.usable for done in report.rows)
    hours = report.seconds / 3600
    show(f"{len(report.rows)} rows, {hours:.2f} h of audio, {usable} usable for {model}\n")
    if not by_kind:
        show("nothing found\n")
        return
    table = Table(("", "found", "kind", "what", "corrected copy"), right=frozenset({"found"}))
    for kind, about in KINDS.items():
        if kind in by_kind:
            cases = by_kind[kind]
            severity = min(found.severity for found in cases)  # a definite case is an error
            remedies = ", ".join(sorted({_remedy(found.remedy) for found in cases}))
            table.add(severity, str(len(cases)), kind, about.summary, remedies)
    table.show()
    for kind in KINDS:
        cases = by_kind.get(kind, [])
        for found in cases if every else cases[:SHOWN]:
            show(f"{found.place}: {kind}: {found.message}\n")
        if len(cases) > SHOWN and not every:
            show(f"  {len(cases) - SHOWN} more {kind}; --all lists them\n")
    show(f"{_counts(report)}\n")


def _counts(report: Report) -> str:
    counts = {"error": report.errors, "warning": report.warnings}
    return ", ".join(f"{n} {what}{'' if n == 1 else 's'}" for what, n in counts.items())


def _remedy(remedy: str) -> str:
    return {"fixed": "corrects it", "left out": "leaves the row out", "kept": "keeps it"}[remedy]


def _show_fixed(fixed: Fixed) -> None:
    show(f"corrected copy: {fixed.kept} rows in {fixed.folder}\n")
    for path in fixed.metadata:
        show(f"  {path}\n")
    if fixed.left_out:
        show(f"  {len(fixed.left_out)} rows left out, see {fixed.folder / 'left_out.tsv'}\n")
    show(f"  in it: {_counts(fixed.report)}\n")
