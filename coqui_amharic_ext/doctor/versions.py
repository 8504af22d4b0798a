"""Versions and ranges, compared by ``packaging``."""

from __future__ import annotations

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version


def release(version: str) -> tuple[int, ...]:
    """Return a version's numbers without local and pre-release parts, ``()`` for an invalid one.

    >>> release("2.14.1+cu130")
    (2, 14, 1)
    """
    try:
        return Version(version).release
    except InvalidVersion:
        return ()


def fits(version: str, wanted: SpecifierSet) -> bool:
    """Return whether a version is in a range; a pre-release counts as its release."""
    try:
        return Version(version).base_version in wanted
    except InvalidVersion:
        return False
