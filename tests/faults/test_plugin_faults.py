"""Installed plugins of every bad kind at once: each is named, and everything else works."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import RunPython
from tests.patched import IN_PLACE

MODULES = {
    "exits": "import sys; sys.exit('usage: exits FILE')",
    "unparsable": "def (:",
    "slow": "import time; time.sleep(0.5)",
    "raises": """
        from coqui_amharic_ext import hookimpl
        @hookimpl
        def patches():
            raise OSError("disk on fire")
        """,
    "leaves": """
        import sys
        from coqui_amharic_ext import hookimpl
        @hookimpl
        def attention_backends():
            sys.exit("no licence")
        """,
    "picky": """
        from coqui_amharic_ext import hookimpl
        from coqui_amharic_ext.patching import Patch
        def enabled(settings):
            raise KeyError("their own setting")
        @hookimpl
        def patches():
            return [Patch(name="picky", module="torch", qualname="nn", summary="nothing",
                          replace=lambda old: old, enabled=enabled)]
        """,
    "rude": """
        import sys
        from coqui_amharic_ext import hookimpl
        from coqui_amharic_ext.patching import Patch
        def replace(old):
            sys.exit("not for you")
        @hookimpl
        def patches():
            return [Patch(name="rude", module="TTS.tts.utils.text.tokenizer",
                          qualname="TTSTokenizer", summary="nothing", replace=replace,
                          probe=lambda old: None)]
        """,
    "wrong": """
        from coqui_amharic_ext import hookimpl
        @hookimpl
        def g2p_backends():
            return ["a string"]
        """,
    "strange": """
        from coqui_amharic_ext import hookimpl
        @hookimpl
        def patches(nosuch_argument):
            return []
        """,
}
ERRORS = {
    "exits": "SystemExit: usage: exits FILE",
    "unparsable": "SyntaxError",
    "missing": "ModuleNotFoundError",
    "raises": "patches() raised OSError: disk on fire",
    "leaves": "attention_backends() raised SystemExit: no licence",
    "wrong": "expected what g2p_backends gives, got str",
    "strange": "nosuch_argument",
    "g2p (plugin_slow)": "the name is already taken by a plugin of coqui-amharic-ext",
}


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    import textwrap

    lines = ["g2p = plugin_slow", "missing = plugin_nowhere"]
    for name, source in MODULES.items():
        (tmp_path / f"plugin_{name}.py").write_text(textwrap.dedent(source), encoding="utf-8")
        lines.append(f"{name} = plugin_{name}")
    info = tmp_path / "bad_plugins-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bad-plugins\nVersion: 1.0\n")
    text = "[coqui_amharic_ext]\n" + "\n".join(lines) + "\n"
    (info / "entry_points.txt").write_text(text, encoding="utf-8")
    return tmp_path


def test_each_is_named_and_torch_coqui_and_g2p_work(run_python: RunPython, installed: Path) -> None:
    run_python(
        f"""
        import torch
        import TTS.tts.utils.text.phonemizers as phonemizers
        import coqui_amharic_ext as am
        assert phonemizers.get_default_phonemizer("am") == "amharic"
        assert am.phonemize("ሰላም", backend="rules") == "səlam"
        report = am.status()
        assert report.active and not report.settings_error, str(report)
        errors = dict(error.split(": ", 1) for error in report.plugin_errors)
        expected = {ERRORS!r}
        assert set(errors) == set(expected), errors
        for name, says in expected.items():
            assert says in errors[name], (name, errors[name])
        states = {{patch.name: patch for patch in report.patches}}
        assert states["picky"].state == states["rude"].state == "skipped"
        assert "enabled() raised KeyError" in states["picky"].reason
        assert "SystemExit: not for you" in states["rude"].reason
        assert sum(patch.state in {IN_PLACE!r} for patch in report.patches) > 8
        """,
        PYTHONPATH=str(installed),
    )
