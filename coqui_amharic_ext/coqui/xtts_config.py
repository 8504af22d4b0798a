"""``XttsConfig.languages`` lists Amharic, however and whenever the config came to be."""

from __future__ import annotations

from typing import Any, Final

from coqui_amharic_ext.coqui.languages import AMHARIC
from coqui_amharic_ext.coqui.live import AddedEntry


def _add(languages: Any) -> Any:
    if not isinstance(languages, (list, tuple)) or AMHARIC in languages:
        return languages
    return [*languages, AMHARIC]


def _remove(languages: Any) -> Any:
    if not isinstance(languages, (list, tuple)):
        return languages
    return [language for language in languages if language != AMHARIC]


def _default(config: Any) -> Any:
    from dataclasses import fields

    factory = next(f.default_factory for f in fields(config) if f.name == "languages")
    return factory()  # type: ignore[operator]


LANGUAGES: Final = AddedEntry("languages", _add, _remove, _default)


def languages_with_amharic(original: object) -> AddedEntry:
    """Return the descriptor to put on ``XttsConfig``; the attribute is per object upstream."""
    return LANGUAGES


def withdraw() -> None:
    """Take Amharic out of the configs to which it was added."""
    LANGUAGES.withdraw()
