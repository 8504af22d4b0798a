"""Every test starts and ends without patches, on one thread."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

import coqui_amharic_ext as am


@pytest.fixture(autouse=True)
def _inactive() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    am.deactivate()
    yield
    am.deactivate()
    torch.set_num_threads(before)
