"""Settings come from arguments, then variables, then defaults; wrong values name the right ones."""

from __future__ import annotations

import pickle
from dataclasses import fields
from typing import Any

import pytest

from coqui_amharic_ext import plugins
from coqui_amharic_ext.activation import activate
from coqui_amharic_ext.errors import SettingsError
from coqui_amharic_ext.options import FREEZABLE
from coqui_amharic_ext.plugins import require_known
from coqui_amharic_ext.settings import ENVIRONMENT, XTTS_ONLY, Settings, get_settings_or_none
from coqui_amharic_ext.training.freezing import PARTS


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
        ({"g2p_backends": ()}, "at least one"),
        ({"g2p_backends": ("rules", "rules")}, "once"),
        ({"attention": ""}, "one name"),
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
        ("COQUI_AMHARIC_ATENTION", "auto", "did you mean COQUI_AMHARIC_ATTENTION;"),
        ("COQUI_AMHARIC_CHECKPOINT", "1", "did you mean COQUI_AMHARIC_CHECKPOINTING;"),
        ("COQUI_AMHARIC_XYZ", "auto", "valid variables: COQUI_AMHARIC_ATTENTION,"),
        ("COQUI_AMHARC_G2P", "rules", "did you mean COQUI_AMHARIC_G2P;"),
        ("coqui_amharic_g2p", "rules", "did you mean COQUI_AMHARIC_G2P;"),
        ("COQUIAMHARIC_PRECISION", "bf16", "did you mean COQUI_AMHARIC_PRECISION;"),
        ("COQUI_AMHARIC_AUTOLOAD", "false", "valid values: 0, 1"),
    ],
)
def test_a_variable_that_is_not_valid_is_named(variable: str, value: str, says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({variable: value})
    assert says in str(caught.value)
    assert value in str(caught.value)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"g2p_backends": ("rules", "festival")}, "transphone, epitran, rules"),
        ({"attention": "fast"}, "auto, flash_attn"),
    ],
)
def test_a_name_that_no_plugin_provides_is_refused_where_it_is_to_serve(
    given: dict[str, Any], says: str
) -> None:
    chosen = Settings(**given)

    for use in (require_known, activate):
        with pytest.raises(SettingsError, match=f"{next(iter(given))}=.* is not valid") as caught:
            use(chosen)
        assert says in str(caught.value)
    assert get_settings_or_none() is not chosen


def test_names_of_our_own_ask_no_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "_registry", None)
    chosen = Settings(attention="flash_attn", g2p_backends=("rules", "epitran"))
    assert require_known(chosen) is chosen


def test_each_part_that_can_be_frozen_has_parameters() -> None:
    assert tuple(PARTS) == FREEZABLE


def test_variables_of_others_are_left_alone() -> None:
    others = {"COQUI_TOS_AGREED": "1", "COQUI_STUDIO_TOKEN": "x", "TTS_HOME": "/x", "COQUI": ""}
    ours = {"COQUI_AMHARIC_DEV_DATA": "/x", "COQUI_AMHARIC_TRACEBACK": "0"}
    assert Settings.from_environment(others | ours) == Settings()


def test_what_only_xtts_reads_is_known_in_one_place() -> None:
    chosen = Settings(**changed_values())
    assert chosen.of_another_model("xtts") == {}
    assert set(chosen.of_another_model("vits")) == {ENVIRONMENT[name] for name in XTTS_ONLY}
    assert Settings().of_another_model("vits") == {}
    everyone = {"g2p_backends", "text", "narrow", "elision", "lexicon", "precision", "fused_adamw"}
    assert not everyone & set(XTTS_ONLY)
    assert {"attention", "packing", "freeze", "batch_tokens", "on_bad_sample"} < set(XTTS_ONLY)


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
        "language_weights": "am=3,en=1",
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
