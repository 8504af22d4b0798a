"""XTTS's tokenizer on Amharic: the text that the model reads, its limit, and missing tokens."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any, Final

from coqui_amharic_ext.coqui.cleaners import spoken
from coqui_amharic_ext.coqui.languages import AMHARIC, is_amharic
from coqui_amharic_ext.coqui.live import AddedEntry
from coqui_amharic_ext.coqui.text_mode import mode_for, mode_of
from coqui_amharic_ext.coqui.xtts_text import (
    TOKEN,
    in_vocabulary,
    words_of,
    xtts_pieces,
    xtts_settings,
)
from coqui_amharic_ext.lossless import LostTextError, encode_words, lacking, unknown_id
from coqui_amharic_ext.settings import get_settings

logger = logging.getLogger(__name__)

CHAR_LIMIT: Final = 90
"""Characters of one XTTS input, measured by ``benchmarks/sentence_limits.py``.

In the bundled corpus Amharic has 7.8 characters per second, so that 90 last as long as the longest
clip that the recipe trains on (11.6 s); the model has never spoken longer pieces. They have at most
172 tokens and 12.8 s, well below the model's limits of 401 and 28 s.
"""

_NAMED: Final = 12
_warned: set[str] = set()


def preprocess_with_amharic(original: Callable[..., str]) -> Callable[..., str]:
    """Wrap ``VoiceBpeTokenizer.preprocess_text`` to read Amharic.

    Amharic does not reach upstream's cleaners: they would read numbers with ``num2words``, which in
    Amharic raises on 1900 and does not return from 1234567.
    """

    @functools.wraps(original)
    def preprocess_text(self: Any, txt: str, lang: str) -> str:
        if is_amharic(lang):
            return "".join(_pieces(self.tokenizer, txt))
        return original(self, txt, lang)

    return preprocess_text


def clean_with_amharic(original: Callable[..., str]) -> Callable[..., str]:
    """Wrap XTTS's ``multilingual_cleaners`` to normalise Amharic.

    Upstream's fine-tuning demo calls it on Whisper's transcriptions. The demo cuts recordings only
    at words that end with . ! or ?, and so, with Whisper's ።, hardly anywhere.
    """

    @functools.wraps(original)
    def multilingual_cleaners(text: str, lang: str) -> str:
        if not is_amharic(lang):
            return original(text, lang)

        return spoken(text, xtts_settings(get_settings())).lower()

    return multilingual_cleaners


def encode_with_amharic(original: Callable[..., list[int]]) -> Callable[..., list[int]]:
    """Wrap ``VoiceBpeTokenizer.encode`` to encode each phone of Amharic as one token.

    Pieces that become the unknown token are logged. Pieces that the vocabulary would silently drop
    or change raise ``LostTextError``.
    """

    @functools.wraps(original)
    def encode(self: Any, txt: str, lang: str) -> list[int]:
        if not is_amharic(lang):
            return original(self, txt, lang)
        self.check_input_length(txt, AMHARIC)
        ids, lost = read_amharic(self.tokenizer, txt)
        silent = [piece for piece in dict.fromkeys(lost) if not _is_heard(self.tokenizer, piece)]
        if silent:
            raise _lost(self.tokenizer, silent, txt)
        new = [piece for piece in dict.fromkeys(lost) if piece not in _warned]
        if new:
            _warned.update(new)
            logger.warning(
                "the XTTS vocabulary lacks %s, which the model will not hear; extend the "
                "vocabulary (coqui-amharic vocab extend; first met in %r)",
                ", ".join(map(repr, new)),
                txt[:60],
            )
        return ids

    return encode


def read_amharic(tokenizer: Any, text: str) -> tuple[list[int], list[str]]:
    """Encode an Amharic text.

    Parameters
    ----------
    tokenizer : tokenizers.Tokenizer
        A vocabulary.
    text : str
        Written Amharic.

    Returns
    -------
    ids : list of int
        The model's input.
    lost : list of str
        The pieces that the vocabulary lacks, with repetitions.
    """
    words = words_of(_pieces(tokenizer, text))
    encoding = encode_words(tokenizer, words)
    return encoding.ids, lacking_words(tokenizer, words, encoding)


def lacking_words(tokenizer: Any, words: list[str], encoding: Any) -> list[str]:
    """Return the pieces of ``words_of`` a text that a vocabulary lacks.

    A missing language token counts as one piece rather than as brackets and letters.
    """
    if tokenizer.token_to_id(TOKEN) is None:
        return [TOKEN, *lacking(tokenizer, words[1:])]
    return lacking(tokenizer, words, encoding)


def _is_heard(tokenizer: Any, piece: str) -> bool:
    """Whether a piece at least becomes the unknown token."""
    return unknown_id(tokenizer) in encode_words(tokenizer, [piece]).ids


def _lost(tokenizer: Any, lost: list[str], text: str) -> LostTextError:
    shown = ", ".join(map(repr, lost[:_NAMED])) + (" and more" if len(lost) > _NAMED else "")
    form = ", or set xtts_text (COQUI_AMHARIC_XTTS_TEXT) to the form that it was made for"
    return LostTextError(
        f"the XTTS vocabulary drops or changes {shown} without telling the model, which would read "
        f"something else than {text[:60]!r}; extend vocabulary and checkpoint (coqui-amharic vocab "
        f"extend, coqui-amharic checkpoint extend){'' if mode_of(tokenizer) else form}"
    )


def _pieces(tokenizer: Any, text: str) -> list[str]:
    """Return the pieces of an Amharic text in the mode that a vocabulary was made for."""
    mode = mode_for(tokenizer, get_settings())
    return xtts_pieces(text, mode, known=None if tokenizer is None else in_vocabulary(tokenizer))


def _add_limit(limits: Any) -> Any:
    return limits if AMHARIC in limits else {**limits, AMHARIC: CHAR_LIMIT}


def _remove_limit(limits: Any) -> Any:
    return {language: limit for language, limit in limits.items() if language != AMHARIC}


CHAR_LIMITS: Final = AddedEntry("char_limits", _add_limit, _remove_limit)


def char_limits_with_amharic(original: object) -> AddedEntry:
    """Return the descriptor for ``VoiceBpeTokenizer``, whose objects each store their limits."""
    return CHAR_LIMITS


def withdraw_limits() -> None:
    """Remove Amharic's limit from the tokenizers to which it was added."""
    CHAR_LIMITS.withdraw()
