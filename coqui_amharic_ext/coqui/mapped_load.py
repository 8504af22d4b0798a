"""Loading of checkpoints by memory mapping, so that unused parts are not read.

A trainer's checkpoint is three times the size of its model: the rest is the optimizer's state.
PyTorch maps the places where the parts of a file should be without a check: it takes a compressed
part, or a truncated part and the bytes after it, for weights. Such files are read as a whole.
"""

from __future__ import annotations

import functools
import logging
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from coqui_amharic_ext.errors import CoquiAmharicError

logger = logging.getLogger(__name__)


class NotMappedError(CoquiAmharicError, ValueError):
    """A file cannot be mapped; the message says why."""


def load_mapped(path: str | Path) -> Any:
    """Load a file of ``torch.save``; its tensors are mapped and read when they are used.

    Raises
    ------
    NotMappedError
        The file is not PyTorch's zip, or its parts are not stored as they are in memory.
    """
    import torch

    stored = sorted(_sizes(path))
    mapped: list[int] = []

    def note(storage: Any, location: str) -> Any:
        mapped.append(storage.nbytes())
        return storage

    document = torch.load(path, map_location=note, weights_only=True, mmap=True)
    if sorted(mapped) != stored:
        raise NotMappedError(f"the parts of {path} are not as large as its tensors")
    return document


def _sizes(path: str | Path) -> list[int]:
    """Return the sizes of the parts that hold tensors."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except zipfile.BadZipFile as error:
        raise NotMappedError(f"{path} is not PyTorch's zip: {error}") from error
    packed = [p.filename for p in parts if p.compress_type != zipfile.ZIP_STORED or p.flag_bits & 1]
    if packed:
        raise NotMappedError(f"{packed[0]} in {path} is compressed or encrypted")
    return [part.file_size for part in parts if part.filename.split("/")[1:2] == ["data"]]


def mapping_local_files(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap the trainer's ``load_fsspec`` to map local files; others are left to the original."""

    @functools.wraps(original)
    def load_fsspec(path: Any, map_location: Any = None, **kwargs: Any) -> Any:
        plain = set(kwargs) <= {"cache"} and _is_cpu(map_location)
        if plain and isinstance(path, (str, os.PathLike)) and Path(path).is_file():
            try:
                return load_mapped(Path(path))
            # PyTorch raises the latter two on file systems that cannot map.
            except (NotMappedError, RuntimeError, OSError) as error:
                logger.debug("%s is read as a whole: %s", path, error)
        return original(path, map_location, **kwargs)

    return load_fsspec


def _is_cpu(location: Any) -> bool:
    import torch

    return isinstance(location, (str, torch.device)) and torch.device(location).type == "cpu"
