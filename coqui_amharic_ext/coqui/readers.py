"""A text's length and unknown pieces by the tokenizers of XTTS, VITS and others."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import coqui_amharic_ext as am
from coqui_amharic_ext.coqui.languages import AMHARIC
from coqui_amharic_ext.coqui.xtts_text import xtts_text
from coqui_amharic_ext.coqui.xtts_tokenizer import read_amharic
from coqui_amharic_ext.errors import CoquiAmharicError
from coqui_amharic_ext.lossless import encode_words, lacking


class ReaderError(CoquiAmharicError, ValueError):
    """The vocabulary or config that determines how a model reads text cannot be used."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as a model reads it.

    Parameters
    ----------
    tokens : int
        Its length for the model.
    unknown : tuple of str
        Pieces that the model has no symbol for.
    """

    tokens: int
    unknown: tuple[str, ...] = ()


class PhoneReader:
    """XTTS without its vocabulary: one token per phone, as ``vocab extend --mode ipa`` does."""

    def __call__(self, text: str, language: str) -> Reading:
        """Count the tokens of an Amharic text; other languages are not counted."""
        if language != AMHARIC:
            return Reading(0)

        return Reading(1 + len(xtts_text(text)))


class VocabularyReader:
    """XTTS with its vocabulary.

    Parameters
    ----------
    path : Path
        ``vocab.json``.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise ReaderError(f"{path} does not exist; give the XTTS vocabulary, vocab.json")
        am.activate()
        from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer

        try:
            self._tokenizer = VoiceBpeTokenizer(path)
        except Exception as error:  # the tokenizers library raises bare Exceptions
            raise ReaderError(f"{path} is not an XTTS vocabulary: {error}") from error

    def __call__(self, text: str, language: str) -> Reading:
        """Encode a text as training does."""
        inner = self._tokenizer.tokenizer
        if language == AMHARIC:
            ids, lost = read_amharic(inner, text)
            return Reading(len(ids), tuple(dict.fromkeys(lost)))
        language = language.split("-")[0]
        code = "zh-cn" if language == "zh" else language
        prepared = f"[{code}]{self._tokenizer.preprocess_text(text, language)}"
        words = [prepared.replace(" ", "[SPACE]")]
        encoding = encode_words(inner, words)
        return Reading(len(encoding), tuple(dict.fromkeys(lacking(inner, words, encoding))))


class CharactersReader:
    """A model with characters in its config, such as VITS.

    Parameters
    ----------
    path : Path
        Its ``config.json``.
    """

    def __init__(self, path: Path) -> None:
        am.activate()
        from TTS.config import load_config
        from TTS.tts.utils.text.tokenizer import TTSTokenizer

        self._tokenizer, _ = TTSTokenizer.init_from_config(load_config(path))

    def __call__(self, text: str, language: str) -> Reading:
        """Turn a text into ids as training does, phonemes included."""
        self._tokenizer.not_found_characters = []
        ids = self._tokenizer.text_to_ids(text, language=language)
        return Reading(len(ids), tuple(dict.fromkeys(self._tokenizer.not_found_characters)))
