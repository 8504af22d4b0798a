"""Find the clip that a row of metadata names, in any spelling."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Final

AUDIO_ENDINGS: Final = (
    *(".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".m4a", ".mp4", ".webm", ".aac"),
    *(".wma", ".aif", ".aiff", ".aifc", ".au", ".amr", ".3gp", ".mka", ".caf", ".w64"),
)
FOLDERS: Final = ("wavs", "clips", "audio", "wav", "audios", "data")
"""Folders of clips, beside the metadata."""


def has_ending(name: str) -> bool:
    """Whether a name has an audio file's ending."""
    return os.path.splitext(name.strip())[1].lower() in AUDIO_ENDINGS


class Clips:
    """The audio files around a metadata file.

    Parameters
    ----------
    metadata : Path
        The file.
    layout_folder, layout_ending : str
        The layout's folder of clips, and the ending that it omits.
    """

    def __init__(self, metadata: Path, layout_folder: str = "", layout_ending: str = "") -> None:
        self._root = metadata.parent
        self._own = layout_folder
        self._ending = layout_ending
        # FLEURS has train.tsv beside train/, or audio/train/.
        split = metadata.stem.rpartition("_")[2]
        beside = (layout_folder, "", *FOLDERS, metadata.stem, split, f"audio/{split}")
        self._folders = tuple(dict.fromkeys(beside))
        self._listings: dict[Path, tuple[frozenset[str], dict[str, str]]] = {}

    def expected(self, name: str) -> Path:
        """Return the path of a clip in the layout, where upstream looks for it."""
        return self._root / self._own / f"{name}{self._ending}"

    def find(self, name: str) -> Path:
        """Return a clip's file, or where it should be if there is none.

        A path is tried as it is, then without its first folders, so that paths of another machine
        or folder are found. If no name matches, one that differs only in case does, as on Windows
        and macOS.
        """
        first = self.expected(name)
        if self._is_there(first):
            return first
        plain = name.strip().strip("\"'").replace("\\", "/").removeprefix("file://")
        for path in self._candidates(plain):
            if self._is_there(path):
                return path
        for path in self._candidates(plain):
            if (found := self._in_any_case(path)) is not None:
                return found
        if not has_ending(plain):
            return first
        return self._root / ("" if plain.startswith(f"{self._own}/") else self._own) / plain

    def has(self, name: str) -> bool:
        """Whether a clip's file is there."""
        return bool(name.strip()) and self._is_there(self.find(name))

    def _candidates(self, plain: str) -> Iterator[Path]:
        endings = ("",) if has_ending(plain) else ("", *AUDIO_ENDINGS)
        if PurePosixPath(plain).is_absolute():
            yield Path(plain)
        parts = _parts(plain)
        for start in range(len(parts)):
            for folder in self._folders:
                for ending in endings:
                    yield self._root.joinpath(folder, *parts[start:-1], f"{parts[-1]}{ending}")

    def _is_there(self, path: Path) -> bool:
        names, _ = self._names(path.parent)
        return path.name in names

    def _in_any_case(self, path: Path) -> Path | None:
        if not path.is_relative_to(self._root):
            return None
        found = self._root
        for part in path.relative_to(self._root).parts:
            _, folded = self._names(found)
            if _folded(part) not in folded:
                return None
            found /= folded[_folded(part)]
        return found

    def _names(self, folder: Path) -> tuple[frozenset[str], dict[str, str]]:
        """Return a folder's names, and each by its name in lower case."""
        if folder not in self._listings:
            try:
                names = os.listdir(folder)
            except (OSError, ValueError):
                names = []
            self._listings[folder] = frozenset(names), {_folded(n): n for n in sorted(names)}
        return self._listings[folder]


def composed(name: str) -> str:
    """Return a name as most systems write it; macOS writes é as two code points."""
    return unicodedata.normalize("NFC", name)


def _folded(name: str) -> str:
    return composed(name).casefold()


def _parts(plain: str) -> Sequence[str]:
    """Return a path's parts without drive, root and parent references."""
    parts = PureWindowsPath(plain).parts
    anchor = PureWindowsPath(plain).anchor
    return [part for part in parts if part not in (anchor, "..", ".")] or [plain]
