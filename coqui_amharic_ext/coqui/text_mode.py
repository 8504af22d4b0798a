"""Which form of Amharic an XTTS vocabulary was made for: phones (``ipa``) or letters (``fidel``).

The vocabulary says so by a special token of its own, ``[am-ipa]`` or ``[am-fidel]``, which no text
is ever encoded to. The vocabulary is the one file that goes with a model wherever it goes:
``XttsConfig`` drops fields that it does not know, and so does ``tokenizers``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from coqui_amharic_ext.coqui.languages import AMHARIC
from coqui_amharic_ext.errors import SettingsError

if TYPE_CHECKING:
    from coqui_amharic_ext.settings import Settings

MODES: Final = ("ipa", "fidel")
DEFAULT: Final = "ipa"
MARKERS: Final = {mode: f"[{AMHARIC}-{mode}]" for mode in MODES}


def mode_of(tokenizer: Any) -> str | None:
    """Return the text mode that a ``tokenizers.Tokenizer`` names, ``None`` where it names none."""
    if tokenizer is None:
        return None
    for mode, token in MARKERS.items():
        if tokenizer.token_to_id(token) is not None:
            return mode
    return None


def mode_for(tokenizer: Any, settings: Settings) -> str:
    """Return the text mode to use with a vocabulary.

    Parameters
    ----------
    tokenizer : tokenizers.Tokenizer or None
        The vocabulary; ``None`` and one that names no mode leave the choice to the settings.
    settings : Settings
        ``xtts_text="auto"`` takes the vocabulary's mode, ``ipa`` where it names none.

    Raises
    ------
    SettingsError
        ``xtts_text`` names another mode than the vocabulary: the model would be given symbols that
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
