"""XTTS's tokenizer on Amharic: what the model reads, how long it may be, what it lacks."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any, Final

from coqui_amharic_ext.coqui.languages import AMHARIC, is_amharic
from coqui_amharic_ext.coqui.live import AddedEntry
from coqui_amharic_ext.coqui.text_mode import mode_for
from coqui_amharic_ext.coqui.xtts_text import (
    SPACE,
    TOKEN,
    encode_pieces,
    in_vocabulary,
    xtts_pieces,
    xtts_settings,
)

logger = logging.getLogger(__name__)

CHAR_LIMIT: Final = 90
"""Characters of one XTTS input, measured by ``benchmarks/sentence_limits.py``.

On the bundled corpus Amharic is spoken at 7.8 characters a second, so that 90 last as long as the
longest clip that the recipe trains on (11.6 s); longer pieces are outside what the model has ever
spoken. They have at most 172 tokens and 12.8 s, well below the model's own 401 and 28 s.
"""

_warned: set[str] = set()


def preprocess_with_amharic(original: Callable[..., str]) -> Callable[..., str]:
    """Return ``VoiceBpeTokenizer.preprocess_text`` that knows Amharic.

    Amharic never reaches upstream's cleaners: they would read numbers by ``num2words``, which
    raises on 1900 and does not come back from 1234567 in Amharic.
    """

    @functools.wraps(original)
    def preprocess_text(self: Any, txt: str, lang: str) -> str:
        if is_amharic(lang):
            return "".join(_pieces(self.tokenizer, txt))
        return original(self, txt, lang)

    return preprocess_text


def clean_with_amharic(original: Callable[..., str]) -> Callable[..., str]:
    """Return XTTS's ``multilingual_cleaners`` that reads Amharic out.

    Upstream's fine-tuning demo calls it for what Whisper transcribed. Where it cuts recordings is
    its own: at a word that ends with one of . ! ? and so, with Whisper's ።, hardly anywhere.
    """

    @functools.wraps(original)
    def multilingual_cleaners(text: str, lang: str) -> str:
        if not is_amharic(lang):
            return original(text, lang)
        from coqui_amharic_ext.coqui.cleaners import spoken
        from coqui_amharic_ext.settings import get_settings

        return spoken(text, xtts_settings(get_settings())).lower()

    return multilingual_cleaners


def encode_with_amharic(original: Callable[..., list[int]]) -> Callable[..., list[int]]:
    """Return ``VoiceBpeTokenizer.encode`` that gives each phone of Amharic a token of its own.

    What the vocabulary lacks is named in the log.
    """

    @functools.wraps(original)
    def encode(self: Any, txt: str, lang: str) -> list[int]:
        if not is_amharic(lang):
            return original(self, txt, lang)
        self.check_input_length(txt, AMHARIC)
        ids = encode_pieces(self.tokenizer, _pieces(self.tokenizer, txt))
        unknown = self.tokenizer.token_to_id("[UNK]")
        if unknown is not None and unknown in ids:
            new = [piece for piece in unknown_pieces(self, txt) if piece not in _warned]
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


def unknown_pieces(tokenizer: Any, text: str) -> tuple[str, ...]:
    """Return the pieces of an Amharic text that a ``VoiceBpeTokenizer`` encodes as unknown.

    Parameters
    ----------
    tokenizer : VoiceBpeTokenizer
        With a vocabulary.
    text : str
        Written Amharic.

    Returns
    -------
    tuple of str
        Each piece once, in order; the language token ``[am]`` is one piece.
    """
    inner = tokenizer.tokenizer
    lacking: list[str] = [] if inner.token_to_id(TOKEN) is not None else [TOKEN]
    unknown = inner.token_to_id("[UNK]")
    for piece in dict.fromkeys(_pieces(inner, text)):
        prepared = piece.replace(" ", SPACE)
        encoding = inner.encode(prepared)
        for token_id, (start, end) in zip(encoding.ids, encoding.offsets, strict=True):
            if token_id == unknown:
                lacking.append(prepared[start:end])
    return tuple(dict.fromkeys(lacking))


def _pieces(tokenizer: Any, text: str) -> list[str]:
    """Return the pieces of an Amharic text in the mode that a vocabulary was made for."""
    from coqui_amharic_ext.settings import get_settings

    mode = mode_for(tokenizer, get_settings())
    return xtts_pieces(text, mode, known=None if tokenizer is None else in_vocabulary(tokenizer))


def _add_limit(limits: Any) -> Any:
    return limits if AMHARIC in limits else {**limits, AMHARIC: CHAR_LIMIT}


def _remove_limit(limits: Any) -> Any:
    return {language: limit for language, limit in limits.items() if language != AMHARIC}


CHAR_LIMITS: Final = AddedEntry("char_limits", _add_limit, _remove_limit)


def char_limits_with_amharic(original: object) -> AddedEntry:
    """Return the descriptor to put on ``VoiceBpeTokenizer``; upstream keeps limits per object."""
    return CHAR_LIMITS


def withdraw_limits() -> None:
    """Take Amharic's limit out of the tokenizers to which it was added."""
    CHAR_LIMITS.withdraw()
