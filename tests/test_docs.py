"""What users can set, call and hook into is in the README."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from coqui_amharic_ext.plugins import HookSpecs
from coqui_amharic_ext.settings import ENVIRONMENT, Settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("option", fields(Settings), ids=lambda option: option.name)
def test_every_setting_has_a_row_with_its_default(option) -> None:  # type: ignore[no-untyped-def]
    row = next((r for r in README.splitlines() if r.startswith(f"| `{option.name}` |")), "")
    assert f"`{ENVIRONMENT[option.name]}`" in row
    assert option.metadata["doc"] in row
    default = option.default
    shown = ",".join(default) if isinstance(default, tuple) else str(default)
    assert f"`{shown}`" in row or (default in ("", None) and "| – |" in row)


def test_every_other_variable_is_there() -> None:
    from coqui_amharic_ext.settings import _OTHER_VARIABLES

    for variable in _OTHER_VARIABLES - {"COQUI_AMHARIC_DEV_DATA"}:
        assert variable in README, variable


def test_every_hook_is_there() -> None:
    hooks = [name for name in vars(HookSpecs) if not name.startswith("_")]
    assert len(hooks) == 3
    for hook in hooks:
        assert f"`{hook}()`" in README, hook


def test_every_verb_is_there() -> None:
    import typer.main

    from coqui_amharic_ext.cli.app import app

    for verb in typer.main.get_command(app).commands:  # type: ignore[attr-defined]
        assert f"coqui-amharic {verb}" in README, verb


def test_relative_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    relative = [link for link in links if "://" not in link]
    assert relative
    for link in relative:
        assert (ROOT / link).exists(), link
