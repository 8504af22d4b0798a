"""The description of a corpus folder: ``corpus.json``, or the names of its metadata files."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from coqui_amharic_ext.data.findings import DataError
from coqui_amharic_ext.io.jsontext import parsed

MANIFEST: Final = "corpus.json"
TRAIN: Final = "train"
EVAL: Final = "eval"

_LANGUAGE_CODE: Final = re.compile(r"[a-z]{2,8}([-_][a-z0-9]{1,8})*\Z")
_OF_LANGUAGE: Final = re.compile(r"metadata_([a-z]{2}(?:-[a-z]{2})?)\.csv\Z")
_EVAL_NAMES: Final = ("metadata_eval.csv", "metadata_val.csv", "metadata_dev.csv")


@dataclass(frozen=True, slots=True)
class Part:
    """One metadata file of a corpus folder.

    Parameters
    ----------
    metadata : Path
        The file.
    language : str
        Code of its language; empty if unknown.
    split : str
        ``train`` or ``eval`` if the corpus is already split, empty if upstream splits it.
    formatter : str
        Upstream's formatter, from the manifest; empty without one.
    """

    metadata: Path
    language: str = ""
    split: str = ""
    formatter: str = ""


def is_language_code(language: str) -> bool:
    """Whether a language can be part of a file name and of a token: ``am``, ``zh-cn``."""
    return bool(_LANGUAGE_CODE.match(language))


def parts_of(path: Path) -> tuple[Part, ...]:
    """Return the metadata files of a corpus folder, or the given file.

    Both recipes follow the same rules: ``corpus.json``, else ``metadata.csv``, else
    ``metadata_train.csv`` with ``metadata_eval.csv``, else one ``metadata_LANGUAGE.csv`` each.

    Raises
    ------
    DataError
        The folder has none, or its ``corpus.json`` cannot be used.
    """
    if not path.is_dir():
        return (part_of(path),)
    parts = find_parts(path)
    if not parts:
        raise DataError(
            f"{path} has no metadata.csv, metadata_train.csv or metadata_LANGUAGE.csv; make a "
            f"corpus of what it has: coqui-amharic data import {path} --out CORPUS"
        )
    return parts


def find_parts(folder: Path) -> tuple[Part, ...]:
    """Return the same as ``parts_of``, but nothing for a folder that is no corpus.

    Raises
    ------
    DataError
        Its ``corpus.json`` cannot be used.
    """
    return _from_manifest(folder) or _from_names(folder)


def sample_rate(folder: Path) -> int | None:
    """Return the sample rate in ``corpus.json``, None without one.

    Raises
    ------
    DataError
        The file cannot be used.
    """
    with _explained(folder / MANIFEST):
        return _said(folder).get("sample_rate")


def part_of(path: Path) -> Part:
    """Return the description of a metadata file in its folder.

    Raises
    ------
    DataError
        Its ``corpus.json`` cannot be used.
    """
    folder = path.parent
    for part in find_parts(folder):
        if part.metadata.name == path.name:
            return part
    # Next to a metadata.csv, a file of one language still names it.
    named = _OF_LANGUAGE.match(path.name)
    return Part(path, named[1] if named else "")


def _from_names(folder: Path) -> tuple[Part, ...]:
    if (folder / "metadata.csv").is_file():
        return (Part(folder / "metadata.csv"),)
    if (folder / "metadata_train.csv").is_file():
        split = (folder / name for name in _EVAL_NAMES)
        found = [Part(path, "", EVAL) for path in split if path.is_file()]
        return (Part(folder / "metadata_train.csv", "", TRAIN if found else ""), *found[:1])
    names = sorted(os.listdir(folder)) if folder.is_dir() else []
    languages = [(name, match[1]) for name in names if (match := _OF_LANGUAGE.match(name))]
    return tuple(Part(folder / name, language) for name, language in languages)


def _from_manifest(folder: Path) -> tuple[Part, ...]:
    with _explained(folder / MANIFEST):
        said = _said(folder)
        if not said:
            return ()
        parts = []
        if not isinstance(said["formatter"], str) or not said["formatter"]:
            raise ValueError(f"its formatter is {said['formatter']!r}")
        for found in said["datasets"]:
            split = (found["train"], TRAIN if found.get("eval") else ""), (found.get("eval"), EVAL)
            for name, which in split:
                if not name:
                    continue
                if Path(name).name != name or not (folder / name).is_file():
                    raise ValueError(f"{name!r} is no file beside it")
                if not is_language_code(found["language"]):
                    raise ValueError(f"{found['language']!r} is no language code")
                parts.append(Part(folder / name, found["language"], which, said["formatter"]))
        if not parts:
            raise ValueError("it names no metadata")
        return tuple(parts)


def _said(folder: Path) -> dict[str, Any]:
    """Return the parts in ``corpus.json``; nothing without one, or if it is another program's."""
    path = folder / MANIFEST
    if not os.path.isfile(path):
        return {}
    said: Any = parsed(path.read_text(encoding="utf-8-sig"))
    return said if isinstance(said, dict) and {"formatter", "datasets"} & set(said) else {}


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else error
        raise DataError(
            f"{path} cannot be used: {what}. Without it the folder is read by the names of its "
            "files; delete it, or import the corpus again"
        ) from error


def write_manifest(
    folder: Path, formatter: str, rate: int, parts: Iterable[Part], speakers: Iterable[str]
) -> Path:
    """Write ``corpus.json``.

    Parameters
    ----------
    folder : Path
        The corpus.
    formatter : str
        Upstream's formatter for all metadata files.
    rate : int
        Sample rate of its wavs.
    parts : iterable of Part
        Its metadata files.
    speakers : iterable of str
        Names of its speakers; empty if the metadata name none.
    """
    datasets: dict[str, dict[str, str]] = {}
    for part in parts:
        found = datasets.setdefault(part.language, {"language": part.language})
        found[part.split or TRAIN] = part.metadata.name
    said = {
        "formatter": formatter,
        "sample_rate": rate,
        "speakers": sorted(speakers),
        "datasets": list(datasets.values()),
    }
    path = folder / MANIFEST
    path.write_text(json.dumps(said, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path
