"""An Amharic config gets our characters from ``TTSTokenizer.init_from_config``, in place."""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from coqui_amharic_ext.coqui.languages import AMHARIC, is_amharic

if TYPE_CHECKING:
    from TTS.tts.configs.shared_configs import BaseTTSConfig
    from TTS.tts.utils.text.characters import BaseCharacters

logger = logging.getLogger(__name__)
_PHONEMIZER = "amharic"
_FIGURES = "25%"


def speaks_amharic(config: BaseTTSConfig) -> bool:
    """Return whether a config asks for Amharic phones, by phonemizer, language or data set."""
    if not config.use_phonemes:
        return False
    chosen = config.get("phonemizer")
    if chosen == "multi_phonemizer":
        return any(
            is_amharic(dataset.language) and dataset.phonemizer in {"", None, _PHONEMIZER}
            for dataset in config.datasets
        )
    if chosen:
        return bool(chosen == _PHONEMIZER)
    return is_amharic(config.phoneme_language)


def init_with_amharic(original: Any) -> Any:
    """Return upstream's ``TTSTokenizer.init_from_config`` with Amharic's defaults put in first.

    Upstream replaces a config without characters by a copy. Whoever built the model from the
    config then saves the old one, without phonemizer and characters, and the ``tts`` command
    cannot load it. Filling in ours before upstream looks keeps it to one config object.
    """
    call: Callable[..., Any] = original.__func__ if isinstance(original, staticmethod) else original

    @functools.wraps(call)
    def init_from_config(config: BaseTTSConfig, characters: BaseCharacters | None = None) -> Any:
        if not speaks_amharic(config):
            return call(config, characters)
        from coqui_amharic_ext.coqui.characters import AmharicPhonemes

        if config.get("phonemizer") == _PHONEMIZER and config.phoneme_language is None:
            config.phoneme_language = AMHARIC
        if config.characters is None and characters is None:
            config.characters = AmharicPhonemes().to_config()
        return call(config, characters)

    return staticmethod(init_from_config)


def init_with_warning(original: Any) -> Any:
    """Return ``TTSTokenizer.init_from_config`` that warns of what Amharic would lose silently.

    That is a phone without a symbol, or a number that a cleaner reads out in another language.
    """
    call: Callable[..., Any] = original.__func__ if isinstance(original, staticmethod) else original

    @functools.wraps(call)
    def init_from_config(config: BaseTTSConfig, characters: BaseCharacters | None = None) -> Any:
        tokenizer, new_config = call(config, characters)
        if not speaks_amharic(new_config):
            return tokenizer, new_config
        from coqui_amharic_ext.coqui.characters import AmharicPhonemes, missing_symbols

        missing = missing_symbols(tokenizer.characters)
        if missing:
            logger.warning(
                "the config's characters lack %d symbols of Amharic (%s), which will be dropped "
                "from every text; leave `characters` out, or extend them with %s.extending()",
                len(missing),
                " ".join(missing),
                f"{AmharicPhonemes.__module__}.{AmharicPhonemes.__name__}",
            )
        foreign = _reads_foreign(tokenizer.text_cleaner)
        if foreign:
            logger.warning(
                "text_cleaner=%r makes %r of %r, before the phonemizer can read it in Amharic; "
                "leave `text_cleaner` out of the config",
                new_config.text_cleaner,
                foreign,
                _FIGURES,
            )
        return tokenizer, new_config

    return staticmethod(init_from_config)


def _reads_foreign(cleaner: Callable[..., str] | None) -> str:
    """Return what one of upstream's cleaners makes of figures, if it reads them out itself."""
    if cleaner is None:
        return ""
    parameter = inspect.signature(cleaner).parameters.get("lang")
    # Those of one language have it as their default; the others read nothing out.
    language = None if parameter is None else parameter.default
    if not isinstance(language, str) or is_amharic(language):
        return ""
    read = cleaner(_FIGURES, lang=AMHARIC)  # as upstream calls it: told the text's language
    return "" if _FIGURES in read else read
