"""The work folder, which no path that a browser gives leads out of."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from coqui_amharic_ext.errors import CoquiAmharicError

DEEPEST: Final = 4
"""How many levels of folders are searched for corpora and checkpoints."""


class WorkFolderError(CoquiAmharicError, ValueError):
    """A path is empty, missing, of the wrong kind or outside the work folder."""


@dataclass(frozen=True, slots=True)
class WorkFolder:
    """A folder and the paths inside it; ``WorkFolder.at`` makes one."""

    root: Path
    """Absolute, without links."""

    @classmethod
    def at(cls, folder: Path) -> WorkFolder:
        """Use a folder, which is made if it is not there."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WorkFolderError(
                f"{folder} cannot be the work folder: {error.strerror or error}; give another one "
                "with --work"
            ) from error
        return cls(Path(os.path.realpath(folder)))

    def inside(self, given: str | None, what: str) -> Path:
        """Resolve a path from the browser, links included, or refuse it.

        Parameters
        ----------
        given : str or None
            Relative to the work folder, or absolute.
        what : str
            What it is, for messages.
        """
        text = (given or "").strip()
        if not text:
            raise WorkFolderError(f"give the {what}: a path inside {self.root}")
        try:
            found = Path(os.path.realpath(self.root / text))
        except (OSError, ValueError) as error:
            raise WorkFolderError(f"{what}: {text!r} is not a path: {error}") from error
        if not found.is_relative_to(self.root):
            raise WorkFolderError(
                f"{what}: {text} is outside the work folder {self.root}; put it there, or start "
                "the page with --work and a folder above it"
            )
        return found

    def folder(self, given: str | None, what: str) -> Path:
        """Resolve a folder that exists."""
        found = self.inside(given, what)
        if not found.is_dir():
            raise WorkFolderError(f"{what}: {self.shown(found)} is not a folder that exists")
        return found

    def file(self, given: str | None, what: str) -> Path:
        """Resolve a file that exists."""
        found = self.inside(given, what)
        if not found.is_file():
            raise WorkFolderError(f"{what}: {self.shown(found)} is not a file that exists")
        return found

    def holds(self, path: Path) -> bool:
        """Whether a path, links resolved, is inside."""
        return Path(os.path.realpath(path)).is_relative_to(self.root)

    def shown(self, path: Path) -> str:
        """Return a path relative to the work folder, if it is inside."""
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else str(path)

    def corpora(self) -> list[str]:
        """Return the folders with a corpus's metadata, relative to the work folder."""
        return self._with(
            lambda files: any(n.startswith("metadata") and n.endswith(".csv") for n in files)
        )

    def checkpoints(self) -> list[str]:
        """Return the folders with a ``config.json`` and a checkpoint."""
        return self._with(
            lambda files: "config.json" in files and any(n.endswith(".pth") for n in files)
        )

    def _with(self, wanted: Callable[[list[str]], bool]) -> list[str]:
        found = []
        for name, folders, files in os.walk(self.root):
            folder = Path(name)
            if wanted(files):
                found.append(self.shown(folder))
            deep = len(folder.relative_to(self.root).parts) >= DEEPEST
            # Hidden folders and clips are many and hold neither.
            folders[:] = [] if deep else [f for f in folders if f[0] != "." and f != "wavs"]
        return sorted(found)
