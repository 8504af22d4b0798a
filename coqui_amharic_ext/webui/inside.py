"""Files that name other files: these must be inside the work folder, too."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, Final
from urllib.parse import unquote

from coqui_amharic_ext.data.findings import DataError
from coqui_amharic_ext.data.manifest import parts_of
from coqui_amharic_ext.data.metadata import read_all
from coqui_amharic_ext.io.jsontext import parsed
from coqui_amharic_ext.webui.workfolder import WorkFolder, WorkFolderError

METADATA: Final = (".csv", ".tsv", ".jsonl", ".txt")
_SEPARATOR: Final = re.compile(r"[|,\t]")
_PATHS: Final = re.compile(r"path|file|dir|folder|checkpoint|root|uri", re.IGNORECASE)
"""In the names of config values that upstream opens or writes to."""


def metadata_of(work: WorkFolder, given: str) -> tuple[Path, ...]:
    """Find the metadata files of a corpus folder, or of a metadata file."""
    found = work.inside(given, "corpus folder or metadata file")
    if not found.exists():
        raise DataError(f"{work.shown(found)} does not exist")
    if found.is_file() and found.suffix.lower() not in METADATA:
        raise DataError(f"{work.shown(found)} is not a metadata file ({', '.join(METADATA)})")
    return tuple(work.file(str(part.metadata), "metadata file") for part in parts_of(found))


def leads_out(name: str) -> bool:
    """Whether a name is absolute, an address or goes up, in any spelling."""
    for spelled in (name, unquote(name)):
        parts = PurePosixPath(spelled.replace("\\", "/")).parts
        if ".." in parts or parts[:1] in (("/",), ("//",)) or PureWindowsPath(spelled).drive:
            return True
        if "://" in spelled:
            return True
    return False


def require_audio_inside(work: WorkFolder, metadata: tuple[Path, ...]) -> None:
    """Refuse metadata that name audio outside the corpus, before any audio is read."""
    for read in read_all(metadata):
        folder = read.path.parent
        rows = {row.line: row.audio for row in read.rows}
        for line, audio in rows.items():
            within = audio.is_relative_to(folder) and not leads_out(str(audio.relative_to(folder)))
            if not within or not work.holds(audio):
                raise _outside(work, read.path, line, str(audio))
        # Upstream splits lines differently, and reads some that are left out here.
        text = read.path.read_text(encoding="utf-8-sig", errors="replace")
        for line, written in enumerate(text.split("\n"), start=1):
            names = _SEPARATOR.split(written)
            if line in rows:
                of_clip = (rows[line].name, rows[line].stem)
                names = names[:1] + [n for n in names if re.split(r"[\\/]", n)[-1] in of_clip]
            for name in names:
                if leads_out(name.strip()):
                    raise _outside(work, read.path, line, name.strip())


def _outside(work: WorkFolder, metadata: Path, line: int, name: str) -> DataError:
    return DataError(
        f"{work.shown(metadata)}:{line}: {name} is outside the work folder {work.root}, or its "
        "path is absolute or has ..; on the page a corpus names clips in its own folder"
    )


def require_config_inside(work: WorkFolder, path: Path, *, training: bool = False) -> None:
    """Refuse a checkpoint's config that names a file outside the work folder.

    In training, upstream also writes to what the config names. To speak it only opens files, and
    those of a config that was trained elsewhere are not here.
    """
    path = work.file(str(path), "checkpoint's config")
    try:
        config = parsed(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WorkFolderError(f"{work.shown(path)} cannot be read: {error}") from error
    for name, value in _strings(config):
        apart = "/" in value or "\\" in value
        opened = bool(_PATHS.search(name.rpartition(".")[2]))
        out = (apart or opened) and os.path.isfile(value) and not work.holds(Path(value))
        out |= opened and ("://" in value or "::" in value)
        if training and opened and apart:
            out |= ".." in Path(value.replace("\\", "/")).parts or not work.holds(Path(value))
        if out:
            raise WorkFolderError(
                f"{work.shown(path)}: {name} is {value}, which is outside the work folder "
                f"{work.root}; put a copy into the checkpoint's folder and name that"
            )


def _strings(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _strings(item, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item, name)


def require_links_inside(work: WorkFolder, folder: Path) -> None:
    """Refuse a folder that holds a link out of the work folder."""
    for path in folder.iterdir():
        work.inside(str(path), f"{work.shown(folder)}'s {path.name}")
