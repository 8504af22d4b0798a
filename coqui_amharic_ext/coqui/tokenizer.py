"""Upstream's ``TTSTokenizer`` on Amharic: our characters, and text unchanged by cleaners."""

from __future__ import annotations

import copy
import functools
import logging
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from coqui_amharic_ext.coqui.characters import AmharicPhonemes, missing_symbols
from coqui_amharic_ext.coqui.languages import AMHARIC, is_amharic
from coqui_amharic_ext.patching import fingerprint
from coqui_amharic_ext.settings import get_settings
from coqui_amharic_ext.text import TextPolicy, normalize, to_ascii_punctuation
from coqui_amharic_ext.text.fidel import LETTERS

if TYPE_CHECKING:
    from TTS.tts.configs.shared_configs import BaseTTSConfig
    from TTS.tts.utils.text.characters import BaseCharacters
    from TTS.tts.utils.text.tokenizer import TTSTokenizer

    from coqui_amharic_ext.coqui.phonemizer import AmharicPhonemizer

logger = logging.getLogger(__name__)
_PHONEMIZER = "amharic"
_ONLY_AMHARIC = "_coqui_amharic_only"
_SIGNS = ("3:30", "-5", "2010-2015", "25%")


def speaks_amharic(config: BaseTTSConfig) -> bool:
    """Whether a config asks for Amharic phones, by phonemizer, language or dataset."""
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
    """Wrap ``TTSTokenizer.init_from_config`` to set Amharic's defaults first.

    Upstream replaces a config without characters by a copy. A recipe that built its model from the
    config then saves the old one, without phonemizer and characters, and the ``tts`` command cannot
    load it. With the defaults set first, there is only one config object.
    """
    call: Callable[..., Any] = original.__func__ if isinstance(original, staticmethod) else original

    @functools.wraps(call)
    def init_from_config(config: BaseTTSConfig, characters: BaseCharacters | None = None) -> Any:
        if not speaks_amharic(config):
            return call(config, characters)

        if config.get("phonemizer") == _PHONEMIZER and config.phoneme_language is None:
            config.phoneme_language = AMHARIC
        if config.characters is None and characters is None:
            config.characters = AmharicPhonemes().to_config()
        return call(config, characters)

    return staticmethod(init_from_config)


def init_with_warning(original: Any) -> Any:
    """Wrap ``TTSTokenizer.init_from_config`` to warn of Amharic that would be lost silently.

    That is a phone without a symbol, or a sign that the user's cleaner removes.
    """
    call: Callable[..., Any] = original.__func__ if isinstance(original, staticmethod) else original

    @functools.wraps(call)
    def init_from_config(config: BaseTTSConfig, characters: BaseCharacters | None = None) -> Any:
        tokenizer, new_config = call(config, characters)
        setattr(tokenizer, _ONLY_AMHARIC, _is_all_amharic(new_config))
        if not speaks_amharic(new_config):
            return tokenizer, new_config

        missing = missing_symbols(tokenizer.characters)
        if missing:
            logger.warning(
                "the config's characters lack %d symbols of Amharic (%s), which will be dropped "
                "from every text; leave `characters` out, or extend them with %s.extending()",
                len(missing),
                " ".join(missing),
                f"{AmharicPhonemes.__module__}.{AmharicPhonemes.__name__}",
            )
        for sign in _SIGNS:
            cleaned = _changed(tokenizer.text_cleaner, sign)
            if cleaned is not None:
                logger.warning(
                    "text_cleaner=%r makes %r of %r, before the phonemizer can read it in Amharic; "
                    "leave `text_cleaner` out of the config",
                    new_config.text_cleaner,
                    cleaned,
                    sign,
                )
                break
        return tokenizer, new_config

    return staticmethod(init_from_config)


def _is_all_amharic(config: BaseTTSConfig) -> bool:
    """Whether Amharic is a model's only language."""
    if is_amharic(config.phoneme_language):
        return True
    languages = [dataset.language for dataset in config.datasets or ()]
    return bool(languages) and all(map(is_amharic, languages))


def _is_users(cleaner: Callable[..., str]) -> bool:
    """Whether a cleaner is neither ours nor upstream's."""
    package = str(getattr(cleaner, "__module__", "")).partition(".")[0]
    return package not in {"TTS", "coqui_amharic_ext"}


def _changed(cleaner: Callable[..., str] | None, sign: str) -> str | None:
    """Return a sign as the user's cleaner changes it, ``None`` if Amharic can still read it."""
    if cleaner is None or not _is_users(cleaner):
        return None
    cleaned = cleaner(sign, lang=AMHARIC)  # as upstream calls it
    return None if sign in cleaned or re.search(f"[{LETTERS}]", cleaned) else cleaned


def amharic_phonemizer(tokenizer: TTSTokenizer, language: str | None) -> AmharicPhonemizer | None:
    """Return our phonemizer if a tokenizer uses it for this language."""
    from coqui_amharic_ext.coqui.phonemizer import AmharicPhonemizer

    phonemizer = getattr(tokenizer, "phonemizer", None)
    by_language = getattr(phonemizer, "lang_to_phonemizer", None)
    if by_language is not None:
        phonemizer = by_language.get(language)
    return phonemizer if isinstance(phonemizer, AmharicPhonemizer) else None


def own_cleaner(tokenizer: TTSTokenizer) -> str:
    """Return an identity of the user's cleaner, ``""`` for ours and upstream's."""
    cleaner = tokenizer.text_cleaner
    if cleaner is None or not _is_users(cleaner):
        return ""
    return f"{getattr(cleaner, '__qualname__', '')} {fingerprint(cleaner)[0]}"


def reading_amharic_uncleaned(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``TTSTokenizer.text_to_ids``: upstream's cleaners leave Amharic to our normaliser.

    Upstream's cleaners remove the signs by which figures are read (3:30 becomes 3,30, -5 becomes
    5) or read them out in English. Our phonemizer gets the text unchanged. A model of letters has
    no phonemizer: its text is normalised before the cleaner, so that a romanising cleaner still
    works. Text in other languages and the user's cleaners are not affected.
    """

    @functools.wraps(original)
    def text_to_ids(self: TTSTokenizer, text: str, language: str | None = None) -> Any:
        cleaner = self.text_cleaner
        if cleaner is None or _is_users(cleaner):
            return original(self, text, language)
        if self.phonemizer is not None:
            if amharic_phonemizer(self, language) is None:
                return original(self, text, language)
            # A copy, since other threads may use the tokenizer for other languages.
            uncleaned = copy.copy(self)
            uncleaned.text_cleaner = None
            return original(uncleaned, text, language)
        if is_amharic(language) or getattr(self, _ONLY_AMHARIC, False):
            if getattr(cleaner, "__name__", "") != "no_cleaners":
                text = _spoken_letters(text, self.characters.vocab)
        return original(self, text, language)

    return text_to_ids


def _spoken_letters(text: str, vocabulary: Any) -> str:
    """Return the spoken form of a text, with Ethiopic marks if a vocabulary has them."""
    words = normalize(text, TextPolicy.from_string(get_settings().text))
    return words if "።" in vocabulary else to_ascii_punctuation(words)
