"""Settings come from arguments, then variables, then defaults; wrong values name the right ones."""

from __future__ import annotations

import pickle
from dataclasses import fields
from typing import Any

import pytest

from coqui_amharic_ext.errors import SettingsError
from coqui_amharic_ext.settings import ENVIRONMENT, Settings


def test_arguments_win_over_variables_and_variables_over_defaults() -> None:
    environ = {"COQUI_AMHARIC_G2P": "rules, epitran", "COQUI_AMHARIC_PACKING": "0"}
    assert Settings.from_environment({}) == Settings()
    chosen = Settings.from_environment(environ)
    assert chosen.g2p_backends == ("rules", "epitran")
    assert chosen.packing is False
    assert Settings.from_environment(environ, packing=True).packing is True


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"g2p_backends": ("festival",)}, "transphone, epitran, rules"),
        ({"g2p_backends": ()}, "at least one"),
        ({"g2p_backends": ("rules", "rules")}, "once"),
        ({"attention": "fast"}, "flash_attn"),
        ({"attention_dropout": "half"}, "keep, zero"),
        ({"precision": "fp8"}, "bf16"),
        ({"on_bad_sample": "ignore"}, "raise, skip"),
        ({"xtts_text": "latin"}, "ipa, fidel"),
        ({"packing": "yes"}, "True or False"),
        ({"checkpointing": -1}, "0 (off)"),
        ({"checkpointing": True}, "0 (off)"),
        ({"backend_timeout": 0}, "above 0"),
        ({"text": "latin=sing"}, "latin"),
        ({"freeze": "head"}, "all_but_text, text, mel"),
        ({"freeze": "text,all_but_text"}, "nothing would be left"),
        ({"freeze_steps": -1}, "0 (never)"),
    ],
)
def test_a_value_that_is_not_valid_names_the_valid_ones(given: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError, match="not valid") as caught:
        Settings(**given)
    assert says in str(caught.value)
    assert next(iter(given)) in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("COQUI_AMHARIC_PACKING", "maybe", "0, 1"),
        ("COQUI_AMHARIC_CHECKPOINTING", "often", "invalid literal"),
        ("COQUI_AMHARIC_G2P", "festival", "transphone, epitran, rules"),
        ("COQUI_AMHARIC_ATENTION", "auto", "COQUI_AMHARIC_ATTENTION"),
    ],
)
def test_a_variable_that_is_not_valid_is_named(variable: str, value: str, says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({variable: value})
    assert says in str(caught.value)
    assert value in str(caught.value)


def changed_values() -> dict[str, Any]:
    """Give every field a valid value that is not its default."""
    special = {
        "g2p_backends": ("rules",),
        "lexicon": "words.tsv",
        "transphone_dir": "models",
        "text": "latin=keep",
        "xtts_text": "fidel",
        "on_bad_sample": "skip",
        "attention": "sdpa",
        "attention_dropout": "zero",
        "precision": "bf16",
        "freeze": "all_but_text",
    }
    values = {}
    for option in fields(Settings):
        if option.name in special:
            values[option.name] = special[option.name]
        elif isinstance(option.default, bool):
            values[option.name] = not option.default
        elif isinstance(option.default, int | float):
            values[option.name] = option.default + 2
    return values


def test_variables_carry_every_setting_to_a_child_process() -> None:
    values = changed_values()
    chosen = Settings(**values)
    assert Settings().to_environment() == {}
    assert Settings.from_environment(chosen.to_environment()) == chosen
    assert set(chosen.to_environment()) == {ENVIRONMENT[name] for name in values}


def test_settings_are_frozen_hashable_and_picklable() -> None:
    chosen = Settings(**changed_values())
    assert pickle.loads(pickle.dumps(chosen)) == chosen
    assert hash(chosen) == hash(chosen.replace())
    with pytest.raises(AttributeError):
        chosen.packing = True  # type: ignore[misc]
