"""Versions: what counts as fitting."""

from __future__ import annotations

import pytest
from packaging.specifiers import SpecifierSet

from coqui_amharic_ext.doctor.versions import fits, release


@pytest.mark.parametrize(
    ("version", "numbers"),
    [("2.14.1+cu130", (2, 14, 1)), ("4.0.0b36", (4, 0, 0)), ("v1.2", (1, 2)), ("", ()), ("x", ())],
)
def test_local_parts_and_pre_releases_are_left_out(version: str, numbers: tuple[int, ...]) -> None:
    assert release(version) == numbers


@pytest.mark.parametrize(
    ("version", "wanted", "expected"),
    [
        ("2.14.1+cu130", ">=2.11,<2.15", True),
        ("2.15.0a1", ">=2.11,<2.15", False),
        ("2.11.0rc1", ">=2.11", True),  # as complete as its release
        ("2.13.0+cpu", ">=2.11,!=2.13.0", False),
        ("1", "", True),
        ("not a version", ">=1", False),
        ("", "", False),
    ],
)
def test_a_pre_release_and_a_local_build_count_as_their_release(
    version: str, wanted: str, expected: bool
) -> None:
    assert fits(version, SpecifierSet(wanted)) is expected
