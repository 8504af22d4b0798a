"""The shared phonology pass: a written word, with or without a backend's phones, to IPA."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from coqui_amharic_ext.g2p.alignment import merge
from coqui_amharic_ext.g2p.epenthesis import fill
from coqui_amharic_ext.g2p.folding import fold
from coqui_amharic_ext.g2p.lexicon import words
from coqui_amharic_ext.g2p.morphology import readings
from coqui_amharic_ext.g2p.symbols import decode
from coqui_amharic_ext.g2p.table import coding, letters

__all__ = ["Realisation", "fold", "realise"]


@dataclass(frozen=True, slots=True)
class Realisation:
    """One word's IPA, where it came from, and the other readings of its spelling."""

    ipa: str
    source: Literal["lexicon", "paradigm", "rules"]
    alternatives: tuple[str, ...] = ()


def realise(
    word: str, *, segments: Sequence[str] | None = None, narrow: bool = False
) -> Realisation:
    """Return the IPA of one normalised Ethiopic word.

    Parameters
    ----------
    word : str
        Ethiopic letters and gemination marks, no punctuation.
    segments : sequence of str, optional
        A backend's phones, already folded to our inventory: consonants and vowels are taken from
        them, length and ɨ from the written word.
    narrow : bool
        Whether to write allophones.

    Raises
    ------
    TypeError, ValueError
        If ``word`` is not made of Ethiopic letters, or ``segments`` are not the same word.
    """
    letters(word)
    written = word.translate(coding())
    entry = words().get(written)
    if entry is not None:
        return Realisation(entry.ipa, "lexicon", entry.others)
    found = [(fill(reading.spoken), reading) for reading in readings(written)]
    surface, source = (found[0][0], found[0][1].layer) if found else (fill(written), "rules")
    if segments is not None:
        surface = merge(surface, written, segments)
    others = tuple(dict.fromkeys(decode(form) for form, reading in found[1:] if form != surface))
    return Realisation(decode(surface), source, others)
