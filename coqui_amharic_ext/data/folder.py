"""Folders that get their name when they are complete."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from coqui_amharic_ext.data.findings import DataError
from coqui_amharic_ext.io.files import filling, naming, only_writer


def require_new(path: Path) -> None:
    """Refuse a folder that exists and is not empty.

    Raises
    ------
    DataError
        The folder is not empty; nothing is ever overwritten.
    """
    if path.is_dir() and not any(path.iterdir()):
        return
    if path.exists() or path.is_symlink():
        raise DataError(f"{path} exists; give a new folder, so that nothing is overwritten")


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Yield a folder beside ``path`` to fill; it becomes ``path`` when everything is on the disk.

    On any error it is removed. A killed process leaves it under its hidden name
    ``.NAME.partial-...``, which no command reads as a corpus, and which the next command that
    writes there removes.

    Raises
    ------
    DataError
        ``path`` exists and is not empty.
    BusyError
        Another command is filling it.
    OSError
        The disk is full or read-only; the error names ``path``.
    """
    require_new(path)
    path = Path(os.path.abspath(path))
    with naming(path, path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    with only_writer(path), filling(path) as partial:
        yield partial
        _flush()
        try:
            # An empty folder is replaced; one that was filled meanwhile is not.
            os.rename(partial, path)
        except OSError:
            require_new(path)
            path.rmdir()
            os.rename(partial, path)


def _flush() -> None:
    if hasattr(os, "sync"):
        os.sync()
