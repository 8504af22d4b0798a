"""The Coqui phonemizer ``amharic``: the G2P chain behind upstream's interface.

The module imports ``TTS``. It is loaded only after ``TTS``, and by name in DataLoader workers, so
that the class can be pickled under fork, spawn and forkserver.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from TTS.tts.utils.text.phonemizers.base import BasePhonemizer
from TTS.tts.utils.text.punctuation import Punctuation

from coqui_amharic_ext.coqui.languages import AMHARIC, VARIANTS
from coqui_amharic_ext.coqui.symbols import PUNCTUATION, drop_marks, separate, to_coqui
from coqui_amharic_ext.errors import SettingsError
from coqui_amharic_ext.g2p.readers import reader
from coqui_amharic_ext.settings import get_settings
from coqui_amharic_ext.text import TextPolicy

if TYPE_CHECKING:
    from coqui_amharic_ext.settings import Settings

logger = logging.getLogger(__name__)

NAME: Final = "amharic"


class AmharicPhonemizer(BasePhonemizer):
    """Transcribes Amharic with the configured G2P chain, one Coqui symbol per phone.

    An instance keeps the settings that were in force when it was built, also in other processes.

    Parameters
    ----------
    language : str or None
        ``am`` or one of its variants (``am-ET``, ``amh``, ...); None means ``am``.
    punctuations : str
        Marks to keep. Transcriptions contain ``. , ; : ? !``; Ethiopic marks are mapped to them.
    keep_puncs : bool
        False gives phones and spaces only.

    Raises
    ------
    SettingsError
        A ``COQUI_AMHARIC_*`` variable has an invalid value, or the text policy is ``latin=keep``,
        for which a vocabulary of phones has no letters.
    UnavailableError
        An explicitly chosen G2P backend cannot serve here.

    Examples
    --------
    >>> AmharicPhonemizer("am").phonemize("ሰላም!", separator="|")
    's|ə|l|a|m!'
    """

    def __init__(
        self,
        language: str | None = AMHARIC,
        punctuations: str = Punctuation.default_puncs(),
        *,
        keep_puncs: bool = True,
    ) -> None:
        # An invalid setting that autoload only stored, or a G2P backend that cannot serve, stops a
        # training run here rather than in a worker hours later. The settings are kept, so that a
        # model continues to read text as in training.
        self._settings: Settings = get_settings()
        _refuse_kept_latin(self._settings)
        reader(self._settings)
        super().__init__(
            AMHARIC if language is None else language,
            punctuations=punctuations,
            keep_puncs=keep_puncs,
        )

    @staticmethod
    def name() -> str:
        """Return the name that configs use."""
        return NAME

    @classmethod
    def is_available(cls) -> bool:
        """Return True: the rules backend has no dependencies."""
        return True

    def version(self) -> str:
        """Return the release of this package, which determines the transcription."""
        from coqui_amharic_ext import __version__

        return __version__

    @staticmethod
    def supported_languages() -> dict[str, str]:
        """Return the language codes that mean Amharic."""
        return dict(VARIANTS)

    @staticmethod
    def preferred_languages() -> list[str]:
        """Return the languages for which upstream should prefer this phonemizer."""
        return list(VARIANTS)

    def phonemize(self, text: str, separator: str = "|", language: str | None = None) -> str:
        """Transcribe a text.

        Parameters
        ----------
        text : str
            Written Amharic; numbers, abbreviations and Ethiopic punctuation are read out or mapped.
        separator : str
            Inserted between the phones of a word; words are separated by one space.
        language : str, optional
            Ignored, as in upstream's other phonemizers: an instance has one language.

        Returns
        -------
        str
            One character per phone and length mark; never an Ethiopic letter.

        Raises
        ------
        TypeError
            ``text`` or ``separator`` is not a string.
        TranscriptionError
            No configured backend gave an acceptable transcription.
        """
        # The whole text at once, not the pieces between marks as upstream does: "3.5" and "ዓ.ም"
        # are one word each, and upstream restores marks by recursion, once per mark.
        return self._phonemize(text, separator)

    def _phonemize(self, text: str, separator: str) -> str:
        from coqui_amharic_ext.g2p.api import phonemize

        for what, value in (("text", text), ("separator", separator)):
            if not isinstance(value, str):
                raise TypeError(f"{what} must be a str, got {type(value).__name__}: {value!r:.60}")
        symbols = to_coqui(phonemize(text, settings=self._settings))
        kept = self._punctuator.puncs if self._keep_puncs else ""
        unwanted = [mark for mark in PUNCTUATION if mark not in kept]
        if unwanted:
            symbols = drop_marks(symbols, unwanted)
        return separate(symbols, separator)

    def identity(self) -> str:
        """Return a digest of everything that determines a transcription."""
        kept = f"{self._keep_puncs} {self._punctuator.puncs}"
        return f"{reader(self._settings).identity()} {kept}"

    def print_logs(self, level: int = 0) -> None:
        """Log the language, the name and the G2P backends in order."""
        super().print_logs(level)
        logger.info("%s| G2P backends: %s", "\t" * level, ", ".join(self._settings.g2p_backends))


def _refuse_kept_latin(settings: Settings) -> None:
    if TextPolicy.from_string(settings.text).latin == "keep":
        raise SettingsError(
            f"text={settings.text!r}: latin=keep leaves Latin letters in the text, which a "
            "vocabulary of phones would read as phones; use latin=auto, spell or transliterate "
            "(keep is for XTTS)"
        )
