"""Corpora larger than one machine: Ray Data reads them, maps the transcriber, writes Parquet.

The same code runs on a local Ray and on a cluster. Ray repeats the work of a lost worker and writes
its file again under the same name, so no row is lost or duplicated.

Text and JSON-lines files are cut into ranges of bytes here instead of being read by Ray Data's
``read_text`` and ``read_json``. Those read one file per task, so that a single large file keeps
only one worker busy, and their rows do not tell where a line is, which errors need. Parquet is
read by Ray Data.
"""

from __future__ import annotations

import logging
import os
import shutil
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from coqui_amharic_ext.data.transcriber import COLUMNS, Transcriber
from coqui_amharic_ext.errors import CoquiAmharicError, DataError, UnavailableError
from coqui_amharic_ext.io.files import explained, naming, only_writer
from coqui_amharic_ext.io.jsontext import parsed
from coqui_amharic_ext.io.lines import BOM, decode
from coqui_amharic_ext.io.locks import beside

PARQUET: Final = frozenset({".parquet"})
JSON_LINES: Final = frozenset({".jsonl", ".ndjson"})
TEXT: Final = frozenset({".txt", ".text", ""})
RANGE_BYTES: Final = 4 << 20
BATCH: Final = 256
CONNECT_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Done:
    """Result of a run."""

    rows: int
    files: int
    seconds: float
    folder: Path


def run(
    files: Sequence[Path],
    out: Path,
    transcriber: Transcriber,
    *,
    workers: int | None = None,
    address: str | None = None,
    force: bool = False,
    range_bytes: int = RANGE_BYTES,
) -> Done:
    """Transcribe files into a folder of Parquet files, in the order of the input.

    Parameters
    ----------
    files : sequence of Path
        All text (one item per line), all JSON lines, or all Parquet. On a cluster they, and
        ``out``, must be on a file system that every node shares.
    out : Path
        The new folder, called ``OUT.part`` until the end. Its files, sorted by name, contain the
        input's rows in order, with ``normalised``, ``ipa``, ``backend`` and ``quality``.
    transcriber : Transcriber
        Called with each batch.
    workers : int, optional
        Processes; by default all cores of this machine, or all of the cluster.
    address : str, optional
        A running cluster's address; by default Ray is started and stopped on this machine.
    force : bool
        Replace ``out`` at the end, and the remains of an interrupted run.
    range_bytes : int
        Size of the pieces that files are cut into.

    Raises
    ------
    UnavailableError
        Ray is not installed, or the cluster cannot be reached.
    DataError
        A file cannot be read, or ``out`` exists.
    BusyError
        Another run is writing ``out``.
    """
    kind = _kind(files)
    out = out.resolve()
    part = out.with_name(out.name + ".part")
    if kind == "parquet":
        _check_tables(files, transcriber.column)
    if not out.parent.is_dir():
        raise DataError(f"{out.parent} is not a folder; create it first")
    with only_writer(out):
        _make_room(out, part, force)
        ray = _start(workers if address is None else None, address)
        try:
            started = time.perf_counter()
            rows = _run(ray, kind, [file.resolve() for file in files], part, transcriber,
                        workers if address is not None else None, range_bytes)  # fmt: skip
            made = sorted(part.glob("*.parquet"))
            _take_name(part, out)
            return Done(rows, len(made), time.perf_counter() - started, out)
        finally:
            ray.shutdown()


def _kind(files: Sequence[Path]) -> str:
    kinds = {"text": TEXT, "json": JSON_LINES, "parquet": PARQUET}
    found = set()
    for file in files:
        if not file.exists():
            raise DataError(f"{file} does not exist")
        suffix = ".parquet" if file.is_dir() else file.suffix.lower()
        kind = [name for name, suffixes in kinds.items() if suffix in suffixes]
        if not kind:
            raise DataError(
                f"{file}: Ray reads text (.txt), JSON lines (.jsonl) and Parquet (.parquet or a "
                "folder of them); leave --engine out for other files"
            )
        found.update(kind)
    if len(found) != 1:
        raise DataError(f"give files of one kind, got {', '.join(sorted(found)) or 'none'}")
    return found.pop()


