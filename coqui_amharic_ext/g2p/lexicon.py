"""Whole words: our own (``data/words.tsv``) and the user's."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from os import PathLike
from pathlib import Path
from typing import NamedTuple

from coqui_amharic_ext.g2p import symbols
from coqui_amharic_ext.g2p.resources import rows
from coqui_amharic_ext.g2p.table import MARKS, coding, letters

NOMINAL: frozenset[str] = frozenset(("noun", "adj", "num", "name", "loan", "pron", "adv", "adp"))
"""Parts of speech that take nominal prefixes and suffixes."""


class Entry(NamedTuple):
    """One word of ``data/words.tsv``.

    Attributes
    ----------
    ipa : str
        Its pronunciation.
    others : tuple of str
        Further pronunciations of the same spelling, the more frequent first.
    pos : str
        Part of speech.
    """

    ipa: str
    others: tuple[str, ...]
    pos: str


def key(word: str) -> str:
    """Return what homophone spellings of a word have in common: its letters' phones."""
    return word.translate(coding())


@lru_cache(maxsize=1)
def words() -> dict[str, Entry]:
    """Return our own words by :func:`key`; the first of several rows of a word is the default."""
    table = coding()
    found: dict[str, Entry] = {}
    for row in rows("words.tsv"):
        coded = row[0].translate(table)
        before = found.get(coded)
        if before is None:
            found[coded] = Entry(row[1], (), row[2])
        elif row[1] != before.ipa:
            found[coded] = before._replace(others=(*before.others, row[1]))
    homographs: dict[str, list[str]] = {}
    for word, ipa, _, default, *_ in rows("homographs.tsv"):
        heard = homographs.setdefault(word.translate(table), [])
        heard.insert(0 if default == "yes" else len(heard), ipa)
    for coded, heard in homographs.items():
        pos = found[coded].pos if coded in found else ""
        found[coded] = Entry(heard[0], tuple(heard[1:]), pos)
    return found


def load_lexicon(path: str | PathLike[str]) -> dict[str, str]:
    """Read a user's lexicon.

    Parameters
    ----------
    path : path-like
        A UTF-8 file with one ``word<TAB>IPA`` a line; further columns are ignored, as are empty
        lines, lines that start with ``#`` and a first line whose word column is ``word``. The IPA
        uses the symbols of ``g2p/data/phones.tsv``.

    Returns
    -------
    dict of str to str
        IPA by word, in NFC.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If a line is not ``word<TAB>IPA``, holds other than Ethiopic letters or inventory phones,
        or repeats a word with another IPA; the message names the file and the line.
    """
    source = Path(path)
    found: dict[str, str] = {}
    try:
        text = source.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{source}: not UTF-8 ({error}); save the lexicon as UTF-8") from error
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        cells = line.split("\t")
        where = f"{source}, line {number}"
        if number == 1 and cells[0].strip() == "word":
            continue
        if len(cells) < 2 or not cells[0].strip() or not cells[1].strip():
            raise ValueError(f"{where}: expected word<TAB>IPA, got {line!r}")
        word = unicodedata.normalize("NFC", cells[0].strip())
        ipa = unicodedata.normalize("NFC", cells[1].strip())
        try:
            letters(word)
            symbols.check(ipa)
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from error
        if found.setdefault(word, ipa) != ipa:
            raise ValueError(f"{where}: {word} stands already with {found[word]}, now {ipa}")
    return found


def unmarked(word: str) -> str:
    """Return a word without gemination and vowel length marks."""
    return "".join(char for char in word if char not in MARKS)
