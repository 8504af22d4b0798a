"""Upstream's cache of tokens, keyed for Amharic by the text instead of the clip's name.

Upstream names a file after the clip alone. Another corpus with a ``clip1``, a corrected text or a
changed lexicon then silently trains on stale phones. For Amharic the file name is a digest of the
text and of everything that determines its tokens; files with upstream's names are neither read nor
changed. Other languages use upstream's names.

A truncated or unwritable file does not stop training: a kill or a full disk during ``np.save``
leaves a file that no later run can read, and upstream's error names neither the file nor the
sample.
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
_warned: set[str] = set()


def keyed_by_text(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap upstream's ``compute_or_load`` to name Amharic files after their content."""

    def compute_or_load(self: Any, file_name: str, text: str, language: str) -> Any:
        import numpy as np

        name = _name(self.tokenizer, text, language)
        try:
            if name is None:
                return original(self, file_name, text, language)
            return np.load(_path(self, name))
        except (OSError, EOFError, ValueError) as error:
            # An error of the tokenizer itself is raised here again.
            ids = self.tokenizer.text_to_ids(text, language=language)
            path = _path(self, name or file_name)
            if name is None or not isinstance(error, FileNotFoundError):
                _say_once(path, error)
            if name is not None:
                # A backend may have been disabled meanwhile: the name follows those that read it.
                path = _path(self, _name(self.tokenizer, text, language) or file_name)
            _write(path, ids)
            return ids

    return compute_or_load


def _path(samples: Any, name: str) -> Path:
    return Path(samples.cache_path) / f"{name}{ENDING}"


def _name(tokenizer: Any, text: str, language: str) -> str | None:
    """Return a digest of an Amharic text and all that determines its tokens, else ``None``."""
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
        # The disk is full: leave no truncated file for the next run.
        with suppress(OSError):
            path.unlink()


def _say_once(path: Path, error: Exception) -> None:
    if str(path.parent) in _warned:
        return
    _warned.add(str(path.parent))
    logger.warning(
        "phoneme_cache_path: %s cannot be used (%s: %s); such texts are transcribed again. Make "
        "room and make the folder writable, or delete it",
        path,
        type(error).__name__,
        error,
    )
