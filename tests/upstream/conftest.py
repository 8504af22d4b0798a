"""Upstream's behaviours are stated once and hold without the extension and with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import coqui_amharic_ext as am


@pytest.fixture(params=["stock", "extended"])
def either(request: pytest.FixtureRequest) -> Iterator[str]:
    """Run a test twice: with upstream alone, and with the extension active."""
    am.deactivate()
    if request.param == "extended":
        am.activate()
    yield request.param
    am.deactivate()
