"""What the G2P chain returns: which backend answered, how well, and why the others did not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Layer = Literal["lexicon", "paradigm", "rules", "segments", "surface"]
"""Where a transcription's consonants and vowels came from.

``lexicon``: a user's or our own whole-word entry; ``paradigm``: a verb form derived from a known
root; ``rules``: the written letters alone; ``segments``: a backend's consonants and vowels, with
length and ɨ from the written word; ``surface``: a backend's output with its symbols folded.
"""


@dataclass(frozen=True, slots=True)
class Quality:
    """Named measures of one transcription, and the names of those outside their bounds."""

    measures: Mapping[str, float] = field(default_factory=dict)
    failed: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every measure lies within its bounds."""
        return not self.failed


@dataclass(frozen=True, slots=True)
class Rejection:
    """One backend's output that was not used, and why."""

    backend: str
    output: str
    reason: str


@dataclass(frozen=True, slots=True)
class Word:
    """The transcription of one normalised word.

    ``rule`` names the rule of ``data/contexts.tsv`` by which the words beside a homograph selected
    its reading; it is empty for the default reading.
    """

    written: str
    ipa: str
    backend: str
    layer: Layer
    quality: Quality
    rejected: tuple[Rejection, ...] = ()
    alternatives: tuple[str, ...] = ()
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Transcription:
    """The transcription of a text: normalised form, IPA, and one entry per word."""

    text: str
    normalised: str
    ipa: str
    words: tuple[Word, ...]

    @property
    def backends(self) -> tuple[str, ...]:
        """The backends that answered, each once, in order of first use."""
        return tuple(dict.fromkeys(word.backend for word in self.words))
