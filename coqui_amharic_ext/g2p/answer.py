"""One word's answer, as the chain keeps it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from coqui_amharic_ext.g2p.backend import Gives
from coqui_amharic_ext.g2p.grammar import context
from coqui_amharic_ext.g2p.phonology.folding import fold
from coqui_amharic_ext.g2p.quality import measure
from coqui_amharic_ext.g2p.realisation import Realisation
from coqui_amharic_ext.g2p.types import Layer, Quality, Rejection, Word

Style = Callable[[str, str], str]
"""Takes a written word and its IPA, and returns the IPA as it is wanted."""


@dataclass(slots=True, eq=False)
class Answer:
    """One word's transcription; its measures and other readings are made when asked for.

    Attributes
    ----------
    written, ipa, backend, layer, rejected
        As in ``Word``.
    raw : str
        What the backend gave.
    gives : {"segments", "surface"}
        What ``raw`` is.
    reading : Realisation, optional
        What the written word says, if the IPA comes from there.
    pieces : tuple of Answer
        Of a word that was too long to be read as a whole.
    style : callable, optional
        How ``ipa`` was written, and other readings are.
    rule : str
        The rule by which the context selected this reading, "" for the default.
    others : tuple of str, optional
        The readings that the context did not select.
    """

    written: str
    ipa: str
    backend: str
    layer: Layer
    raw: str
    gives: Gives = "surface"
    rejected: tuple[Rejection, ...] = ()
    reading: Realisation | None = None
    pieces: tuple[Answer, ...] = ()
    style: Style | None = None
    rule: str = ""
    others: tuple[str, ...] | None = None
    _word: Word | None = None

    @classmethod
    def of_letters(
        cls, word: str, reading: Realisation, backend: str, rejected: tuple[Rejection, ...] = ()
    ) -> Answer:
        """Return the answer that the written word itself gives."""
        return cls(
            word, reading.ipa, backend, reading.source, reading.ipa, "surface", rejected, reading
        )

    def word(self) -> Word:
        """Return the transcription with every measure of its quality and its other readings."""
        if self._word is None:
            others = self._others()
            if self.style is not None:
                others = tuple([self.style(self.written, ipa) for ipa in others])
            self._word = Word(
                self.written,
                self.ipa,
                self.backend,
                self.layer,
                self._quality(),
                self.rejected,
                others,
                self.rule,
            )
        return self._word

    def in_context(self, before: str, after: str, rules: tuple[context.Rule, ...]) -> Answer | None:
        """Return the answer that the text on both sides selects, or None for this one."""
        if self.reading is None:
            return None
        default = self.reading.ipa
        selected = context.select(rules, default, self._others(), before, after)
        if selected is None:
            return None
        ipa, rule = selected
        others = tuple([other for other in (default, *self._others()) if other != ipa])
        styled = ipa if self.style is None else self.style(self.written, ipa)
        return replace(self, ipa=styled, rule=rule, others=others, _word=None)

    def _others(self) -> tuple[str, ...]:
        if self.others is not None:
            return self.others
        return self.reading.alternatives if self.reading is not None else ()

    def _quality(self) -> Quality:
        """Measure the answer; of one in pieces, which takes linear time, return the worst."""
        if self.pieces:
            qualities = (piece._quality() for piece in self.pieces)
            return max(qualities, key=lambda quality: len(quality.failed))
        return measure(
            self.written,
            fold(self.raw),
            raw=self.raw,
            gives=self.gives,
            listed=self.layer == "lexicon",
        )
