"""The text cleaner ``amharic_cleaners``, which upstream finds by its name."""

from __future__ import annotations

from coqui_amharic_ext.coqui.languages import is_amharic


def amharic_cleaners(text: str, lang: str | None = None) -> str:
    """Pipeline for Amharic: numbers and abbreviations in words, punctuation in ASCII.

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
    from coqui_amharic_ext.text import normalize
    from coqui_amharic_ext.text.punctuation import to_ascii_punctuation

    return " ".join(to_ascii_punctuation(normalize(text)).split())
