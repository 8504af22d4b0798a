"""What a model would make of a text: its tokens, and the characters it has no symbol for."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Protocol

from coqui_amharic_ext.coqui.languages import AMHARIC
from coqui_amharic_ext.data.limits import Limits, read_config
from coqui_amharic_ext.text.fidel import LETTERS
from coqui_amharic_ext.text.policy import TextPolicy

_INVISIBLE: Final = frozenset({"Cf", "Cc", "Cs", "Cn"})
_SPOKEN: Final = frozenset("LNSM")
"""First letters of the Unicode categories that stand for something a reader would say."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a model is given for a text.

    Parameters
    ----------
    tokens : int
        How long it is for the model.
    unknown : tuple of str
        Pieces that the model has no symbol for.
    """

    tokens: int
    unknown: tuple[str, ...] = ()


class Reader(Protocol):
    """Turns a text of a language into what a model is given."""

    def __call__(self, text: str, language: str) -> Reading:
        """Read a text.

        Raises
        ------
        Exception
            Whatever the model's own text code raises on it.
        """
        ...


class PhoneReader:
    """XTTS without a vocabulary at hand: a token a phone, as ``vocab extend --mode ipa`` does."""

    def __call__(self, text: str, language: str) -> Reading:
        """Count the tokens of an Amharic text; other languages are not counted."""
        if language != AMHARIC:
            return Reading(0)
        from coqui_amharic_ext.coqui.xtts_text import xtts_text

        return Reading(1 + len(xtts_text(text)))


class VocabularyReader:
    """XTTS with its vocabulary.

    Parameters
    ----------
    path : Path
        ``vocab.json``.
    """

    def __init__(self, path: Path) -> None:
        import coqui_amharic_ext as am
        from coqui_amharic_ext.data.findings import DataError

        if not path.is_file():
            raise DataError(f"{path} does not exist; give the XTTS vocabulary, vocab.json")
        am.activate()
        from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer

        try:
            self._tokenizer = VoiceBpeTokenizer(path)
        except Exception as error:  # the tokenizers library raises bare Exceptions
            raise DataError(f"{path} is not an XTTS vocabulary: {error}") from error

    def __call__(self, text: str, language: str) -> Reading:
        """Encode a text as training does."""
        from coqui_amharic_ext.coqui.xtts_tokenizer import unknown_pieces

        ids = self._tokenizer.encode(text, language)
        inner = self._tokenizer.tokenizer
        if inner.token_to_id("[UNK]") not in ids:
            return Reading(len(ids))
        if language == AMHARIC:
            return Reading(len(ids), unknown_pieces(self._tokenizer, text))
        code = "zh-cn" if language == "zh" else language
        prepared = f"[{code}]{self._tokenizer.preprocess_text(text, language)}"
        prepared = prepared.replace(" ", "[SPACE]")
        encoding = inner.encode(prepared)
        unknown = (
            prepared[start:end]
            for number, (start, end) in zip(encoding.ids, encoding.offsets, strict=True)
            if number == inner.token_to_id("[UNK]")
        )
        return Reading(len(ids), tuple(dict.fromkeys(unknown)))


class CharactersReader:
    """A model with characters in its config, such as VITS.

    Parameters
    ----------
    path : Path
        Its ``config.json``.
    """

    def __init__(self, path: Path) -> None:
        import coqui_amharic_ext as am

        am.activate()
        from TTS.config import load_config
        from TTS.tts.utils.text.tokenizer import TTSTokenizer

        self._tokenizer, _ = TTSTokenizer.init_from_config(load_config(path))

    def __call__(self, text: str, language: str) -> Reading:
        """Turn a text into ids as training does, phonemes included."""
        self._tokenizer.not_found_characters = []
        ids = self._tokenizer.text_to_ids(text, language=language)
        return Reading(len(ids), tuple(dict.fromkeys(self._tokenizer.not_found_characters)))


def reader_for(limits: Limits, vocab: Path | None, config: Path | None) -> Reader | None:
    """Return what reads texts for a model, ``None`` where nothing says how it reads them.

    Parameters
    ----------
    limits : Limits
        The model's.
    vocab : Path, optional
        XTTS's vocabulary.
    config : Path, optional
        A model's ``config.json``; XTTS's names a vocabulary, too.
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
    """Return what Unicode would write otherwise: pieces that are not NFC, invisible characters."""
    found = []
    if not unicodedata.is_normalized("NFC", text):
        found.append("not composed (NFC)")
    hidden = (c for c in text if unicodedata.category(c) in _INVISIBLE and c not in "\t\r\n")
    found.extend(f"U+{ord(c):04X}" for c in dict.fromkeys(hidden))
    return found


def dropped_characters(text: str, policy: TextPolicy) -> list[str]:
    """Return the letters, numbers and symbols of an Amharic text that reading it out leaves out."""
    return [c for c in dict.fromkeys(text) if _is_dropped(c, policy)]


@cache
def _is_dropped(character: str, policy: TextPolicy) -> bool:
    from coqui_amharic_ext.text.unicode_cleanup import settle

    if unicodedata.category(character)[0] not in _SPOKEN or ord(character) < 0x80:
        return False
    # A combining mark is spoken with its letter, or is no letter's.
    return not unicodedata.combining(character) and not settle(character, policy).strip()


def figures(text: str, policy: TextPolicy) -> list[tuple[str, str]]:
    """Return the numbers in figures of an Amharic text, each with how it is read out."""
    from coqui_amharic_ext.text import explain

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
    import re

    pattern = re.compile(rf"[{LETTERS}]")
    return frozenset(code for code in range(0x1200, 0x2DE0) if pattern.match(chr(code)))


def has_ethiopic(text: str) -> bool:
    """Whether a text has at least one Ethiopic letter."""
    return any(ord(character) in _letters() for character in text)
