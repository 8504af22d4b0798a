"""How one setting is declared: how its variable is read, what it may hold, what it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Any, Final

PREFIX: Final = "COQUI_AMHARIC_"
XTTS: Final = "xtts"
FREEZABLE: Final = ("text", "mel", "positions", "conditioning", "transformer")
"""Parts of the XTTS GPT that ``Settings.freeze`` names."""
ALL_BUT_TEXT: Final = "all_but_text"

_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off", ""})

Check = Callable[[Any], object]
"""Raises ``ValueError`` or ``TypeError`` where a value is not valid; the message completes
"``name=value`` is not valid"."""


def option(
    default: Any,
    doc: str,
    *,
    parse: Callable[[str], Any] = str,
    check: Check = lambda value: None,
    variable: str = "",
    model: str = "",
) -> Any:
    """Declare a field of ``Settings``.

    Parameters
    ----------
    default : object
        Its value where nothing else is given.
    doc : str
        What it does, for help texts and the documentation.
    parse : callable
        Reads the variable's text; raises ``ValueError``.
    check : callable
        See ``Check``.
    variable : str
        The environment variable, without the prefix; by default the field's name in capitals.
    model : str
        The only model that reads it, ``""`` where every model does.
    """
    metadata = {"doc": doc, "parse": parse, "check": check, "variable": variable, "model": model}
    return field(default=default, metadata=metadata)


def switch(default: bool, doc: str, *, model: str = "") -> Any:
    """Declare a setting that is on or off."""
    return option(default, doc, parse=parse_switch, check=_check_switch, model=model)


def choice(default: str, doc: str, choices: tuple[str, ...], *, model: str = "") -> Any:
    """Declare a setting that is one of a few names."""

    def check(value: object) -> None:
        if value not in choices:
            raise ValueError("valid values: " + ", ".join(choices))

    return option(default, doc, check=check, model=model)


def count(doc: str, valid: str, *, model: str = "") -> Any:
    """Declare a whole number of which 0 is the default and switches something off."""

    def check(value: object) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise ValueError(f"valid values: {valid}")

    return option(0, doc, parse=int, check=check, model=model)


def written(default: str, doc: str, read: Check, example: str, *, model: str = "") -> Any:
    """Declare a setting with a syntax of its own, which ``read`` knows; ``""`` is always valid."""

    def check(value: object) -> None:
        if not isinstance(value, str):
            raise ValueError(f"valid values: text such as {example}")
        if value:
            read(value)

    return option(default, doc, check=check, model=model)


def path(doc: str) -> Any:
    """Declare a file or folder; an empty variable is none."""
    return option(None, doc, parse=lambda text: text or None)


def parse_names(text: str) -> tuple[str, ...]:
    """Read names separated by commas."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def parse_switch(text: str) -> bool:
    """Read a switch.

    Raises
    ------
    ValueError
        It is neither on nor off.
    """
    lowered = text.strip().lower()
    if lowered in _TRUE:
        return True
    if lowered in _FALSE:
        return False
    raise ValueError("expected one of 0, 1, true, false, yes, no, on, off")


def _check_switch(value: object) -> None:
    if not isinstance(value, bool):
        raise ValueError("valid values: True or False")


def check_seconds(value: object) -> None:
    """Require a time above 0."""
    if not isinstance(value, (int, float)) or not value > 0:
        raise ValueError("valid values: a number of seconds above 0")


def check_name(value: object) -> None:
    """Require a name; which names there are is known to the plugins."""
    if not isinstance(value, str) or not value:
        raise ValueError("valid values: one name")


def check_names(value: tuple[object, ...]) -> None:
    """Require names, each once; which names there are is known to the plugins."""
    if not value:
        raise ValueError("valid values: at least one name")
    for name in value:
        check_name(name)
    if len(set(value)) != len(value):
        raise ValueError("valid values: each name once")


def parse_freeze(text: str) -> tuple[str, ...]:
    """Return the parts that ``Settings.freeze`` names.

    Raises
    ------
    ValueError
        A part is not known, or nothing would be left to train.
    """
    parts: list[str] = []
    for name in parse_names(text):
        if name == ALL_BUT_TEXT:
            parts += [part for part in FREEZABLE if part != "text"]
        elif name in FREEZABLE:
            parts.append(name)
        else:
            raise ValueError(f"{name!r} is not one of {', '.join((ALL_BUT_TEXT, *FREEZABLE))}")
    parts = list(dict.fromkeys(parts))
    if len(parts) == len(FREEZABLE):
        raise ValueError("nothing would be left to train")
    return tuple(parts)


def parse_language_weights(text: str) -> dict[str, float]:
    """Read ``"am=3,en=1"``; ``"uniform"`` reads as no entry at all.

    Raises
    ------
    ValueError
        An entry is not ``language=number``, a number is negative or not finite, a language comes
        twice, or no weight is above 0.
    """
    if text.strip() in {"", "uniform"}:
        return {}
    weights: dict[str, float] = {}
    for part in text.split(","):
        language, equals, number = (piece.strip() for piece in part.partition("="))
        try:
            weight = float(number)
        except ValueError:
            weight = -1.0
        if not language or not equals or not 0 <= weight < float("inf"):
            raise ValueError(f"{part.strip()!r} is not language=weight, such as am=3,en=1")
        if language in weights:
            raise ValueError(f"{language!r} is given twice")
        weights[language] = weight
    if not any(weights.values()):
        raise ValueError("no language has a weight above 0")
    return weights
