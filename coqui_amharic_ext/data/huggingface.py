"""Hugging Face data sets on disk: folders that ``datasets`` saved, Parquet and Arrow files."""

from __future__ import annotations

import glob
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from coqui_amharic_ext.data.audio import AudioError, load_mono, to_mono
from coqui_amharic_ext.data.findings import DataError
from coqui_amharic_ext.data.languages import language_code
from coqui_amharic_ext.data.named import LANGUAGE_COLUMNS, SPEAKER_COLUMNS, TEXT_COLUMNS
from coqui_amharic_ext.data.source import Source, SourceClip
from coqui_amharic_ext.errors import UnavailableError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BATCH_ROWS: Final = 32
"""Rows read at once; each contains its clip's bytes."""

LOUDEST_FLOAT: Final = 2.0
"""Floats above this are integers that were saved as floats; clipped audio is a little over 1."""


def open_tables(
    path: Path,
    tables: list[Path],
    split: str | None,
    text_column: str | None,
    audio_column: str | None,
) -> Source:
    """Open the Parquet and Arrow files of a data set.

    Parameters
    ----------
    path : Path
        The path that the user gave; file names of clips are relative to it.
    tables : list of Path
        The files, in order.
    split : str, optional
        Only files in a folder of this name, or whose own name begins with it.
    text_column, audio_column : str, optional
        Needed where the columns cannot be told by name or type.

    Raises
    ------
    UnavailableError
        The datasets library is not installed.
    DataError
        A file cannot be read, or a column is missing or ambiguous.
    """
    _library()
    root = path if path.is_dir() else path.parent
    if split is not None:
        chosen = [p for p in tables if _split_of(p, root) == split]
        if not chosen:
            there = ", ".join(dict.fromkeys(filter(None, (_split_of(p, root) for p in tables))))
            raise DataError(f"{path} has no split {split!r}; it has {there or 'no splits'}")
        tables = chosen
    opened = [_Table(p, root, text_column, audio_column) for p in tables]
    rows = [table.rows for table in opened]
    return Source(
        lambda: (clip for table in opened for clip in table.clips()), sum(rows) if all(rows) else 0
    )


def _library() -> Any:
    # Before the library is imported: it reports each use of a reader to its makers.
    os.environ.setdefault("HF_UPDATE_DOWNLOAD_COUNTS", "0")
    try:
        import datasets
    except ImportError as error:
        raise UnavailableError(
            f"Hugging Face data sets need the datasets library ({error}): "
            'pip install "coqui-amharic-ext[datasets]"'
        ) from None
    # It would print each error that is raised below.
    datasets.logging.set_verbosity(datasets.logging.CRITICAL)
    return datasets


def _split_of(table: Path, root: Path) -> str:
    """Return a file's split: ``data/train-00000-of-00002.parquet`` or ``train/data-....arrow``."""
    name = table.stem.split("-")[0].split(".")[0]
    if name not in ("data", "part", "dataset") or table.parent == root:
        return name
    return table.parent.name


