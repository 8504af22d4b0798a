"""The ``epitran`` backend: epitran's ``amh-Ethi`` table, with its known faults corrected.

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
from importlib.util import find_spec
from itertools import groupby
from typing import Final

from coqui_amharic_ext.availability import Availability
from coqui_amharic_ext.g2p.backend import Backend
from coqui_amharic_ext.g2p.backends.utf8_files import utf8_by_default
from coqui_amharic_ext.g2p.phonology.letters import fidel
from coqui_amharic_ext.io.tables import mapping

CODE: Final = "amh-Ethi"
_SEPARATOR: Final = "\n"
_AFTER: Final = "ባ"  # a following letter keeps epitran's word-final rule off the letter before
_AFTER_IPA: Final = "ba"
_PROBES: Final = ("ትምህርት", "እንደምን", "ኢትዮጵያ", "ጓደኛዬ", "ይህችኛዋ", "ስምንተኛዎቹ", "ት", "እ")
"""Words without a letter that is repaired, in which rules of context would show."""


@lru_cache(maxsize=1)
def repairs() -> dict[str, str]:
    """Return the right reading of each letter that epitran reads wrongly or not at all."""
    return mapping("g2p/data/epitran_repairs.tsv", "letter", "read_as")


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


class _Letters(dict[int, str]):
    """A ``str.translate`` table that reads each letter when it is first met."""

    def __init__(self, read: Callable[[str], str]) -> None:
        super().__init__({ord(_SEPARATOR): _SEPARATOR})
        self._read = read

    def __missing__(self, code: int) -> str:
        found = self[code] = self._read(chr(code))
        return found


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
        with _root_logger_untouched(), utf8_by_default():
            # epitran.Epitran builds panphon's feature table a second time, which takes longer
            # than all the rest; the class that does the reading is public too.
            from epitran.simple import SimpleEpitran

            self._read = SimpleEpitran(CODE).transliterate
        self._letters = _Letters(self._letter)
        self._by_letter = all(self._composed(word) == self._read(word) for word in _PROBES)

    def _transcribe(self, words: Sequence[str]) -> list[str]:
        if not self._by_letter:
            return [self._whole(word) for word in words]
        found = _SEPARATOR.join(words).translate(self._letters).split(_SEPARATOR)
        if len(found) != len(words):  # a word with a line's end in it, which no chain asks for
            return [self._composed(word) for word in words]
        return [said[:-1] if said[-1:] == "ɨ" and len(said) > 1 else said for said in found]

    def _composed(self, word: str) -> str:
        """Put the word together from its letters, as epitran's table does."""
        found = word.translate(self._letters)
        return found[:-1] if len(found) > 1 and found[-1] == "ɨ" else found

    def _letter(self, letter: str) -> str:
        """Read one letter as it is read inside a word."""
        found = repairs().get(letter) or self._inside(letter)
        if found == letter and letter in fidel():  # not in epitran's table: passed through
            own = fidel()[letter]
            found = "".join(own.consonants) + own.vowel
        return found

    def _whole(self, word: str) -> str:
        """Read a whole word, except for letters that epitran misreads or does not know."""
        known = self._letters
        runs = [
            (own, "".join(run))
            for own, run in groupby(word, lambda c: self._inside(c) != known[ord(c)])
        ]
        if not any(own for own, _ in runs):
            return self._read(word)
        return "".join(run.translate(known) if own else self._inside(run) for own, run in runs)

    def _inside(self, run: str) -> str:
        """Read letters as they are read inside a word."""
        return self._read(run + _AFTER).removesuffix(_AFTER_IPA)
