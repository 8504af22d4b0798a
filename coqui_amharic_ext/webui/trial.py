"""A first trial: the bundled corpus and an XTTS GPT that trains in minutes."""

from __future__ import annotations

import json
import shutil
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from coqui_amharic_ext.demo import tiny
from coqui_amharic_ext.demo.files import unpack_corpus
from coqui_amharic_ext.demo.process import python, run_logged
from coqui_amharic_ext.webui.workfolder import WorkFolder

BUNDLED: Final = "bundled-corpus"
ASSETS: Final = "trial-assets"
EPOCHS: Final = 20
_FILES: Final = {"vocab": "vocab.json", "dvae": "dvae.pth", "mel_stats": "mel_stats.pth"}

_lock = threading.Lock()


def bundled_corpus(work: WorkFolder) -> Path:
    """Put the bundled corpus into the work folder, if it is not there; return its folder."""
    return _made(work, BUNDLED, unpack_corpus)


def trial_assets(work: WorkFolder) -> dict[str, str]:
    """Make the tiny files that the XTTS recipe asks for; return the fields of the form."""

    def make(folder: Path) -> None:
        folder.mkdir()
        # A separate process gives back the memory that torch takes.
        run_logged(python("-m", __name__, str(folder)), folder / "made.log")

    folder = _made(work, ASSETS, make)
    values = json.loads((folder / "values.json").read_text(encoding="utf-8"))
    fields = {field: f"{ASSETS}/{name}" for field, name in _FILES.items()}
    return fields | {"values": "\n".join(f"{name} = {value}" for name, value in values.items())}


def _made(work: WorkFolder, name: str, make: Callable[[Path], object]) -> Path:
    """Make a folder of the work folder, whole or not at all."""
    with _lock:
        if not (work.root / name).exists():
            partial = work.root / f".{name}.partial"
            shutil.rmtree(partial, ignore_errors=True)
            make(partial)
            partial.rename(work.root / name)
        return work.folder(name, "trial's folder")


def main(folder: Path) -> None:
    """Write the files into a folder."""
    from coqui_amharic_ext.demo.run import TINY_XTTS

    tiny.write_vocab(folder / _FILES["vocab"])
    tiny.write_dvae(folder / _FILES["dvae"])
    tiny.write_mel_norms(folder / _FILES["mel_stats"])
    values = TINY_XTTS | {"epochs": str(EPOCHS), "plot_step": "1"}
    for name, value in tiny.gpt_args_overrides().items():
        values[f"model_args.{name}"] = str(value).lower() if isinstance(value, bool) else str(value)
    (folder / "values.json").write_text(json.dumps(values), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