def _make_room(out: Path, part: Path, force: bool) -> None:
    _settle(out)
    for path in (out, part):
        if path.exists() and not force:
            raise DataError(f"{path} already exists; --force replaces it")
    with naming(out, part):
        _remove(part)
        part.mkdir()  # an error is raised before Ray starts
        part.rmdir()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _take_name(part: Path, out: Path) -> None:
    """Give the complete folder its name; an old one is removed only then."""
    if not out.exists():
        part.rename(out)
        return
    aside = _aside(out)
    out.rename(aside)
    try:
        part.rename(out)
    except BaseException:
        aside.rename(out)
        raise
    _remove(aside)


def _aside(out: Path) -> Path:
    return beside(out, ".replaced")


def _settle(out: Path) -> None:
    """Restore the old folder if a run was killed during the exchange."""
    aside = _aside(out)
    if aside.exists():
        if out.exists():
            _remove(aside)
        else:
            aside.rename(out)


def _check_tables(files: Sequence[Path], column: str) -> None:
    """Check the footers of Parquet files before Ray starts."""
    try:
        from pyarrow import ArrowInvalid, types
        from pyarrow.parquet import read_schema
    except ImportError:
        return  # a requirement of Ray Data, whose absence is reported later
    for file in files:
        tables = sorted(file.rglob("*.parquet")) if file.is_dir() else [file]
        if not tables:
            raise DataError(f"{file} has no Parquet files (.parquet) in it")
        for table in tables:
            try:
                schema = read_schema(table)
            except ArrowInvalid as error:
                raise DataError(f"{table} is cut off or no Parquet file ({error})") from None
            there = ", ".join(schema.names)
            if column not in schema.names:
                raise DataError(f"{table} has no column {column!r}; there are: {there}")
            kind = schema.field(column).type
            if not any(test(kind) for test in _text_types(types)):
                raise DataError(f"{table}: the column {column!r} holds {kind}, not text")
            taken = [name for name in COLUMNS if name in schema.names]
            if taken:
                raise DataError(
                    f"{table} has columns named {', '.join(taken)} already; rename them"
                )


def _text_types(types: Any) -> list[Any]:
    # A column of empty cells has the type null; a dictionary may contain text.
    names = ("is_string", "is_large_string", "is_string_view", "is_null", "is_dictionary")
    return [test for name in names if (test := getattr(types, name, None)) is not None]


def _start(workers: int | None, address: str | None) -> Any:
    # Before Ray is imported: it reports each start to its makers.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise UnavailableError(
            f"--engine ray needs Ray ({error}): pip install 'coqui-amharic-ext[ray]'"
        ) from error
    if address is not None:
        _require_reachable(address)
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "error"}
    if address is None:
        options |= {"num_cpus": workers, "include_dashboard": False}
    try:
        ray.init(address=address or "local", **options)
    except (ConnectionError, ValueError) as error:
        raise UnavailableError(f"no Ray cluster at {address!r}: {error}") from error
    context = ray.data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = sys.stderr.isatty()
    # Errors are raised and reported once; Ray would also print their traceback.
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    return ray


def _require_reachable(address: str) -> None:
    """Try the port first: Ray retries for seven minutes and then ends the process."""
    place = urlsplit(address if "://" in address else f"//{address}")
    try:
        host, port = place.hostname, place.port
    except ValueError as error:
        raise UnavailableError(f"{address!r} is no address of a Ray cluster: {error}") from error
    if host is None or port is None:
        return  # auto, local: Ray resolves them
    try:
        socket.create_connection((host, port), timeout=CONNECT_SECONDS).close()
    except OSError as error:
        raise UnavailableError(f"no Ray cluster at {address!r}: {error}") from error


