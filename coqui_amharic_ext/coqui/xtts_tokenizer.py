"""XTTS's tokenizer on Amharic: what the model reads, how long it may be, what it lacks."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any, Final

from coqui_amharic_ext.coqui.languages import AMHARIC, is_amharic
from coqui_amharic_ext.coqui.live import AddedEntry

logger = logging.getLogger(__name__)

TOKEN: Final = f"[{AMHARIC}]"
"""The language token that XTTS puts before the text."""

CHAR_LIMIT: Final = 120
"""Characters of one XTTS input.

As long to say as upstream's 250 characters of English: espeak-ng reads article 1 of the Universal
Declaration of Human Rights at 18.8 characters a second in English and at 9.2 in Amharic. A
character is at most 1.7 symbols in running text, which keeps below the model's 402 text tokens.
"""

_LATIN: Final = frozenset("abcdefghijklmnopqrstuvwxyz'")
"""What ``latin=keep`` leaves in a transcription and XTTS's vocabularies hold."""

_warned: set[str] = set()


def xtts_text(text: str) -> str:
    """Return what XTTS reads for an Amharic text, by ``Settings.xtts_text``.

    Parameters
    ----------
    text : str
        Written Amharic.

    Returns
    -------
    str
        ``ipa``: one character per phone (``symbols.to_coqui``), so that each phone can be one
        vocabulary entry whatever merges a vocabulary has. ``fidel``: normalised text in Ethiopic
        script. Both with ``. , ; : ? !``, in one line.

    Raises
    ------
    TypeError
        ``text`` is not a string.
    SettingsError
        A ``COQUI_AMHARIC_*`` variable holds a value that is not valid.
    """
    if not isinstance(text, str):
        raise TypeError(f"text must be a str, got {type(text).__name__}: {text!r:.60}")
    from coqui_amharic_ext.settings import get_settings

    settings = get_settings()
    if settings.xtts_text == "fidel":
        from coqui_amharic_ext.coqui.cleaners import spoken

        # XTTS's vocabularies hold no capital letters; upstream lowers every language's text.
        return spoken(text, settings).lower()
    from coqui_amharic_ext.coqui.symbols import to_coqui
    from coqui_amharic_ext.g2p.api import phonemize
    from coqui_amharic_ext.text import TextPolicy

    if TextPolicy.from_string(settings.text).latin == "keep":
        # Before transcription: afterwards capitals are labialised phones.
        return to_coqui(phonemize(text.lower(), settings=settings), also=_LATIN)
    return to_coqui(phonemize(text, settings=settings))


def preprocess_with_amharic(original: Callable[..., str]) -> Callable[..., str]:
    """Return ``VoiceBpeTokenizer.preprocess_text`` that knows Amharic.

    Amharic never reaches upstream's cleaners: they would read numbers by ``num2words``, which
    raises on 1900 and does not come back from 1234567 in Amharic.
    """

    @functools.wraps(original)
    def preprocess_text(self: Any, txt: str, lang: str) -> str:
        if is_amharic(lang):
            return xtts_text(txt)
        return original(self, txt, lang)

    return preprocess_text


def clean_with_amharic(original: Callable[..., str]) -> Callable[..., str]:
    """Return XTTS's ``multilingual_cleaners`` that reads Amharic; the fine-tuning demo calls it."""

    @functools.wraps(original)
    def multilingual_cleaners(text: str, lang: str) -> str:
        if not is_amharic(lang):
            return original(text, lang)
        from coqui_amharic_ext.coqui.cleaners import spoken
        from coqui_amharic_ext.settings import get_settings

        return spoken(text, get_settings()).lower()

    return multilingual_cleaners


def encode_with_amharic(original: Callable[..., list[int]]) -> Callable[..., list[int]]:
    """Return ``VoiceBpeTokenizer.encode`` that says so when the vocabulary lacks Amharic."""

    @functools.wraps(original)
    def encode(self: Any, txt: str, lang: str) -> list[int]:
        if not is_amharic(lang):
            return original(self, txt, lang)
        ids = original(self, txt, AMHARIC)
        unknown = self.tokenizer.token_to_id("[UNK]")
        if unknown is not None and unknown in ids:
            new = [piece for piece in unknown_pieces(self, txt) if piece not in _warned]
            if new:
                _warned.update(new)
                logger.warning(
                    "the XTTS vocabulary lacks %s, which the model will not hear; extend the "
                    "vocabulary for Amharic (first met in %r)",
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
    pieces: list[str] = [] if inner.token_to_id(TOKEN) is not None else [TOKEN]
    unknown = inner.token_to_id("[UNK]")
    prepared = xtts_text(text).replace(" ", "[SPACE]")
    encoding = inner.encode(prepared)
    for token_id, (start, end) in zip(encoding.ids, encoding.offsets, strict=True):
        if token_id == unknown:
            pieces.append(prepared[start:end])
    return tuple(dict.fromkeys(pieces))


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
