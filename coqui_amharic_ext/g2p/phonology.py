"""The shared phonology pass: a written word, with or without a backend's phones, to IPA."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from coqui_amharic_ext.g2p.epenthesis import fill
from coqui_amharic_ext.g2p.folding import fold
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
    """Return the IPA of one normalised Ethiopic word."""
    letters(word)
    return Realisation(decode(fill(word.translate(coding()))), "rules")