class _Table:
    """One file of a data set."""

    def __init__(
        self, path: Path, root: Path, text_column: str | None, audio_column: str | None
    ) -> None:
        self._path = path
        self._root = root
        self._rows, self.rows = self._open()
        self._features = self._rows.features
        names = list(self._features)
        self._audio = self._pick("audio", audio_column, self._audio_columns(), names)
        candidates = [name for name in TEXT_COLUMNS if name in names]
        # Several text columns are usual (raw and normalised), in order of preference.
        self._text = self._pick("text", text_column, candidates[:1], names)
        self._speaker = next((n for n in SPEAKER_COLUMNS if n in names), None)
        self._language = next((n for n in LANGUAGE_COLUMNS if n in names), None)
        self._wanted = [
            n for n in (self._audio, self._text, self._speaker, self._language) if n is not None
        ]

    def _open(self) -> tuple[Any, int]:
        """Return the rows as Arrow tables, and their number, 0 if only reading would tell."""
        datasets = _library()
        is_parquet = self._path.suffix.lower() == ".parquet"
        options = {"batch_size": BATCH_ROWS} if is_parquet else {}
        try:
            # Streaming reads in place; nothing but a lock goes to the cache.
            with tempfile.TemporaryDirectory() as cache:
                rows = datasets.load_dataset(
                    "parquet" if is_parquet else "arrow",
                    data_files=glob.escape(str(self._path.resolve())),
                    split="train",
                    streaming=True,
                    cache_dir=cache,
                    **options,
                )
            if not is_parquet:
                return rows, 0
            from pyarrow import parquet

            return rows, int(parquet.read_metadata(self._path).num_rows)
        except Exception as error:  # the library raises errors of Arrow, fsspec and its own
            raise DataError(f"{self._path} cannot be read: {error}") from error

    def _audio_columns(self) -> list[str]:
        audio = _library().Audio
        typed = [n for n, feature in self._features.items() if isinstance(feature, audio)]
        if typed:
            return typed
        structs = [
            name
            for name, feature in self._features.items()
            if isinstance(feature, dict) and feature.keys() & {"bytes", "array"}
        ]
        return structs or [n for n in ("audio", "file", "path") if n in self._features]

    def _pick(self, what: str, given: str | None, candidates: list[str], names: list[str]) -> str:
        if given is not None:
            if given not in names:
                raise DataError(f"{self._path} has no column {given!r}; it has {', '.join(names)}")
            return given
        if len(candidates) != 1:
            found = f"could be {', '.join(candidates)}" if candidates else "cannot be told"
            raise DataError(
                f"{self._path}: the column with the {what} {found}; it has {', '.join(names)}. "
                f"Name it: --{what}-column"
            )
        return candidates[0]

    def clips(self) -> Iterator[SourceClip]:
        """Yield every row; a row's audio is decoded when it is asked for."""
        number = 0
        rows = self._rows.select_columns(self._wanted).with_format("arrow")
        batches = rows.iter(batch_size=BATCH_ROWS)
        while True:
            try:
                batch = next(batches, None)
            except Exception as error:  # as in _open
                raise DataError(
                    f"{self._path}: cannot be read after row {number}: {error}"
                ) from error
            if batch is None:
                return
            for index in range(batch.num_rows):
                number += 1
                yield self._clip(number, {n: batch.column(n)[index] for n in self._wanted})

    def _clip(self, number: int, scalars: dict[str, Any]) -> SourceClip:
        place = f"{self._path}: row {number}"
        named = f"{_split_of(self._path, self._root)}_{number:06d}"
        try:
            # Arrow validates a text's bytes only here, so one row can be bad and the next good.
            row = {name: scalar.as_py() for name, scalar in scalars.items()}
            text = _text(row[self._text], self._text)
            speaker = self._label(self._speaker, row)
            language = language_code(self._label(self._language, row))
        except UnicodeDecodeError:
            return _bad(place, named, AudioError("a text of it is not UTF-8"))
        except AudioError as error:
            return _bad(place, named, error)
        audio = row[self._audio]
        path = audio.get("path") if isinstance(audio, dict) else audio
        return SourceClip(
            place=place,
            name=(Path(path).stem if isinstance(path, str) else "") or named,
            text=text,
            speaker=speaker,
            language=language,
            written="",
            split="",
            load=self._loader(audio),
        )

    def _label(self, column: str | None, row: dict[str, Any]) -> str:
        """Return a field as text; class labels are stored as numbers."""
        if column is None:
            return ""
        value = row[column]
        names = getattr(self._features[column], "names", None)
        if isinstance(value, int) and names and 0 <= value < len(names):
            return str(names[value])
        return (str(value) if isinstance(value, (int, float)) else _text(value, column)).strip()

    def _loader(self, audio: Any) -> Callable[[int], NDArray[np.float32]]:
        root = self._root

        def load(rate: int) -> NDArray[np.float32]:
            if isinstance(audio, str):
                return _load_named(root, audio, rate)
            if isinstance(audio, bytes):
                return load_mono(audio, rate)
            if not isinstance(audio, dict):
                raise AudioError("it has no audio")
            if isinstance(audio.get("bytes"), bytes) and audio["bytes"]:
                return load_mono(audio["bytes"], rate)
            if audio.get("array") is not None:
                return _from_array(audio, rate)
            if isinstance(audio.get("path"), str) and audio["path"]:
                return _load_named(root, audio["path"], rate)
            raise AudioError("it has no audio: neither bytes nor a path")

        return load


def _bad(place: str, name: str, error: AudioError) -> SourceClip:
    """Return a clip that raises its error when it is loaded."""

    def load(rate: int) -> NDArray[np.float32]:
        raise error

    return SourceClip(place, name, "?", "", "", "", "", load)


def _text(value: object, what: str) -> str:
    """Return a cell as text, which some keep as UTF-8 bytes.

    Raises
    ------
    AudioError
        It is none.
    """
    if isinstance(value, bytes):
        try:
            value = value.decode("utf-8")
        except UnicodeDecodeError:
            raise AudioError(f"its {what} is bytes that are not UTF-8") from None
    if value is None:
        return ""
    if not isinstance(value, str):
        raise AudioError(f"its {what} is no text but of the type {type(value).__name__}")
    return value


def _from_array(audio: dict[str, Any], rate: int) -> NDArray[np.float32]:
    import numpy as np

    try:
        samples = np.asarray(audio["array"])
    except ValueError:
        samples = np.empty(0, dtype=object)
    if samples.dtype.kind not in "iuf" or samples.ndim not in (1, 2):
        raise AudioError("its array is not one list of numbers for each channel")
    found = audio.get("sampling_rate")
    if not isinstance(found, int):
        raise AudioError(f"its sampling_rate is {found!r}")
    if samples.dtype.kind in "iu":
        # to_pylist has lost how wide they were.
        peak = int(np.max(np.abs(samples.astype(np.int64)), initial=0))
        samples = samples / (2**15 if peak <= 2**15 else 2**31)
    elif float(np.max(np.abs(samples), initial=0.0)) > LOUDEST_FLOAT:
        raise AudioError("its array is not within -1 and 1")
    if samples.ndim == 1:
        samples = samples[:, None]
    # Some have (channels, samples); no clip has more channels than samples.
    elif samples.shape[0] < samples.shape[1]:
        samples = samples.T
    return to_mono(samples.astype(np.float32), found, rate)


def _load_named(root: Path, name: str, rate: int) -> NDArray[np.float32]:
    path = Path(name)
    path = path if path.is_absolute() else root / path
    try:
        return load_mono(path, rate)
    except AudioError as error:
        raise AudioError(f"{path}: {error}") from error
