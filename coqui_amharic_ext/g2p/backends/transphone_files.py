"""Where a transphone model lies on this machine, and whether it was trained on Amharic.

Nothing here imports transphone or torch, so that the state can be told cheaply; nothing here or in
the backend downloads. A data folder has transphone's own layout::

    exp/<name>.yml
    model/<name>/model.pt            (or model_<score>.pt, of which the lowest score is taken)
    model/<name>/grapheme.vocab
    model/<name>/phoneme.vocab
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

PUBLISHED: Final = "042801_base"
LANGUAGE: Final = "amh"
BROKEN_FIX: Final = "fetch the model again: coqui-amharic doctor --fetch transphone"
_TAG_SIZE: Final = 5  # "<amh>"


class MissingModel(LookupError):
    """No usable model; ``args`` are the reason and the fix."""

    @property
    def reason(self) -> str:
        """What is missing."""
        return str(self.args[0])

    @property
    def fix(self) -> str:
        """What to do about it."""
        return str(self.args[1])


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The files of one transphone model."""

    name: str
    config: Path
    checkpoint: Path
    graphemes: Path
    phonemes: Path

    def supervised_languages(self) -> tuple[str, ...]:
        """Return the languages the model was trained on: its vocabulary has a tag for each.

        Raises
        ------
        MissingModel
            The vocabulary cannot be read or is no text.
        """
        try:
            lines = self.graphemes.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise MissingModel(f"{self.graphemes} cannot be read: {error}", BROKEN_FIX) from error
        words = (line.strip() for line in lines[2:])
        return tuple(w[1:-1] for w in words if len(w) == _TAG_SIZE and w[0] + w[-1] == "<>")


def package_data() -> Path | None:
    """Return the data folder that transphone itself would use, or None if it is not installed."""
    config = sys.modules.get("transphone.config")
    if config is not None:
        return Path(config.TransphoneConfig.data_path)
    spec = find_spec("transphone")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations))) / "data"


def locate(directory: str | None) -> ModelFiles:
    """Find the model in ``directory``, or where transphone itself keeps it.

    Parameters
    ----------
    directory : str or None
        ``Settings.transphone_dir``: a data folder, or a folder with a ``transphone`` data folder.

    Raises
    ------
    MissingModel
        There is none, or files of it are missing.
    """
    installed = package_data()
    candidates = _data_folders(directory, installed)
    for data in candidates:
        folder = data / "model"
        if folder.exists() and not os.access(folder, os.R_OK | os.X_OK):
            raise MissingModel(f"{folder} cannot be read: permission denied", _fix(data))
        names = _model_names(data)
        if names:
            return _complete(data, names[0], installed)
    looked = " or ".join(str(data / "model") for data in candidates) or "any folder"
    raise MissingModel(f"no model in {looked}", _fix(candidates[0] if candidates else None))


def _data_folders(directory: str | None, installed: Path | None) -> list[Path]:
    if directory is not None:
        given = Path(directory).expanduser()
        return [given, given / "transphone", given / "transphone" / "data"]
    return [] if installed is None else [installed]


def _model_names(data: Path) -> list[str]:
    """Names of the folders that hold a grapheme vocabulary, the published model's first."""
    found = sorted(path.parent.name for path in data.glob("model/*/grapheme.vocab"))
    return sorted(found, key=lambda name: name != PUBLISHED)


def _complete(data: Path, name: str, installed: Path | None) -> ModelFiles:
    folder = data / "model" / name
    config = data / "exp" / f"{name}.yml"
    if not config.is_file() and installed is not None:
        config = installed / "exp" / f"{name}.yml"
    checkpoint = folder / "model.pt"
    if not checkpoint.is_file():
        scored = sorted(folder.glob("model_*.pt"), key=_score)
        checkpoint = scored[0] if scored else checkpoint
    result = ModelFiles(
        name, config, checkpoint, folder / "grapheme.vocab", folder / "phoneme.vocab"
    )
    needed = (result.config, result.checkpoint, result.graphemes, result.phonemes)
    missing = [str(path) for path in needed if not path.is_file()]
    if missing:
        raise MissingModel(f"the model {name} lacks {', '.join(missing)}", _fix(data))
    return result


def _score(path: Path) -> float:
    try:
        return float(path.stem.split("_")[1])
    except ValueError:
        return float("inf")


def _fix(data: Path | None) -> str:
    where = f"{data}" if data is not None else "a folder of yours"
    return (
        "run coqui-amharic doctor --fetch transphone; or unpack transphone's model "
        f"{PUBLISHED} into {where}/model/{PUBLISHED} "
        "(model.pt, grapheme.vocab, phoneme.vocab), or set transphone_dir "
        "(COQUI_AMHARIC_TRANSPHONE_DIR) to a folder that has model/ and exp/; "
        "nothing is downloaded on its own"
    )
