"""Fixtures of the G2P tests."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import pytest

from tests.g2p.backends import Registrar


@pytest.fixture
def register() -> Iterator[Registrar]:
    """Register backends that go away after the test."""
    registrar = Registrar()
    yield registrar
    registrar.close()


@pytest.fixture(scope="session")
def epitran_installed() -> None:
    if importlib.util.find_spec("epitran") is None:
        pytest.skip("epitran is not installed")
