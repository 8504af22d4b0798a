"""Comparing versions, as far as telling what fits together needs it.

``packaging`` would do it, but the doctor must run where it is not installed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

_RELEASE: Final = re.compile(r"v?(?:\d+!)?(\d+(?:\.\d+)*)")
_REQUIREMENT: Final = re.compile(
    r"\s*(?P<name>[A-Za-z0-9][\w.-]*)\s*(?:\[[^]]*\])?\s*\(?(?P<range>[^;()]*)\)?\s*"
    r"(?:;(?P<marker>.*))?"
)
_CLAUSE: Final = re.compile(r"(~=|==|!=|>=|<=|>|<)\s*([^\s,]+)")
_COMPARE: Final[dict[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]]] = {
    "==": lambda one, other: one == other,
    "!=": lambda one, other: one != other,
    ">=": lambda one, other: one >= other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    "<": lambda one, other: one < other,
}


class Requirement(NamedTuple):
    """What one distribution asks of another."""

    name: str
    range: str
    marker: str

    def __str__(self) -> str:
        return self.name + self.range


def release(version: str) -> tuple[int, ...]:
    """Return a version's numbers; local parts and pre-release marks do not count.

    >>> release("2.14.1+cu130")
    (2, 14, 1)
    """
    match = _RELEASE.match(version.strip())
    return tuple(int(part) for part in match[1].split(".")) if match else ()


def fits(version: str, wanted: str) -> bool:
    """Return whether a version is in a range such as ``>=2.11,!=2.13.0,<2.15``."""
    found = release(version)
    return all(_holds(found, operator, bound) for operator, bound in _CLAUSE.findall(wanted))


def _holds(version: tuple[int, ...], operator: str, bound: str) -> bool:
    wanted = release(bound)
    version += (0,) * (len(wanted) - len(version))
    if operator == "~=":
        return _padded(version, wanted, ">=") and version[: len(wanted) - 1] == wanted[:-1]
    if bound.endswith(".*"):
        same = version[: len(wanted)] == wanted
        return same if operator == "==" else not same
    return _padded(version, wanted, operator)


def _padded(one: tuple[int, ...], other: tuple[int, ...], operator: str) -> bool:
    size = max(len(one), len(other))
    return _COMPARE[operator](one + (0,) * (size - len(one)), other + (0,) * (size - len(other)))


def requirement(text: str) -> Requirement:
    """Take apart a requirement as metadata has it."""
    match = _REQUIREMENT.match(text)
    if match is None:
        raise ValueError(f"{text!r} is not a requirement")
    wanted = ",".join(operator + bound for operator, bound in _CLAUSE.findall(match["range"]))
    return Requirement(canonical(match["name"]), wanted, (match["marker"] or "").strip())


def canonical(name: str) -> str:
    """Return a distribution's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()
