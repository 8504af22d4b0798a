"""Versions and requirements, held against packaging's reading of them."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from coqui_amharic_ext.doctor.versions import fits, release, requirement

NUMBERS = st.lists(st.integers(0, 30), min_size=1, max_size=3).map(lambda n: ".".join(map(str, n)))
TWO = st.lists(st.integers(0, 30), min_size=2, max_size=3).map(lambda n: ".".join(map(str, n)))
CLAUSE = (
    st.tuples(st.sampled_from(["==", "!=", ">=", "<=", ">", "<"]), NUMBERS)
    | st.tuples(st.just("~="), TWO)
    | st.tuples(st.sampled_from(["==", "!="]), NUMBERS.map(lambda n: n + ".*"))
).map("".join)


@example("0", "==0.0.*")
@example("1", "~=1.0.0")
@given(NUMBERS, st.lists(CLAUSE, max_size=3).map(",".join))
def test_ranges_are_read_as_packaging_reads_them(version: str, wanted: str) -> None:
    assert fits(version, wanted) == (Version(version) in SpecifierSet(wanted))


@pytest.mark.parametrize(
    "text",
    [
        "six",
        "coqui-tts<0.29,>=0.28",
        "torch (>=2.11,!=2.13.0)",
        "fsspec[http]>=2023.6.0",
        'cuda-bindings<14,>=13.0.3; platform_system == "Linux"',
        "Typing_Extensions >= 4.13",
    ],
)
def test_requirements_are_read_as_packaging_reads_them(text: str) -> None:
    found, expected = requirement(text), Requirement(text)
    assert found.name == expected.name.lower().replace("_", "-")
    assert SpecifierSet(found.range) == expected.specifier
    assert bool(found.marker) == bool(expected.marker)


@pytest.mark.parametrize(
    ("version", "numbers"),
    [("2.14.1+cu130", (2, 14, 1)), ("4.0.0b36", (4, 0, 0)), ("v1.2", (1, 2)), ("", ())],
)
def test_local_parts_and_pre_releases_are_left_out(version: str, numbers: tuple[int, ...]) -> None:
    assert release(version) == numbers
