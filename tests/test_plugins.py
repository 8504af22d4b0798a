"""Plugins join by hook; a faulty one is named and left out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

from coqui_amharic_ext import plugins
from coqui_amharic_ext.patching import Patch
from coqui_amharic_ext.plugins import hookimpl

RunPython = Callable[..., "object"]


@pytest.fixture(autouse=True)
def clean_registry() -> object:
    names = {info.name for info in plugins.plugin_infos()}
    yield
    for info in plugins.plugin_infos():
        if info.name not in names:
            plugins.unregister(info.name)


def noop_patch(name: str) -> Patch:
    return Patch(name=name, module="m", qualname="q", summary="nothing", replace=lambda old: old)


def plugin(**hooks: Callable[[], object]) -> SimpleNamespace:
    return SimpleNamespace(**{name: hookimpl(function) for name, function in hooks.items()})


def error_of(name: str) -> str:
    return {info.name: info.error for info in plugins.plugin_infos()}[name]


def test_our_own_parts_come_through_the_same_hooks() -> None:
    own = {info.name: info for info in plugins.plugin_infos()}
    assert {"g2p", "attention", "coqui", "training"} <= set(own)
    for info in own.values():
        assert info.distribution == "coqui-amharic-ext"
        assert info.error == ""
    assert list(plugins.g2p_backends()) == ["transphone", "epitran", "rules"]
    assert "patches" in own["coqui"].hooks


@pytest.mark.parametrize("hook", ["g2p_backends", "attention_backends", "patches"])
def test_no_two_of_our_own_parts_have_one_name(hook: str) -> None:
    names = [
        part.name
        for module in plugins._OWN_MODULES
        for part in getattr(import_module(module), hook, list)()
    ]
    assert names
    assert sorted(names) == sorted(set(names))
    assert set(names) <= set(getattr(plugins, hook)())


def test_a_plugin_adds_a_patch() -> None:
    plugins.register(plugin(patches=lambda: [noop_patch("theirs")]), "theirs")
    assert "theirs" in plugins.patches()
    plugins.unregister("theirs")
    assert "theirs" not in plugins.patches()


@pytest.mark.parametrize(
    ("hook", "says"),
    [
        (lambda: [1], "expected what patches gives, got int"),
        (lambda: 7, "expected an iterable"),
        (lambda: 1 / 0, "ZeroDivisionError"),
        (lambda: [noop_patch("once"), noop_patch("once")], "already taken"),
    ],
)
def test_a_faulty_hook_is_named_and_the_rest_goes_on(
    hook: Callable[[], object], says: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = set(plugins.patches())
    plugins.register(plugin(patches=hook), "faulty")
    after = set(plugins.patches())
    assert before <= after
    assert says in error_of("faulty")
    assert "faulty" in caplog.text


def test_installed_plugins_that_fail_to_import_are_left_out(
    run_python: RunPython, tmp_path: Path
) -> None:
    info = tmp_path / "broken_plugin-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-plugin\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text("[coqui_amharic_ext]\nbroken = broken_plugin\n")
    (tmp_path / "broken_plugin.py").write_text("raise RuntimeError('as written')\n")
    code = """
        import coqui_amharic_ext as am
        from coqui_amharic_ext.plugins import plugin_infos
        info = {i.name: i for i in plugin_infos()}["broken"]
        assert info.distribution == "broken-plugin" and info.version == "1.2", info
        assert "RuntimeError: as written" in info.error, info
        import torch
        import TTS.tts.utils.text.phonemizers as phonemizers
        assert phonemizers.get_default_phonemizer("am") == "amharic"
        assert any("broken" in error for error in am.status().plugin_errors)
        """
    path = [str(tmp_path), *filter(None, [sys.path[0] if sys.path[0] else None])]
    run_python(code, PYTHONPATH=":".join(path))
    quiet = """
        from coqui_amharic_ext.plugins import plugin_infos
        assert "broken" not in {i.name for i in plugin_infos()}
        """
    run_python(quiet, PYTHONPATH=":".join(path), COQUI_AMHARIC_PLUGINS="0")
