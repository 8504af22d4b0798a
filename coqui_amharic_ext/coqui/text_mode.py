"""Which form of Amharic an XTTS vocabulary was made for: phones (``ipa``) or letters (``fidel``).

The vocabulary says so by a special token of its own, ``[am-ipa]`` or ``[am-fidel]``, which no text
is ever encoded to. The vocabulary is the one file that goes with a model wherever it goes:
``XttsConfig`` drops fields that it does not know, and so does ``tokenizers``. Vocabularies that
others made are told by what they hold.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from coqui_amharic_ext.coqui.languages import AMHARIC
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
    """Return the text mode that a vocabulary names or, where it names none, that it is made for.

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
        # Some letters of IPA are other languages', too.
        return "fidel" if share < _MOST else None
    return "ipa" if share >= _MOST else None


@lru_cache(maxsize=1)
def _own_symbols() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the letters, and the phones that are not letters of other languages as well."""
    from coqui_amharic_ext.coqui.letters import amharic_letters
    from coqui_amharic_ext.coqui.symbols import phone_symbols

    phones = (symbol for symbol in phone_symbols() if not symbol.isascii())
    # Labialised phones, in capitals, have two ways to be written.
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
        ``xtts_text`` is another mode than the vocabulary's: the model would be given symbols that
        it never saw in training.
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
