"""A kernel's trial works whatever modes the caller is in."""

from __future__ import annotations

from contextlib import AbstractContextManager

import pytest
import torch

from coqui_amharic_ext import plugins
from coqui_amharic_ext.attention.trial import trial
from coqui_amharic_ext.availability import Demand


@pytest.mark.parametrize(
    "mode",
    [
        torch.inference_mode(),
        torch.no_grad(),
        torch.autocast("cpu", dtype=torch.bfloat16),
        torch.device("meta"),
    ],
    ids=["inference_mode", "no_grad", "autocast", "default device"],
)
def test_the_trial_passes_in_the_callers_mode(mode: AbstractContextManager[object]) -> None:
    # The first forward of a run may be an evaluation under inference_mode.
    trial.cache_clear()
    with mode:
        found = trial(plugins.attention_backends()["sdpa"], Demand("cpu", "float32", 32, False))
    trial.cache_clear()
    assert found == ""
