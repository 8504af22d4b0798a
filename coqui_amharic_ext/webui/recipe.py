"""The training form, and the process of a recipe that it stands for."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from coqui_amharic_ext.data.manifest import MANIFEST, parts_of
from coqui_amharic_ext.data.metadata import LAYOUTS
from coqui_amharic_ext.errors import CoquiAmharicError
from coqui_amharic_ext.plugins import require_known
from coqui_amharic_ext.recipes import RECIPES
from coqui_amharic_ext.settings import ENVIRONMENT, XTTS_ONLY, Settings, get_settings
from coqui_amharic_ext.webui import kernels
from coqui_amharic_ext.webui.inside import metadata_of, require_audio_inside
from coqui_amharic_ext.webui.workfolder import WorkFolder

OFTEN: Final = {"plot_step": "10"}
"""A loss for the plot every few steps; upstream's default is every 100."""

_NAME: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*\Z", re.ASCII)
_VALUE: Final = re.compile(r"([-+]?\d+(\.\d*)?([eE][-+]?\d+)?|true|false)\Z", re.ASCII)


class FormError(CoquiAmharicError, ValueError):
    """The training form has a value that cannot be used."""


@dataclass(frozen=True, kw_only=True)
class TrainForm:
    """The training form as a browser sends it; ``training`` checks its paths."""

    recipe: str
    data: str = ""
    checkpoint: str = ""
    vocab: str = ""
    dvae: str = ""
    mel_stats: str = ""
    g2p_backends: tuple[str, ...] = ()
    precision: str = "stock"
    xtts_text: str = "auto"
    attention: str = "auto"
    packing: bool = True
    checkpointing: int = 0
    batch_tokens: int = 0
    values: str = ""

    @classmethod
    def checked(cls, values: Mapping[str, Any]) -> TrainForm:
        """Make a form of values by name, of the right types; an empty field has its default."""
        given = {name: value for name, value in dict(values).items() if value is not None}
        return TypeAdapter(cls).validate_python(given)


@dataclass(frozen=True, slots=True)
class Training:
    """A training process that can be started."""

    form: TrainForm
    arguments: tuple[str, ...]
    """Of the recipe, without ``--output``."""
    settings: Mapping[str, str]
    """``COQUI_AMHARIC_*`` variables that differ from their defaults."""

    def command(self, output: Path, resume: Path | None = None) -> list[str]:
        """Return the command that trains into ``output``, or resumes the run in ``resume``."""
        package, _, name = RECIPES[self.form.recipe].rpartition(".")
        # By its path: with -m, modules in the working folder would be imported.
        script = str(files(package).joinpath(f"{name}.py"))
        if resume is not None:  # which holds all the rest
            return [sys.executable, script, "--continue_path", str(resume)]
        return [sys.executable, script, *self.arguments, "--output", str(output)]

    def environment(self) -> dict[str, str]:
        """Return every variable of the process: this one's, with the form's settings."""
        inherited = {k: v for k, v in os.environ.items() if k not in set(ENVIRONMENT.values())}
        return {
            **inherited,
            **self.settings,
            "COQUI_AMHARIC_AUTOLOAD": "1",
            "TORCH_DEVICE_BACKEND_AUTOLOAD": "1",
            "COQUI_AMHARIC_TRACEBACK": "1",  # the page looks there for the reason of a failure
            "PYTHONUNBUFFERED": "1",
            "PYTHONUTF8": "1",
        }


def training(form: TrainForm, work: WorkFolder) -> Training:
    """Check a form and return the process that it stands for.

    Raises
    ------
    FormError
        A value cannot be used.
    DataError
        The data set cannot be read, or names audio outside its folder.
    WorkFolderError
        A path is missing or outside the work folder.
    SettingsError
        A setting has a value that is not valid.
    """
    if form.recipe not in RECIPES:
        raise FormError(f"model {form.recipe!r} is not known; choose {' or '.join(RECIPES)}")
    data = work.folder(form.data, "data set folder")
    require_audio_inside(work, metadata_of(work, form.data))
    for part in parts_of(data):
        if part.formatter not in ("", *LAYOUTS):
            raise FormError(
                f"{work.shown(data)}: its {MANIFEST} names the formatter {part.formatter!r}; the "
                f"page trains {', '.join(LAYOUTS)}"
            )
    arguments = ["--data", str(data)]
    if form.recipe == "xtts":
        arguments += ["--vocab", str(work.file(form.vocab, "vocabulary (vocab.json)"))]
        arguments += ["--dvae", str(work.file(form.dvae, "DVAE checkpoint (dvae.pth)"))]
        arguments += ["--mel-stats", str(work.file(form.mel_stats, "mel statistics"))]
    if form.checkpoint.strip():
        option = "--checkpoint" if form.recipe == "xtts" else "--restore_path"
        arguments += [option, str(work.file(form.checkpoint, "base checkpoint"))]
    values = config_values(form.values)
    if values:
        require_numbers(values, kernels.config_numbers(form.recipe))
    for name, value in (OFTEN | values).items():
        arguments += [f"--coqpit.{name}", value]
    return Training(form, tuple(arguments), require_known(_settings(form)).to_environment())


def _settings(form: TrainForm) -> Settings:
    changes: dict[str, Any] = {"precision": form.precision}
    if form.g2p_backends:
        changes["g2p_backends"] = form.g2p_backends
    if form.recipe == "xtts":
        changes |= {name: getattr(form, name) for name in XTTS_ONLY if hasattr(form, name)}
    return get_settings().replace(**changes)


def require_numbers(names: Iterable[str], known: Collection[str]) -> None:
    """Refuse names that are not numbers or switches of a recipe's config.

    ``output_path = 5`` is a folder, to which upstream would write.
    """
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            raise FormError(
                f"config values: {name} is not a number or switch of this recipe's config"
                + (f"; did you mean {near[0]}?" if near else "")
                + " (the page alone sets text and paths)"
            )


def config_values(text: str) -> dict[str, str]:
    """Read ``name = value`` lines of the recipe's config.

    A value is a number, ``true`` or ``false``: none can be a path out of the work folder, an
    address or another option.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        name, equals, value = (part.strip() for part in line.partition("="))
        if not equals or not _NAME.match(name) or not _VALUE.match(value):
            raise FormError(
                f"config values, line {number}: {line.strip()!r} is not NAME = VALUE with a "
                "number, true or false, such as batch_size = 8"
            )
        found[name] = value
    return found