def _run(
    ray: Any,
    kind: str,
    files: list[Path],
    part: Path,
    transcriber: Transcriber,
    workers: int | None,
    range_bytes: int,
) -> int:
    if kind == "parquet":
        corpus = ray.data.read_parquet([str(file) for file in files]).map_batches(
            _transcribe,
            batch_size=BATCH,
            concurrency=workers,
            fn_kwargs={"transcriber": transcriber},
        )
    else:
        ranges = list(_ranges(files, range_bytes))
        # One function reads and transcribes: with two, Ray would gather as many ranges as a batch
        # has texts, all in one worker.
        corpus = ray.data.from_items(ranges, override_num_blocks=max(1, len(ranges))).map_batches(
            _transcribe_range,
            batch_size=1,
            concurrency=workers,
            fn_kwargs={"kind": kind, "transcriber": transcriber},
        )
    try:
        corpus.write_parquet(str(part))
    except Exception as error:
        cause = _cause(error)
        if isinstance(cause, CoquiAmharicError):
            raise cause from error
        if isinstance(cause, OSError) and cause.errno is not None:
            raise explained(cause, part) from error
        raise
    part.mkdir(exist_ok=True)  # there were no rows
    return _count(part)


def _cause(error: BaseException) -> BaseException:
    """Return the exception of a worker, which Ray wraps several times."""
    seen: set[int] = set()
    while id(error) not in seen:
        seen.add(id(error))
        inner = getattr(error, "cause", None) or error.__cause__
        if not isinstance(inner, BaseException):
            break
        error = inner
    return error


def _count(folder: Path) -> int:
    from pyarrow import parquet

    return sum(parquet.ParquetFile(path).metadata.num_rows for path in folder.glob("*.parquet"))


def _ranges(files: Sequence[Path], size: int) -> Iterator[dict[str, Any]]:
    for file in files:
        total = file.stat().st_size
        for start in range(0, total, size):
            yield {"path": str(file), "start": start, "stop": min(start + size, total)}


def lines_between(path: str, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
    """Yield position and bytes of the lines that start in a range, without their ends."""
    with Path(path).open("rb") as stream:
        if start:
            stream.seek(start - 1)
            stream.readline()  # the rest of the line before
        while (position := stream.tell()) < stop:
            line = stream.readline()
            yield position, line.rstrip(b"\r\n")


def _decoded(path: str, start: int, stop: int) -> Iterator[tuple[int, str]]:
    for position, line in lines_between(path, start, stop):
        if position == 0:
            line = line.removeprefix(BOM)
        yield position, decode(line, f"{path}: the line at byte {position}")


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, list[Any]]]:
    while taken := list(islice(rows, BATCH)):
        names = dict.fromkeys(name for row in taken for name in row)
        yield {name: [row.get(name) for row in taken] for name in names}


def _json_row(path: str, position: int, line: str, column: str) -> dict[str, Any]:
    try:
        row = parsed(line)
    except ValueError as error:
        raise DataError(f"{path}: the line at byte {position} is not JSON: {error}") from None
    if not isinstance(row, dict) or not isinstance(row.get(column), str):
        raise DataError(
            f"{path}: the line at byte {position} has no text under {column!r}: {line[:60]!r}"
        )
    return row


def _transcribe_range(
    batch: dict[str, Any], kind: str, transcriber: Transcriber
) -> Iterator[dict[str, list[Any]]]:
    (path,), (start,), (stop,) = batch["path"], batch["start"], batch["stop"]
    column = transcriber.column
    lines = _decoded(str(path), int(start), int(stop))
    if kind == "text":
        rows: Iterator[dict[str, Any]] = ({column: text} for _, text in lines)
    else:
        rows = (_json_row(str(path), at, line, column) for at, line in lines if line.strip())
    for texts in _batches(rows):
        yield {**texts, **transcriber(texts)}


def _transcribe(batch: dict[str, Any], transcriber: Transcriber) -> Iterator[dict[str, Any]]:
    # A generator: of a plain function's exception, Ray keeps only the text.
    for number, text in enumerate(batch[transcriber.column]):
        if not isinstance(text, str):
            row = {name: values[number] for name, values in batch.items()}
            raise DataError(
                f"the text under {transcriber.column!r} is {type(text).__name__} in the row "
                f"{row!r:.200}; fill it in, or leave such rows out"
            )
    yield {**batch, **transcriber(batch)}
