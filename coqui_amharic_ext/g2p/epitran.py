"""The ``epitran`` backend: epitran's ``amh-Ethi`` table, its known faults mended.

Epitran reads letter by letter. Each letter is therefore asked for once and remembered; that this
gives what epitran gives for whole words is checked when the backend loads, and words are passed
whole if it does not hold (a later epitran may read letters in context).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as distribution_version
from importlib.resources import files
from importlib.util import find_spec
from typing import Final

from coqui_amharic_ext.g2p.backend import Backend
from coqui_amharic_ext.g2p.types import Availability

CODE: Final = "amh-Ethi"
_AFTER: Final = "ባ"  # a following letter keeps epitran's word-final rule off the letter before
_AFTER_IPA: Final = "ba"
_PROBES: Final = ("ትምህርት", "እንደምን", "ኢትዮጵያ", "ጓደኛዬ", "ጸሐፊዎች", "ይህችኛዋ", "አስተዳደር")


@lru_cache(maxsize=1)
def repairs() -> dict[str, str]:
    """Return the letters that epitran reads wrongly or not at all, with what they are read as."""
    table = files(__package__).joinpath("data/epitran_repairs.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines()[1:] if line)
    return {row[0]: row[2] for row in rows}


@contextmanager
def _root_logger_untouched() -> Iterator[None]:
    """Undo what importing epitran does to the application's logging (root logger to DEBUG)."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    try:
        yield
    finally:
        root.setLevel(level)
        for handler in list(root.handlers):
            if handler not in handlers:
                root.removeHandler(handler)


class EpitranBackend(Backend):
    """Words through epitran, letter by letter, with repairs."""

    name = "epitran"
    may_hang = False

    _read: Callable[[str], str]

    def availability(self) -> Availability:
        """Return whether epitran is installed."""
        if find_spec("epitran") is None:
            return Availability(False, "epitran is not installed", "pip install epitran")
        return Availability(True)

    def version(self) -> str:
        """Return the version of the installed epitran."""
        try:
            return distribution_version("epitran")
        except PackageNotFoundError:
            return ""

    def _load(self) -> None:
        with _root_logger_untouched():
            # epitran.Epitran builds panphon's feature table a second time, which takes longer
            # than all the rest; the class that does the reading is public too.
            from epitran.simple import SimpleEpitran

            self._read = SimpleEpitran(CODE).transliterate
        self._letters = dict(repairs())
        self._by_letter = all(
            "".join(map(self._letter, word)) == self._whole(word) for word in _PROBES
        )

    def _transcribe(self, words: Sequence[str]) -> list[str]:
        if not self._by_letter:
            return [self._whole(word) for word in words]
        known = self._letters
        return ["".join([known.get(c) or self._letter(c) for c in word]) for word in words]

    def _letter(self, letter: str) -> str:
        """Read one letter as it is read inside a word."""
        found = self._letters.get(letter)
        if found is None:
            context = self._read(letter + _AFTER)
            found = context.removesuffix(_AFTER_IPA)
            self._letters[letter] = found
        return found

    def _whole(self, word: str) -> str:
        """Read a word in one go, the letters that need repair apart from the rest."""
        mended = repairs()
        parts: list[str] = []
        rest = ""
        for letter in word:
            if letter in mended:
                parts += [self._inside(rest), mended[letter]]
                rest = ""
            else:
                rest += letter
        return "".join([*parts, self._inside(rest)])

    def _inside(self, run: str) -> str:
        return self._read(run + _AFTER).removesuffix(_AFTER_IPA) if run else ""
