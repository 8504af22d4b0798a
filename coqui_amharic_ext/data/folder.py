"""Folders that appear under their name only when they are whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from coqui_amharic_ext.data.findings import DataError
from coqui_amharic_ext.io.files import filling, naming, only_writer


def require_new(path: Path) -> None:
    """Refuse a folder that exists and holds something.

    Raises
    ------
    DataError
        Something is there already; nothing is ever overwritten.
    """
    if path.is_dir() and not any(path.iterdir()):
        return
    if path.exists() or path.is_symlink():
        raise DataError(f"{path} exists; give a new folder, so that nothing is overwritten")


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Give a folder beside ``path`` to fill; it becomes ``path`` when all is on the disk.

    On any error it is removed. A process that is killed leaves it under its hidden name
    ``.NAME.partial-...``, which nothing takes for a corpus, and which the next command that writes
    beside it removes.

    Raises
    ------
    DataError
        ``path`` exists and holds something.
    BusyError
        Another command fills it.
    OSError
        The disk is full or cannot be written to; the error names ``path``.
    """
    require_new(path)
    path = Path(os.path.abspath(path))
    with naming(path, path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    with only_writer(path), filling(path) as partial:
        yield partial
        _flush()
        try:
            # An empty folder gives way; one that someone filled meanwhile does not.
            os.rename(partial, path)
        except OSError:
            require_new(path)
            path.rmdir()
            os.rename(partial, path)


def _flush() -> None:
    if hasattr(os, "sync"):
        os.sync()
