"""The text cleaner ``amharic_cleaners``, which upstream looks up by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from coqui_amharic_ext.coqui.languages import is_amharic
from coqui_amharic_ext.settings import get_settings
from coqui_amharic_ext.text import TextPolicy, normalize, to_ascii_punctuation

if TYPE_CHECKING:
    from coqui_amharic_ext.settings import Settings


def added(original: object) -> Callable[..., str]:
    """Return ``amharic_cleaners``, for upstream's module of cleaners."""
    return amharic_cleaners


def amharic_cleaners(text: str, lang: str | None = None) -> str:
    """Clean Amharic: numbers and abbreviations become words, punctuation becomes ASCII.

    Parameters
    ----------
    text : str
        Written Amharic.
    lang : str, optional
        The sample's language. Text of another language in a multilingual model goes through
        upstream's ``multilingual_cleaners``; no language means Amharic.

    Returns
    -------
    str
        Spoken Amharic in Ethiopic script with ``. , ; : ? !`` on one line; cleaning it again
        changes nothing.

    Raises
    ------
    TypeError
        ``text`` is not a string.
    """
    if not isinstance(text, str):
        raise TypeError(f"text must be a str, got {type(text).__name__}: {text!r:.60}")
    if lang and not is_amharic(lang):
        from TTS.tts.utils.text.cleaners import multilingual_cleaners

        return str(multilingual_cleaners(text, lang))

    return spoken(text, get_settings())


def spoken(text: str, settings: Settings) -> str:
    """Return the spoken form of a text in one line, with ASCII punctuation.

    Parameters
    ----------
    text : str
        Written Amharic.
    settings : Settings
        Its ``text`` says how numbers, Latin-script words and so on are read.
    """
    policy = TextPolicy.from_string(settings.text)
    return " ".join(to_ascii_punctuation(normalize(text, policy)).split())
