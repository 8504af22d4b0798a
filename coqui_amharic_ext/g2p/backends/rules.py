"""The ``rules`` backend: letters, lexicon and grammar; no dependency, always there."""

from __future__ import annotations

from collections.abc import Sequence

from coqui_amharic_ext.availability import Availability
from coqui_amharic_ext.g2p.backend import Backend
from coqui_amharic_ext.g2p.realisation import realise


class RulesBackend(Backend):
    """Transcribe by our own table, lexicon, paradigms and rules."""

    name = "rules"
    may_hang = False

    def availability(self) -> Availability:
        """Return that it can serve: it needs nothing."""
        return Availability(True)

    def version(self) -> str:
        """Return the version of this package, whose data do the work."""
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("coqui-amharic-ext")
        except PackageNotFoundError:
            return ""

    def _transcribe(self, words: Sequence[str]) -> list[str]:
        return [realise(word).ipa for word in words]
