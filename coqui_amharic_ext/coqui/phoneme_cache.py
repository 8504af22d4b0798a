"""Upstream's cache of tokens on the disk: a file that is cut off, or cannot be written, is no end.

A kill or a full disk in the middle of ``np.save`` leaves a file that no later run can read, and the
error names neither it nor the sample.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from coqui_amharic_ext.files import replacing

ENDING: Final = "_phoneme.npy"
logger = logging.getLogger("coqui_amharic_ext")
_told: set[str] = set()


def computing_where_the_cache_fails(original: Callable[..., Any]) -> Callable[..., Any]:
    """Return upstream's ``compute_or_load`` that computes what its cache cannot give."""

    def compute_or_load(self: Any, file_name: str, text: str, language: str) -> Any:
        try:
            return original(self, file_name, text, language)
        except (OSError, EOFError, ValueError) as error:
            # What the tokenizer itself raises, it raises here again.
            ids = self.tokenizer.text_to_ids(text, language=language)
            path = Path(self.cache_path) / f"{file_name}{ENDING}"
            _say_once(path.parent, path, error)
            _write(path, ids)
            return ids

    return compute_or_load


def _write(path: Path, ids: Any) -> None:
    import numpy as np

    try:
        with replacing(path) as partial, partial.open("wb") as file:
            np.save(file, ids)
    except OSError:
        # Without room: no half of a file for the next run. What else is there stays.
        with suppress(OSError):
            path.unlink()


def _say_once(folder: Path, path: Path, error: Exception) -> None:
    if str(folder) in _told:
        return
    _told.add(str(folder))
    logger.warning(
        "phoneme_cache_path: %s cannot be used (%s: %s); such texts are read anew. Make room and "
        "let the folder be written to, or delete it",
        path,
        type(error).__name__,
        error,
    )
