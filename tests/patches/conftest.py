"""Upstream's tiny trainer and data set, without the extension."""

from __future__ import annotations

from tests.training.conftest import assets, config, dataset, rows

__all__ = ["assets", "config", "dataset", "rows"]
