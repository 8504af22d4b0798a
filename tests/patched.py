"""Whether the upstream that tests run on carries the diffs of ``patches/``."""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "patches"
MARKER = "patched-upstream.txt"


@functools.lru_cache(maxsize=1)
def carried() -> tuple[str, ...]:
    """Return the diffs in the installed upstream, none for a stock one; imports nothing of it."""
    found = importlib.util.find_spec("TTS")
    if found is None or found.origin is None:
        return ()
    marker = Path(found.origin).parents[1] / MARKER
    return tuple(marker.read_text(encoding="utf-8").split()) if marker.is_file() else ()


stock_only = pytest.mark.skipif(
    bool(carried()), reason="about stock upstream's source; the installed one carries patches/"
)
ours_by_default = pytest.mark.skipif(
    bool(carried()), reason="with default settings an upstream that packs by itself is left alone"
)
patched_only = pytest.mark.skipif(
    not carried(), reason="needs upstream with patches/ applied: tox -e patches"
)

IN_PLACE = {"applied", "upstream has it"} if carried() else {"applied"}
"""States of a patch whose change is in force."""
