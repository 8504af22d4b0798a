"""The data sets of a corpus folder, as upstream's recipes are configured with them."""

import os
from pathlib import Path

from coqui_amharic_ext.data.manifest import EVAL, find_parts

ENDINGS = (".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".webm")


def parts_in(folder: str, formatter: str, language: str) -> list[tuple[str, str, str, str]]:
    """Return each data set's formatter, metadata to train and to evaluate on, and language.

    ``coqui-amharic data import`` writes a ``corpus.json`` that says them, else the files' names do;
    the language is ``language`` where neither does.

    Raises
    ------
    ValueError
        It says nothing that can be used, or the layout is not one of upstream's.
    """
    found: list[tuple[str, str, str, str]] = []
    for part in find_parts(Path(folder)):
        name = part.metadata.name
        if part.split == EVAL:
            found[-1] = (*found[-1][:2], name, found[-1][3])
            continue
        said = formatter if formatter != "auto" else part.formatter
        found.append((said or _formatter(str(part.metadata)), name, "", part.language or language))
    return found


def _formatter(metadata: str) -> str:
    """Tell Coqui's layout, which names its columns, from LJSpeech's."""
    with open(metadata, encoding="utf-8-sig") as file:
        columns = file.readline().rstrip("\n").split("|")
    if {"audio_file", "text"} <= set(columns):
        return "coqui"
    folder, name = os.path.dirname(metadata), columns[0].strip()
    ending = "\\" in name or os.path.splitext(name)[1].lower() in ENDINGS
    strange = len(columns) < 2 or "\t" in name or ending
    if strange and not os.path.isfile(os.path.join(folder, "wavs", f"{name}.wav")):
        raise ValueError(
            f"{metadata} begins with {name!r}, which upstream takes for wavs/{name}.wav; convert "
            f"it:\ncoqui-amharic data import {folder} --out CORPUS"
        )
    return "ljspeech"
