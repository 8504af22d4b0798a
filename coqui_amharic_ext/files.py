"""Files that appear under their name only when they are whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def require_folder(path: Path) -> None:
    """Raise ``FileNotFoundError`` if the folder that a file is to be written to does not exist."""
    if not path.parent.is_dir():
        raise FileNotFoundError(f"the folder {path.parent} of {path.name} does not exist")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a file beside ``path`` to write to; it replaces ``path`` once it is on the disk.

    On any error the new file goes and ``path`` stays as it was.
    """
    # The dot keeps it out of the trainer's globs for checkpoint_* and *.pth.
    partial = path.with_name(f".{path.name}.partial")
    try:
        yield partial
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
