"""The public functions: ``phonemize``, ``phonemize_many``, ``transcribe``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from coqui_amharic_ext.g2p.readers import reader
from coqui_amharic_ext.g2p.types import Transcription
from coqui_amharic_ext.settings import get_settings

if TYPE_CHECKING:
    from coqui_amharic_ext.settings import Settings

_SHOWN: Final = 60


def phonemize(text: str, *, backend: str | None = None, settings: Settings | None = None) -> str:
    """Transcribe Amharic text to IPA.

    The text is normalised first (numbers, abbreviations, Latin-script words are read out).
    Characters without a reading (emoji, private-use characters, other scripts) are left out.

    Parameters
    ----------
    text : str
        Written Amharic.
    backend : str, optional
        One G2P backend to ask, instead of the configured ones in order. Words it cannot do
        credibly are still read by ``rules``; ``transcribe`` tells which.
    settings : Settings, optional
        Instead of the settings in force.

    Returns
    -------
    str
        Words separated by one space; ``. , ; : ? !`` kept, joined to the word before; ``""`` where
        there is nothing to read. Never an Ethiopic letter. Only ``Settings(text="latin=keep")``
        leaves Latin-script words in it, as written.

    Raises
    ------
    TypeError
        ``text`` is not a ``str``.
    SettingsError
        The backend's name is not known.
    UnavailableError
        The chosen backend cannot serve here, or none of the configured ones can.

    Examples
    --------
    >>> phonemize("ሰላም፣ እንዴት ነህ?", backend="rules")
    'səlam, ʔɨndet nəh?'
    """
    _require_str("phonemize", text)
    return reader(settings, backend).phonemize(text)


def transcribe(
    text: str, *, backend: str | None = None, settings: Settings | None = None
) -> Transcription:
    """Transcribe Amharic text and report how each word was transcribed.

    Parameters and errors are those of ``phonemize``.

    Returns
    -------
    Transcription
        The normalised text, the IPA that ``phonemize`` gives, and for each word the backend that
        answered, the rejected ones with reasons, the quality measures and other readings.
    """
    _require_str("transcribe", text)
    return reader(settings, backend).transcribe(text)


def phonemize_many(
    texts: Iterable[str],
    *,
    backend: str | None = None,
    workers: int = 1,
    settings: Settings | None = None,
) -> Iterator[str]:
    """Transcribe texts one after the other, as they come.

    Parameters
    ----------
    texts : iterable of str
        Read lazily; only a few hundred texts per worker are held at a time.
    backend, settings
        As in ``phonemize``.
    workers : int
        Processes. With more than one, a script needs the usual ``if __name__ == "__main__":``
        where multiprocessing does not fork.

    Yields
    ------
    str
        IPA in the order of ``texts``.

    Raises
    ------
    TypeError
        ``texts`` is one string, ``workers`` is no number, or an item is not a ``str`` (raised when
        its turn comes).
    ValueError
        ``workers`` is less than 1.
    """
    if isinstance(texts, (str, bytes)):
        raise TypeError(
            f"phonemize_many() takes several texts, got one {type(texts).__name__}: "
            f"{_shown(texts)}; use phonemize() for one"
        )
    if isinstance(workers, bool) or not isinstance(workers, int):
        raise TypeError(f"workers is a whole number, got {type(workers).__name__}: {workers!r}")
    if workers < 1:
        raise ValueError(f"workers={workers} is not valid; give 1 or more")
    checked = (_require_str("phonemize_many", text) for text in iter(texts))
    settings = get_settings() if settings is None else settings
    chosen = reader(settings, backend)  # what cannot be served is an error here, not in a worker
    if workers == 1:
        return map(chosen.phonemize, checked)
    from coqui_amharic_ext.g2p.workers import in_processes  # multiprocessing takes 20 ms to import

    return in_processes(checked, workers, settings, backend)


def _require_str(function: str, text: object) -> str:
    if isinstance(text, str):
        return text
    hint = "; decode it first" if isinstance(text, (bytes, bytearray)) else ""
    raise TypeError(f"{function}() takes a str, got {type(text).__name__}: {_shown(text)}{hint}")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
