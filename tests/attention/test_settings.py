"""Attention settings that cannot be honoured together are refused, not ignored."""

from __future__ import annotations

import pytest

import coqui_amharic_ext as am


def test_dropout_cannot_be_switched_off_without_a_kernel():
    with pytest.raises(am.SettingsError, match="attention_dropout"):
        am.Settings(attention="off", attention_dropout="zero")


@pytest.mark.parametrize("every", [-1, 1.5, True, "2"])
def test_checkpointing_takes_whole_numbers(every):
    with pytest.raises(am.SettingsError, match="checkpointing"):
        am.Settings(checkpointing=every)


def test_an_unknown_kernel_is_refused_with_the_valid_names():
    with pytest.raises(am.SettingsError, match="blockwise, sdpa, eager, off"):
        am.activate(am.Settings(attention="flash"))
