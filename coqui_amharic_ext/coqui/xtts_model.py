"""``Xtts.synthesize`` and ``inference`` on Amharic."""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable
from typing import Any, Final

from coqui_amharic_ext.coqui.cleaners import spoken
from coqui_amharic_ext.coqui.languages import AMHARIC, is_amharic
from coqui_amharic_ext.coqui.xtts_text import TOKEN, xtts_settings
from coqui_amharic_ext.errors import UnavailableError
from coqui_amharic_ext.settings import get_settings
from coqui_amharic_ext.text import words

logger = logging.getLogger(__name__)

_SPLITTING: Final = "enable_text_splitting"


def synthesize_with_amharic(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``Xtts.synthesize`` to accept all of Amharic's language codes."""

    @functools.wraps(original)
    def synthesize(self: Any, *args: Any, **kwargs: Any) -> Any:
        if is_amharic(kwargs.get("language")):
            kwargs["language"] = AMHARIC
        return original(self, *args, **kwargs)

    return synthesize


def inference_with_amharic(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``Xtts.inference`` or ``inference_stream`` to normalise Amharic text first.

    Upstream lowercases the text before cleaning it and counts its characters before numbers become
    words; normalising first keeps acronyms and splits text correctly. Text longer than
    ``char_limits`` is split unless the caller disables it: each phone is a token, so that one long
    sentence can exceed the model's 402 text tokens, at which upstream raises.
    """
    signature = inspect.signature(original)

    @functools.wraps(original)
    def inference(self: Any, text: str, language: str, *args: Any, **kwargs: Any) -> Any:
        if is_amharic(language):
            require_token(self.tokenizer)
            text, language = spoken(text, xtts_settings(get_settings())), AMHARIC
            given = signature.bind_partial(self, text, language, *args, **kwargs).arguments
            if _SPLITTING not in given:
                kwargs[_SPLITTING] = True
        else:
            warn_of_language(text, language)
        return original(self, text, language, *args, **kwargs)

    return inference


_warned: set[str] = set()


def warn_of_language(text: str, language: str) -> None:
    """Warn once of Ethiopic text in another language than Amharic: XTTS would speak noise."""
    if language in _warned or not isinstance(text, str) or not words(text):
        return
    _warned.add(language)
    logger.warning(
        "the language is %r and the text is in Ethiopic script (%r), which XTTS reads in Amharic "
        "alone; give the language am (tts and tts-server: --language_idx am)",
        language,
        text[:40],
    )


def require_token(tokenizer: Any) -> None:
    """Raise if a model's vocabulary has no token for Amharic.

    Raises
    ------
    UnavailableError
        XTTS would read ``[am]`` as three unknown pieces and speak noise.
    """
    inner = tokenizer.tokenizer
    if inner is not None and inner.token_to_id(TOKEN) is None:
        raise no_amharic()


def no_amharic() -> UnavailableError:
    """Return the error for a model whose vocabulary has no token for Amharic."""
    return UnavailableError(
        f"this XTTS model has no {TOKEN} token, so it was not trained on Amharic; extend its "
        "vocabulary and checkpoint (coqui-amharic vocab extend, coqui-amharic checkpoint "
        "extend) and fine-tune it first"
    )
