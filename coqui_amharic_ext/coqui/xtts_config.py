"""``XttsConfig.languages`` lists Amharic, in configs from files and from before activation, too."""

from __future__ import annotations

from dataclasses import fields
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
    factory = next(f.default_factory for f in fields(config) if f.name == "languages")
    return factory()  # type: ignore[operator]


LANGUAGES: Final = AddedEntry("languages", _add, _remove, _default)


def languages_with_amharic(original: object) -> AddedEntry:
    """Return the descriptor for ``XttsConfig``, whose objects each store the attribute."""
    return LANGUAGES


def withdraw() -> None:
    """Remove Amharic from the configs to which it was added."""
    LANGUAGES.withdraw()
