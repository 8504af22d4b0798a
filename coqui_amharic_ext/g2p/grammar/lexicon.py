"""Whole words that are known: ``data/words.tsv`` and ``data/homographs.tsv``."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from coqui_amharic_ext.g2p.phonology.letters import coding
from coqui_amharic_ext.io.tables import rows

NOMINAL: Final = frozenset(("noun", "adj", "num", "name", "loan", "pron", "adv", "adp"))
"""Parts of speech that take nominal prefixes and suffixes."""


class Entry(NamedTuple):
    """A listed word.

    Attributes
    ----------
    ipa : str
        Its pronunciation.
    others : tuple of str
        Further pronunciations of the same spelling, the more frequent first.
    pos : str
        Part of speech, ``""`` for a word of ``data/homographs.tsv`` alone.
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
    found: dict[str, Entry] = {}
    listed = rows("g2p/data/words.tsv", "word", "ipa", "pos")
    table = coding() | {ord("\n"): "\n"}  # all words at once, which takes a fraction of the time
    keys = "\n".join([word for word, _, _ in listed]).translate(table).split("\n")
    for coded, (_, ipa, pos) in zip(keys, listed, strict=True):
        before = found.get(coded)
        if before is None:
            found[coded] = Entry(ipa, (), pos)
        elif ipa != before.ipa:
            found[coded] = before._replace(others=(*before.others, ipa))
    homographs: dict[str, list[str]] = {}
    for word, ipa, default in rows("g2p/data/homographs.tsv", "word", "ipa", "default"):
        heard = homographs.setdefault(key(word), [])
        heard.insert(0 if default == "yes" else len(heard), ipa)
    for coded, heard in homographs.items():
        pos = found[coded].pos if coded in found else ""
        found[coded] = Entry(heard[0], tuple(heard[1:]), pos)
    return found
