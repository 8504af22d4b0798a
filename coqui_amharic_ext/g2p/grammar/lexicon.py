"""Whole words that are known: ``data/words.tsv`` and ``data/homographs.tsv``."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from coqui_amharic_ext.g2p.phonology.letters import coding
from coqui_amharic_ext.g2p.resources import rows

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
    listed = rows("words.tsv", 3)
    keys = "\n".join([row[0] for row in listed]).translate(table | {10: "\n"}).split("\n")
    for coded, (_, ipa, pos, _) in zip(keys, listed, strict=True):
        before = found.get(coded)
        if before is None:
            found[coded] = Entry(ipa, (), pos)
        elif ipa != before.ipa:
            found[coded] = before._replace(others=(*before.others, ipa))
    homographs: dict[str, list[str]] = {}
    for word, ipa, _, default, *_ in rows("homographs.tsv"):
        heard = homographs.setdefault(word.translate(table), [])
        heard.insert(0 if default == "yes" else len(heard), ipa)
    for coded, heard in homographs.items():
        pos = found[coded].pos if coded in found else ""
        found[coded] = Entry(heard[0], tuple(heard[1:]), pos)
    return found
