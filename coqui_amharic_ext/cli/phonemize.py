"""``phonemize``."""

from __future__ import annotations

import json as jsonlib
import sys
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor
from contextlib import suppress
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coqui_amharic_ext import __version__
from coqui_amharic_ext.cli.completion import backend_names
from coqui_amharic_ext.cli.output import InputError, emit, note
from coqui_amharic_ext.cli.progress import meter
from coqui_amharic_ext.cli.resumable import ResumableFile
from coqui_amharic_ext.cli.rows import Layout, Row, bare_lines, layout
from coqui_amharic_ext.cli.source import Source
from coqui_amharic_ext.settings import Settings, get_settings

if TYPE_CHECKING:
    from coqui_amharic_ext.g2p.types import Transcription


def phonemize(
    texts: Annotated[
        list[str] | None,
        typer.Argument(help="Texts; without any, lines of --file or standard input."),
    ] = None,
    file: Annotated[
        list[Path] | None,
        typer.Option("--file", "-f", help="A UTF-8 file, read line by line; may be repeated."),
    ] = None,
    column: Annotated[
        str | None,
        typer.Option(
            help="The column with the text: its number from 1, or its name in the first line. "
            "The IPA is added as the last column."
        ),
    ] = None,
    delimiter: Annotated[
        str | None,
        typer.Option(
            help="The column separator, one character or 'tab'. Default: | (tab in .tsv files). "
            "With , or ; fields may be in double quotes."
        ),
    ] = None,
    backend: Annotated[
        str | None,
        typer.Option(
            "--backend",
            "-b",
            help="Use this backend alone instead of the configured chain.",
            autocompletion=backend_names,
        ),
    ] = None,
    lexicon: Annotated[
        Path | None,
        typer.Option(
            help="TSV file of your words (word, IPA); takes precedence over every backend."
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            "-j",
            help="Number of processes. Default: 1; with --engine ray all cores.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Write to this file. Until it is complete it is called FILE.part, which an "
            "interrupted run leaves behind. With --engine ray, a folder of Parquet files.",
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Resume FILE.part exactly where it ends.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace --out, or the FILE.part of an interrupted run.")
    ] = False,
    json: Annotated[
        bool,
        typer.Option(
            "--json",
            help="Print one JSON document per line: the backend of each word and its quality.",
        ),
    ] = False,
    engine: Annotated[
        str,
        typer.Option(
            help="local, or ray: Ray Data reads .txt, .jsonl or .parquet files and writes Parquet "
            "(normalised, ipa, backend, quality) to the folder --out."
        ),
    ] = "local",
    ray_address: Annotated[
        str | None,
        typer.Option(help="A running Ray cluster, such as auto or ray://HOST:10001."),
    ] = None,
) -> None:
    """Transcribe Amharic text to IPA: arguments, files, standard input, a column of a table.

    Results are printed in the order of the input while it is read; memory does not grow with it.

    Example: coqui-amharic phonemize --file metadata.csv --column 2 --workers 2 --out ipa.csv
    """
    if out is None and (resume or force):
        raise InputError(f"{'--resume' if resume else '--force'} needs --out FILE")
    settings = get_settings()
    if lexicon is not None:
        settings = settings.replace(lexicon=str(lexicon))
    if engine not in ("local", "ray"):
        raise InputError(f"--engine {engine!r} is not valid; give local or ray")
    if engine == "ray":
        if texts or not file or out is None:
            raise InputError("--engine ray reads --file FILE and writes to --out FOLDER; give both")
        unused = {"--resume": resume, "--delimiter": delimiter is not None}
        for option in (name for name, given in unused.items() if given):
            raise InputError(f"{option} is not for --engine ray; leave one of the two out")
        _through_ray(file, out, column, backend, settings, workers, ray_address, force, json)
        return
    if ray_address is not None:
        raise InputError("--ray-address is for --engine ray; give both")
    workers = 1 if workers is None else workers
    source = Source(texts, file)
    table = layout(column, delimiter, file or ())
    rows = bare_lines(source) if table is None else table.read(source)
    work = _Work(settings, backend, workers, json)
    if out is None:
        silent = _run(work, rows, table, source, _to_stdout, shown=not sys.stdout.isatty())
        _end(silent)
        return
    choices = _choices(settings, backend) | {
        "json": json,
        "column": column,
        "delimiter": table and table.delimiter,
    }
    target = ResumableFile(out, choices, resume=resume, force=force)
    if target.resumed:
        note(f"resuming after {target.items} items")
    left = (row for row in rows if (row.header and json) or not target.done_before(row.key))
    try:
        silent = _run(work, left, table, source, lambda row, line: target.write(row.key, line))
        target.finish()
    except BaseException:
        target.keep()
        if target.part.exists():
            note(f"{target.kept} items are kept in {target.part}; resume with --resume")
        raise
    _end(silent)


def _end(silent: list[str]) -> None:
    """Exit with 1 if a text has no IPA, which an empty line alone does not tell."""
    if silent:
        note(
            f"{len(silent)} of the texts contain nothing to pronounce and give an empty line, the "
            f"first: {silent[0]!r}"
        )
        raise typer.Exit(1)


def _through_ray(
    files: list[Path],
    out: Path,
    column: str | None,
    backend: str | None,
    settings: Settings,
    workers: int | None,
    address: str | None,
    force: bool,
    json: bool,
) -> None:
    from coqui_amharic_ext.data import ray_engine
    from coqui_amharic_ext.data.transcriber import Transcriber
    from coqui_amharic_ext.g2p.readers import reader

    if workers is not None and workers < 1:
        raise InputError(f"--workers {workers} is not valid; give 1 or more")
    reader(settings, backend)  # a wrong choice is an error here, not on another machine
    transcriber = Transcriber(column or "text", backend, settings)
    done = ray_engine.run(files, out, transcriber, workers=workers, address=address, force=force)
    if json:
        emit({**asdict(done), "folder": str(done.folder)})
    else:
        note(f"{done.rows} rows in {done.files} files of {done.folder}, {done.seconds:.1f} s")


class _Work:
    """Turns texts into output lines, in this process or in several."""

    def __init__(self, settings: Settings, backend: str | None, workers: int, json: bool) -> None:
        if workers < 1:
            raise InputError(f"--workers {workers} is not valid; give 1 or more")
        self.settings, self.backend, self.workers, self.json = settings, backend, workers, json

    def lines(self, texts: Iterator[str]) -> Iterator[str]:
        from coqui_amharic_ext.g2p.api import phonemize_many
        from coqui_amharic_ext.g2p.readers import reader

        if not self.json:
            return phonemize_many(
                texts, backend=self.backend, workers=self.workers, settings=self.settings
            )
        reader(self.settings, self.backend)  # a wrong choice is an error here, not in a worker
        if self.workers == 1:
            return (documents([text], self.settings, self.backend)[0] for text in texts)
        from coqui_amharic_ext.g2p.workers import in_processes

        return in_processes(texts, self.workers, self.settings, self.backend, documents)


def documents(texts: list[str], settings: Settings, backend: str | None) -> list[str]:
    """Return each text's transcription as JSON."""
    from coqui_amharic_ext.g2p.api import transcribe

    return [_document(transcribe(text, backend=backend, settings=settings)) for text in texts]


def _document(found: Transcription) -> str:
    """Return a transcription as JSON; a repeated word is serialised once."""
    written: dict[int, str] = {}
    words = []
    for word in found.words:
        known = written.get(id(word))
        if known is None:
            known = written[id(word)] = jsonlib.dumps(asdict(word), ensure_ascii=False)
        words.append(known)
    head = {"text": found.text, "normalised": found.normalised, "ipa": found.ipa}
    return f'{jsonlib.dumps(head, ensure_ascii=False)[:-1]}, "words": [{", ".join(words)}]}}'


def _run(
    work: _Work,
    rows: Iterator[Row],
    table: Layout | None,
    source: Source,
    put: Callable[[Row, str], None],
    *,
    shown: bool = True,
) -> list[str]:
    """Put a line for each row; return the texts that are not blank but have no IPA."""
    pending: deque[Row] = deque()
    silent: list[str] = []

    def texts() -> Iterator[str]:
        for row in rows:
            if not row.header:
                pending.append(row)
                yield row.text
            elif table is not None and not work.json:
                put(row, table.write(row, ""))

    lines = work.lines(texts())
    try:
        with meter("items", source.size, source.position, shown=shown) as step:
            for line in lines:
                row = pending.popleft()
                if not work.json and not line and row.text.strip():
                    silent.append(row.text)
                if work.json and row.fields:
                    line = f'{{"row": {jsonlib.dumps(row.fields, ensure_ascii=False)}, {line[1:]}'
                elif table is not None:
                    line = table.write(row, line)
                put(row, line)
                step()
    except BrokenExecutor as error:
        note("a worker process was killed, as happens when memory runs out; use fewer --workers")
        raise typer.Exit(1) from error
    finally:
        with suppress(AttributeError):
            lines.close()  # type: ignore[attr-defined]
    return silent


def _to_stdout(row: Row, line: str) -> None:
    sys.stdout.write(line + "\n")


def _choices(settings: Settings, backend: str | None) -> dict[str, Any]:
    """Return everything that the IPA depends on except the text."""
    from coqui_amharic_ext.g2p.readers import reader

    states = reader(settings, backend).chain.states()
    lexicon = Path(settings.lexicon).expanduser() if settings.lexicon else None
    return {
        "coqui-amharic-ext": __version__,
        "backend": backend,
        "backends": [f"{s.name} {s.version}".strip() for s in states if s.availability.ok],
        "lexicon": lexicon and sha256(lexicon.read_bytes()).hexdigest(),
        "narrow": settings.narrow,
        "elision": settings.elision,
        "text": settings.text,
    }
