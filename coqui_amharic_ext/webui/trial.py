"""A trial with nothing at hand: the bundled corpus and a model that trains in a minute."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from coqui_amharic_ext.demo.files import unpack_corpus
from coqui_amharic_ext.webui.workfolder import WorkFolder

BUNDLED: Final = "bundled-corpus"


def bundled_corpus(work: WorkFolder) -> Path:
    """Put the bundled corpus into the work folder, if it is not there; return its folder."""
    folder = work.root / BUNDLED
    if folder.exists():
        return work.folder(BUNDLED, "bundled corpus")
    partial = work.root / f".{BUNDLED}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    unpack_corpus(partial).rename(folder)
    return folder


def tiny_values() -> str:
    """Return config values that make the VITS recipe small enough for a CPU."""
    from coqui_amharic_ext.demo.run import TINY_VITS

    return "\n".join(f"{name} = {value}" for name, value in TINY_VITS.items())
