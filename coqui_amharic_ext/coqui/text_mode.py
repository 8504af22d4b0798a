"""The form of Amharic of an XTTS vocabulary: phones (``ipa``) or letters (``fidel``).

The vocabulary names it by a special token, ``[am-ipa]`` or ``[am-fidel]``, to which no text is
encoded. The vocabulary is the one file that always accompanies a model; ``XttsConfig`` and
``tokenizers`` drop unknown fields. The form of other people's vocabularies follows from their
tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from coqui_amharic_ext.coqui.languages import AMHARIC
from coqui_amharic_ext.coqui.letters import amharic_letters
from coqui_amharic_ext.coqui.symbols import phone_symbols
from coqui_amharic_ext.errors import SettingsError

if TYPE_CHECKING:
    from coqui_amharic_ext.settings import Settings

MODES: Final = ("ipa", "fidel")
DEFAULT: Final = "ipa"
_MOST: Final = 0.5
MARKERS: Final = {mode: f"[{AMHARIC}-{mode}]" for mode in MODES}


def mode_of(tokenizer: Any) -> str | None:
    """Return the text mode that a ``tokenizers.Tokenizer`` was made for; see ``mode_by``."""
    if tokenizer is None:
        return None
    return mode_by(lambda token: tokenizer.token_to_id(token) is not None)


def mode_by(known: Callable[[str], bool]) -> str | None:
    """Return the text mode that a vocabulary names or, where it names none, that its tokens show.

    Parameters
    ----------
    known : callable
        Tells whether the vocabulary has a token.

    Returns
    -------
    str or None
        ``fidel`` for Ethiopic letters without the phones, ``ipa`` for phones without such letters;
        ``None`` where it has neither or both.
    """
    named = next((mode for mode, token in MARKERS.items() if known(token)), None)
    if named is not None:
        return named
    letters, phones = _own_symbols()
    share = sum(map(known, phones)) / len(phones)
    if any(map(known, letters)):
        # Other languages use some letters of IPA, too.
        return "fidel" if share < _MOST else None
    return "ipa" if share >= _MOST else None


@lru_cache(maxsize=1)
def _own_symbols() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the letters, and the phones that are not letters of other languages as well."""
    phones = (symbol for symbol in phone_symbols() if not symbol.isascii())
    # Labialised phones, written in capitals, have a second spelling.
    return amharic_letters(), tuple(symbol for symbol in phones if not symbol.isupper())


def mode_for(tokenizer: Any, settings: Settings) -> str:
    """Return the text mode to use with a vocabulary.

    Parameters
    ----------
    tokenizer : tokenizers.Tokenizer or None
        The vocabulary; ``None`` and one that has no mode leave the choice to the settings.
    settings : Settings
        ``xtts_text="auto"`` takes the vocabulary's mode, ``ipa`` where it has none.

    Raises
    ------
    SettingsError
        ``xtts_text`` is not the vocabulary's mode: the model would read symbols that it never saw
        in training.
    """
    named, chosen = mode_of(tokenizer), settings.xtts_text
    if named is None:
        return DEFAULT if chosen == "auto" else chosen
    if chosen not in ("auto", named):
        raise SettingsError(
            f"xtts_text={chosen!r}, but this XTTS vocabulary was made for {named!r}, and a model "
            f"trained with it knows nothing else; leave xtts_text (COQUI_AMHARIC_XTTS_TEXT) at "
            f"'auto' or set it to {named!r}"
        )
    return named
