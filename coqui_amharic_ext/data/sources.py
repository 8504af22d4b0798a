"""Find out what an import reads: metadata files with audio, or Hugging Face data sets."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from coqui_amharic_ext.data import unnamed
from coqui_amharic_ext.data.audio import AudioError, load_mono
from coqui_amharic_ext.data.decoding import first_line, read_lines
from coqui_amharic_ext.data.findings import DataError
from coqui_amharic_ext.data.huggingface import open_tables
from coqui_amharic_ext.data.manifest import find_parts
from coqui_amharic_ext.data.metadata import COMMON_VOICE_FILES, read_metadata
from coqui_amharic_ext.data.rows import Row
from coqui_amharic_ext.data.source import Source, SourceClip

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

METADATA_NAMES: Final = ("metadata.csv", "metadata.jsonl", *COMMON_VOICE_FILES, "manifest.json")
OTHER_NAMES: Final = (
    *("metadata.tsv", "metadata.txt", "line_index.tsv", "transcripts.txt"),
    *("manifest.jsonl", "train_manifest.json", "train_manifest.jsonl"),
)
SPLITS: Final = ("train.tsv", "dev.tsv", "test.tsv")
_OF_NEMO: Final = re.compile(r"(train|dev|val|valid|validation|test)_manifest\.jsonl?")
TABLES: Final = (".parquet", ".arrow")


def open_source(
    path: Path,
    *,
    layout: str = "auto",
    split: str | None = None,
    text_column: str | None = None,
    audio_column: str | None = None,
) -> Source:
    """Recognise and open the source at a path.

    Parameters
    ----------
    path : Path
        A metadata file, a ``.parquet`` or ``.arrow`` file, or a folder with either.
    layout : str
        As in ``read_metadata``, for metadata files.
    split, text_column, audio_column : str, optional
        For Hugging Face data sets; ``split`` also for Common Voice's tables.

    Raises
    ------
    DataError
        There is nothing to import, or it cannot be read.
    UnavailableError
        It is a Hugging Face data set, and the datasets library is not installed.
    """
    if not path.exists():
        raise DataError(f"{path} does not exist")
    tables = _tables(path)
    if tables:
        if layout != "auto":
            raise DataError(f"layout={layout!r} is for metadata files; {tables[0]} is a table")
        return open_tables(path, tables, split, text_column, audio_column)
    if text_column or audio_column:
        raise DataError("text_column and audio_column are for Hugging Face data sets")
    return _from_metadata(_metadata_files(path, split), layout)


def _tables(path: Path) -> list[Path]:
    if path.is_file():
        return [path] if path.suffix.lower() in TABLES else []
    found = (p for p in path.rglob("*") if p.suffix.lower() in TABLES and p.is_file())
    # Hidden folders and caches of the datasets library contain copies.
    return sorted(p for p in found if not _is_copy(p.relative_to(path)))


def _is_copy(path: Path) -> bool:
    return path.name.startswith("cache-") or any(part.startswith(".") for part in path.parts)


def _metadata_files(path: Path, split: str | None) -> list[Path]:
    if path.is_file():
        if split is not None:
            raise DataError(f"split={split!r} is for a folder; {path} is one file already")
        return [path]
    if split is not None:
        candidates = [path / f"{split}.tsv", *(path / split / name for name in METADATA_NAMES[:2])]
    elif parts := find_parts(path):
        return [part.metadata for part in parts]
    else:
        candidates = [path / name for name in (*METADATA_NAMES, *OTHER_NAMES)]
        candidates += sorted(p for name in METADATA_NAMES[:2] for p in path.glob(f"*/{name}"))
    found = [p for p in candidates if p.is_file()]
    if not found:
        raise DataError(
            f"{path} has nothing to import: neither {', '.join(METADATA_NAMES)} nor "
            f"{' or '.join(TABLES)} files" + (f" of the split {split!r}" if split else "")
        )
    if found[0].parent != path:  # an audiofolder's splits are separate
        return found
    if _OF_NEMO.fullmatch(found[0].name):
        return sorted(p for p in path.iterdir() if _OF_NEMO.fullmatch(p.name))
    # One of Common Voice's tables contains the others; FLEURS's are separate.
    if (
        split is None
        and found[0].name == SPLITS[0]
        and unnamed.is_fleurs(first_line(read_lines(found[0])[0]))
    ):
        return [path / name for name in SPLITS if (path / name).is_file()]
    return found[:1]


def _from_metadata(paths: list[Path], layout: str) -> Source:
    read = [read_metadata(path, layout) for path in paths]
    # Findings about upstream's formatter do not matter here.
    defects = tuple(
        f"{f.place}: {f.message}" for one in read for f in one.findings if f.kind == "columns"
    )

    rows, repeated = _once(row for one in read for row in one.rows)

    def clips() -> Iterator[SourceClip]:
        for row in rows:
            yield SourceClip(
                place=row.place,
                name=row.audio.stem,
                # A row in LJSpeech's layout may lack the normalised text.
                text=row.text if row.text.strip() else row.written,
                speaker=row.speaker,
                language=row.language,
                written=row.written,
                split=row.split,
                load=_file_loader(row.audio),
            )

    return Source(clips, len(rows), defects, repeated)


def _once(rows: Iterable[Row]) -> tuple[list[Row], tuple[str, ...]]:
    """Return the rows without those that another one repeats, and messages about these.

    A file has many names: ``x``, ``./x`` and ``wavs/x.wav`` are one clip.
    """
    seen: dict[tuple[str, str], Row] = {}
    once: list[Row] = []
    repeated: list[str] = []
    for row in rows:
        first = seen.setdefault((os.path.normpath(row.audio), row.text.strip()), row)
        if first is row:
            once.append(row)
        else:
            repeated.append(f"{row.place}: the same file and text as {first.place}")
    return once, tuple(repeated)


def _file_loader(path: Path) -> Callable[[int], NDArray[np.float32]]:
    def load(rate: int) -> NDArray[np.float32]:
        try:
            return load_mono(path, rate)
        except AudioError as error:
            raise AudioError(f"{path}: {error}") from error

    return load
