"""What a training run keeps of its settings in its folder, for ``--continue_path`` to take.

Upstream's ``config.json`` holds config values alone. A run that goes on without the precision, the
recomputation or the lexicon that it began with is another run, or has no room on its GPU.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from coqui_amharic_ext.errors import SettingsError
from coqui_amharic_ext.io.files import replacing
from coqui_amharic_ext.io.jsontext import parsed

FILE: Final = "coqui_amharic.json"
LEXICON: Final = "lexicon.tsv"
_LEXICON_VARIABLE: Final = "COQUI_AMHARIC_LEXICON"
_FOLDER_VARIABLE: Final = "COQUI_AMHARIC_TRANSPHONE_DIR"
_OPTION: Final = "--continue_path"


def continued() -> Path | None:
    """Return the run that this process's command line says to go on with, as the trainer reads it.

    It is asked before the trainer is there: patches are chosen, and texts read, by the settings.
    """
    found = ""
    arguments = getattr(sys, "argv", [])[1:]
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=False):
        name, equals, value = argument.partition("=")
        if name == _OPTION:
            found = value if equals else following
    return Path(found) if found else None


def read(folder: Path) -> dict[str, str] | None:
    """Return the variables that a run keeps, ``None`` where it keeps none.

    Raises
    ------
    SettingsError
        The record cannot be read.
    """
    path = folder / FILE
    try:
        kept = parsed(path.read_text(encoding="utf-8"))["settings"]
        kept = {str(name): str(value) for name, value in kept.items()}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise SettingsError(
            f"{path} cannot be read ({error}); bring it back, or delete it to go on with the "
            "settings that are given now"
        ) from error
    if kept.get(_LEXICON_VARIABLE) == LEXICON:
        kept[_LEXICON_VARIABLE] = str(folder / LEXICON)
    return kept


def write(folder: Path, variables: Mapping[str, str]) -> None:
    """Keep settings in a run's folder, and with them the user's lexicon.

    Parameters
    ----------
    folder : Path
        The run's.
    variables : mapping of str to str
        As ``Settings.to_environment`` gives them.
    """
    kept = dict(variables)
    if kept.get(_LEXICON_VARIABLE):
        lexicon = Path(kept[_LEXICON_VARIABLE]).expanduser()
        if lexicon.resolve() != (folder / LEXICON).resolve():
            with replacing(folder / LEXICON) as partial:
                shutil.copyfile(lexicon, partial)
        kept[_LEXICON_VARIABLE] = LEXICON
    if kept.get(_FOLDER_VARIABLE):
        kept[_FOLDER_VARIABLE] = os.path.abspath(Path(kept[_FOLDER_VARIABLE]).expanduser())
    with replacing(folder / FILE) as partial:
        partial.write_text(json.dumps({"settings": kept}, indent=1) + "\n", encoding="utf-8")
