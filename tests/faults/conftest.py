"""The registrar of made-up backends, as the G2P's tests have it."""

from __future__ import annotations

from tests.g2p.conftest import register

__all__ = ["register"]
