"""The data sets of a corpus folder, as config values of upstream's recipes."""

from pathlib import Path

from coqui_amharic_ext.data.manifest import EVAL, find_parts
from coqui_amharic_ext.data.metadata import read_metadata

MISREAD = ("layout", "no-third-column", "encoding", "bom")
"""Kinds of findings of metadata that upstream misreads or refuses."""


def parts_in(folder: str, formatter: str, language: str) -> list[tuple[str, str, str, str]]:
    """Return each data set's formatter, metadata to train and to evaluate on, and language.

    They come from the ``corpus.json`` of ``coqui-amharic data import``, else from the files' names;
    the default language is ``language``.

    Raises
    ------
    ValueError
        The description is not usable, or the layout is not one of upstream's.
    """
    found: list[tuple[str, str, str, str]] = []
    for part in find_parts(Path(folder)):
        name = part.metadata.name
        if part.split == EVAL:
            if formatter == "auto" and not part.formatter:
                _formatter(part.metadata, found[-1][0])
            found[-1] = (*found[-1][:2], name, found[-1][3])
            continue
        said = formatter if formatter != "auto" else part.formatter
        found.append((said or _formatter(part.metadata), name, "", part.language or language))
    return found


def _formatter(metadata: Path, wanted: str = "") -> str:
    """Return the name of upstream's formatter for metadata.

    Raises
    ------
    ValueError
        It would misread them, often silently: a column of speakers becomes the text.
    """
    read = read_metadata(metadata)
    formatter = wanted or ("coqui" if read.layout == "coqui" else "ljspeech")
    wrong = [found.message for found in read.findings if found.kind in MISREAD]
    if wrong or read.layout != formatter:
        what = wrong[0] if wrong else f"its layout is {read.layout}, not upstream's {formatter}"
        raise ValueError(
            f"{metadata}: {what}; convert it:\n"
            f"coqui-amharic data import {metadata.parent} --out CORPUS"
        )
    return formatter
