"""The settings of training, from arguments and from the environment."""

from __future__ import annotations

from typing import Any

import pytest

from coqui_amharic_ext.errors import SettingsError
from coqui_amharic_ext.settings import Settings


@pytest.mark.parametrize(
    ("variable", "raw", "field", "value"),
    [
        ("COQUI_AMHARIC_BATCH_TOKENS", "4000", "batch_tokens", 4000),
        ("COQUI_AMHARIC_LANGUAGE_WEIGHTS", "am=3,en=1", "language_weights", "am=3,en=1"),
        ("COQUI_AMHARIC_INDEX_TRUE_DATASET", "1", "index_true_dataset", True),
        ("COQUI_AMHARIC_FUSED_ADAMW", "on", "fused_adamw", True),
    ],
)
def test_each_comes_from_the_environment_and_goes_back(
    variable: str, raw: str, field: str, value: Any
) -> None:
    settings = Settings.from_environment({variable: raw})
    assert getattr(settings, field) == value
    assert getattr(Settings(), field) != value
    assert Settings.from_environment(settings.to_environment()) == settings


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("batch_tokens", -1),
        ("batch_tokens", True),
        ("batch_tokens", 0.5),
        ("language_weights", "am"),
        ("language_weights", "am=0"),
        ("language_weights", {"am": 1}),
        ("index_true_dataset", "yes"),
        ("fused_adamw", 1),
    ],
)
def test_values_that_make_no_sense_are_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(SettingsError, match=field):
        Settings(**{field: value})
