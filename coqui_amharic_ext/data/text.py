"""Read texts as a model does: number of tokens, and characters without a symbol."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any, Final, Protocol

from coqui_amharic_ext.coqui.readers import CharactersReader, PhoneReader, Reading, VocabularyReader
from coqui_amharic_ext.data.limits import Limits, read_config
from coqui_amharic_ext.text import explain
from coqui_amharic_ext.text.fidel import LETTERS
from coqui_amharic_ext.text.policy import TextPolicy
from coqui_amharic_ext.text.unicode_cleanup import settle

_INVISIBLE: Final = frozenset({"Cf", "Cc", "Cs", "Cn"})
_SPOKEN: Final = frozenset("LNSM")
"""First letters of the Unicode categories that are read aloud."""


class Reader(Protocol):
    """Converts a text of a language to a model's input."""

    def __call__(self, text: str, language: str) -> Reading:
        """Read a text.

        Raises
        ------
        Exception
            Any error of the model's text code.
        """
        ...


def reader_for(limits: Limits, vocab: Path | None, config: Path | None) -> Reader | None:
    """Return the reader of a model, ``None`` if its text code is not known.

    Parameters
    ----------
    limits : Limits
        The model's.
    vocab : Path, optional
        XTTS's vocabulary.
    config : Path, optional
        A model's ``config.json``; XTTS's also names a vocabulary.
    """
    if vocab is not None:
        return VocabularyReader(vocab)
    if config is not None and limits.model != "xtts":
        return CharactersReader(config)
    if config is not None:
        named: Any = (read_config(config).get("model_args") or {}).get("tokenizer_file")
        beside = config.parent / "vocab.json"
        if beside.is_file() or named:
            return VocabularyReader(beside if beside.is_file() else Path(named))
    return PhoneReader() if limits.model == "xtts" else None


def not_composed(text: str) -> list[str]:
    """Return pieces that are not NFC, and invisible characters."""
    found = []
    if not unicodedata.is_normalized("NFC", text):
        found.append("not composed (NFC)")
    hidden = (c for c in text if unicodedata.category(c) in _INVISIBLE and c not in "\t\r\n")
    found.extend(f"U+{ord(c):04X}" for c in dict.fromkeys(hidden))
    return found


def dropped_characters(text: str, policy: TextPolicy) -> list[str]:
    """Return letters, numbers and symbols of an Amharic text that are not read out."""
    return [c for c in dict.fromkeys(text) if _is_dropped(c, policy)]


@cache
def _is_dropped(character: str, policy: TextPolicy) -> bool:
    if unicodedata.category(character)[0] not in _SPOKEN or ord(character) < 0x80:
        return False
    # A combining mark is spoken with its letter, or belongs to none.
    return not unicodedata.combining(character) and not settle(character, policy).strip()


def figures(text: str, policy: TextPolicy) -> list[tuple[str, str]]:
    """Return the numbers of an Amharic text, each with its reading."""
    if not any(_is_figure(c) for c in text):
        return []
    return [
        (change.written, change.spoken)
        for change in explain(text, policy)
        if change.rule not in ("unicode", "punctuation") and any(map(_is_figure, change.written))
    ]


def _is_figure(character: str) -> bool:
    return character.isnumeric()


@cache
def _letters() -> frozenset[int]:
    pattern = re.compile(rf"[{LETTERS}]")
    return frozenset(code for code in range(0x1200, 0x2DE0) if pattern.match(chr(code)))


def has_ethiopic(text: str) -> bool:
    """Whether a text has at least one Ethiopic letter."""
    return any(ord(character) in _letters() for character in text)
