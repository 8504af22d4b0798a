"""The folder of the page's uploads: private, and removed even after a page that was killed."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from coqui_amharic_ext.io.locks import Held, hold

PREFIX: Final = "coqui-amharic-webui-"


@contextmanager
def uploads_folder() -> Iterator[Path]:
    """Make a temporary folder, and remove those of pages that no longer run."""
    _remove_stale()
    folder, held = _held_folder()
    with folder as name:
        try:
            yield Path(name)
        finally:
            if held is not None:
                held.close()


def _held_folder() -> tuple[tempfile.TemporaryDirectory[str], Held | None]:
    while True:
        folder = tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True)
        try:
            held = hold(Path(folder.name))
        except FileNotFoundError:
            held = None
        except OSError:  # without locks nobody takes it for stale
            return folder, None
        if held is not None:
            return folder, held
        folder.cleanup()  # another page, which starts at the same time, takes it for stale


def _remove_stale() -> None:
    with suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            if not entry.name.startswith(PREFIX) or not entry.is_dir(follow_symlinks=False):
                continue
            with suppress(OSError):
                if hasattr(os, "getuid") and entry.stat().st_uid != os.getuid():
                    continue
                held = hold(Path(entry.path))
                if held is not None:
                    shutil.rmtree(entry.path, ignore_errors=True)
                    held.close()
