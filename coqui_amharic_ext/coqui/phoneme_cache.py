"""Upstream's cache of tokens: Amharic is found by what was read, not by the clip's name.

Upstream names a file after the clip alone. Another corpus with a ``clip1``, a corrected text or a
changed lexicon is then trained with the old phones, in silence. Amharic text has a file named after
a digest of the text and of all that decides its tokens; files of the old kind are left alone and
not read. What upstream caches for other languages stays as it is.

A file that is cut off, or cannot be written, is no end: a kill or a full disk in the middle of
``np.save`` leaves a file that no later run can read, and the error names neither it nor the sample.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from coqui_amharic_ext.io.files import replacing

ENDING: Final = "_phoneme.npy"
logger = logging.getLogger("coqui_amharic_ext")
_told: set[str] = set()


def finding_by_what_was_read(original: Callable[..., Any]) -> Callable[..., Any]:
    """Return upstream's ``compute_or_load`` whose names tell what is inside, for Amharic."""

    def compute_or_load(self: Any, file_name: str, text: str, language: str) -> Any:
        import numpy as np

        name = _name(self.tokenizer, text, language)
        try:
            if name is None:
                return original(self, file_name, text, language)
            return np.load(_path(self, name))
        except (OSError, EOFError, ValueError) as error:
            # What the tokenizer itself raises, it raises here again.
            ids = self.tokenizer.text_to_ids(text, language=language)
            path = _path(self, name or file_name)
            if name is None or not isinstance(error, FileNotFoundError):
                _say_once(path, error)
            if name is not None:
                # A backend may have been put aside meanwhile: the name is of what has read it.
                path = _path(self, _name(self.tokenizer, text, language) or file_name)
            _write(path, ids)
            return ids

    return compute_or_load


def _path(samples: Any, name: str) -> Path:
    return Path(samples.cache_path) / f"{name}{ENDING}"


def _name(tokenizer: Any, text: str, language: str) -> str | None:
    """Return a digest of an Amharic text and what decides its tokens, ``None`` of another."""
    from coqui_amharic_ext.coqui.tokenizer import amharic_phonemizer, own_cleaner

    phonemizer = amharic_phonemizer(tokenizer, language)
    if phonemizer is None:
        return None
    decides = (
        text,
        language,
        phonemizer.identity(),
        own_cleaner(tokenizer),
        list(tokenizer.characters.vocab),
        tokenizer.add_blank,
        tokenizer.use_eos_bos,
    )
    return f"am-{hashlib.sha256(json.dumps(decides).encode()).hexdigest()[:40]}"


def _write(path: Path, ids: Any) -> None:
    import numpy as np

    try:
        with replacing(path) as partial, partial.open("wb") as file:
            np.save(file, ids)
    except OSError as error:
        _say_once(path, error)
        # Without room: no half of a file for the next run. What else is there stays.
        with suppress(OSError):
            path.unlink()


def _say_once(path: Path, error: Exception) -> None:
    if str(path.parent) in _told:
        return
    _told.add(str(path.parent))
    logger.warning(
        "phoneme_cache_path: %s cannot be used (%s: %s); such texts are read anew. Make room and "
        "let the folder be written to, or delete it",
        path,
        type(error).__name__,
        error,
    )
