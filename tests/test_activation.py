"""Activation in every order of imports, its faults, and its way back; in fresh interpreters."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.patched import stock_only

RunPython = Callable[..., "subprocess.CompletedProcess[str]"]  # noqa: F821

CHECK = """
from TTS.tts.utils.text.phonemizers import get_default_phonemizer
assert get_default_phonemizer("am") == "amharic", get_default_phonemizer("am")
from TTS.tts.layers.xtts.gpt import GPT
from TTS.tts.configs.xtts_config import XttsConfig
assert "am" in XttsConfig().languages
import coqui_amharic_ext as am
report = am.status()
assert report.active and not report.settings_error, str(report)
wrong = [p for p in report.patches if p.state == "skipped"]
assert not wrong, wrong
"""


@pytest.mark.parametrize(
    "first",
    [
        "import torch",
        "import TTS",
        "import TTS.tts.models.xtts",
        "import TTS.tts.configs.xtts_config",
        "import TTS.tts.layers.xtts.trainer.gpt_trainer",
        "import TTS.bin.synthesize",
        "import transformers",
        "import transformers.masking_utils",
        "import trainer",
        "import coqui_amharic_ext",
    ],
)
def test_autoload_works_whatever_is_imported_first(run_python: RunPython, first: str) -> None:
    run_python(f"{first}\n{CHECK}")


STOCK = """
def stock(language):
    # A machine without espeak-ng has no phonemizer for Amharic.
    try:
        return get_default_phonemizer(language)
    except ValueError:
        return "none"
"""


@stock_only
def test_activate_covers_what_was_imported_before(run_python: RunPython) -> None:
    run_python(
        STOCK
        + textwrap.dedent("""
        from TTS.tts.configs.xtts_config import XttsConfig
        from TTS.tts.utils.text.phonemizers import get_default_phonemizer
        from TTS.tts.layers.xtts.gpt import GPT
        import TTS.tts.models.xtts
        built_before = XttsConfig()
        assert stock("am") in {"espeak", "none"}
        import coqui_amharic_ext as am
        first = am.activate()
        assert get_default_phonemizer("am") == "amharic"
        assert "am" in XttsConfig().languages and "am" in built_before.languages
        second = am.activate()
        assert second == first, "activate() is idempotent"
        """),
        COQUI_AMHARIC_AUTOLOAD="0",
    )


@stock_only
@pytest.mark.skipif(
    not (shutil.which("espeak-ng") or shutil.which("espeak")),
    reason="stock upstream reads Amharic by espeak-ng alone, which is not here",
)
def test_activate_says_what_it_cannot_cover(run_python: RunPython) -> None:
    run_python(
        """
        from TTS.tts.configs.vits_config import VitsConfig
        from TTS.tts.utils.text.tokenizer import TTSTokenizer
        config = VitsConfig(use_phonemes=True, phoneme_language="am")
        tokenizer, _ = TTSTokenizer.init_from_config(config)
        import coqui_amharic_ext as am
        notes = am.activate().notes
        assert tokenizer.phonemizer.name() == "espeak"
        assert any("already built" in note for note in notes), notes
        """,
        COQUI_AMHARIC_AUTOLOAD="0",
    )


@stock_only
def test_autoload_off_leaves_upstream_alone(run_python: RunPython) -> None:
    run_python(
        STOCK
        + textwrap.dedent("""
        import sys
        import torch, TTS.tts.layers.xtts.gpt
        from TTS.tts.utils.text.phonemizers import get_default_phonemizer
        assert stock("am") in {"espeak", "none"}
        assert not [name for name in sys.modules if name.startswith("coqui_amharic_ext.patching")]
        import coqui_amharic_ext as am
        assert not am.status().active
        """),
        COQUI_AMHARIC_AUTOLOAD="0",
    )


def test_importing_the_package_imports_nothing_heavy(run_python: RunPython) -> None:
    run_python(
        """
        import sys
        import coqui_amharic_ext as am
        am.phonemize("ሰላም", backend="rules")
        heavy = {"torch", "TTS", "epitran", "transphone", "numpy"} & set(sys.modules)
        assert not heavy, heavy
        """
    )


def test_deactivate_restores_the_identical_objects(run_python: RunPython) -> None:
    run_python(
        """
        import importlib, sys
        import coqui_amharic_ext as am
        from coqui_amharic_ext import plugins
        def targets():
            found = {}
            for patch in plugins.patches().values():
                owner = importlib.import_module(patch.module)
                *path, name = patch.qualname.split(".")
                for part in path:
                    owner = getattr(owner, part)
                found[patch.name] = vars(owner).get(name, "missing")
            return found
        stock = targets()
        before = list(sys.meta_path)
        am.activate()
        ours = targets()
        applied = [p.name for p in am.status().patches if p.state == "applied"]
        assert applied
        assert all(ours[name] is not stock[name] for name in applied)
        am.deactivate()
        assert {n: id(o) for n, o in targets().items()} == {n: id(o) for n, o in stock.items()}
        assert sys.meta_path == before
        assert not am.status().active
        """,
        COQUI_AMHARIC_AUTOLOAD="0",
    )


def test_a_bad_variable_never_breaks_an_import_and_is_raised_on_first_use(
    run_python: RunPython,
) -> None:
    run_python(
        """
        import torch, TTS.tts.layers.xtts.gpt
        from TTS.tts.utils.text.phonemizers import get_phonemizer_by_name
        import coqui_amharic_ext as am
        assert "festival" in am.status().settings_error
        for use in (
            lambda: get_phonemizer_by_name("amharic", language="am"),
            lambda: am.phonemize("ሰላም"),
            am.activate,
        ):
            try:
                use()
            except am.SettingsError as error:
                assert "transphone, epitran, rules" in str(error)
            else:
                raise SystemExit(f"{use} accepted an unknown backend")
        """,
        COQUI_AMHARIC_G2P="festival",
    )


@stock_only
def test_a_fault_of_ours_never_breaks_an_import(run_python: RunPython) -> None:
    done = run_python(
        STOCK
        + textwrap.dedent("""
        import coqui_amharic_ext.patching as patching
        def explode(*args):
            raise RuntimeError("our own fault")
        patching.Patcher.__init__ = explode
        import torch
        import TTS.tts.layers.xtts.gpt
        from TTS.tts.utils.text.phonemizers import get_default_phonemizer
        assert stock("am") in {"espeak", "none"}
        import coqui_amharic_ext as am
        assert "our own fault" in am.status().settings_error
        """)
    )
    assert "Coqui runs without it" in done.stderr


def test_a_fault_while_loading_never_breaks_import_torch(
    run_python: RunPython, tmp_path: Path
) -> None:
    run_python(
        """
        import sys
        sys.modules["coqui_amharic_ext.activation"] = None  # makes importing it fail
        import torch
        import TTS.tts.layers.xtts.gpt
        """
    )


def test_settings_given_to_activate_reach_child_processes(run_python: RunPython) -> None:
    run_python(
        """
        import os, subprocess, sys
        import coqui_amharic_ext as am
        am.activate(am.Settings(g2p_backends=("rules",), packing=False))
        code = (
            "import torch, TTS.tts.layers.xtts.gpt, coqui_amharic_ext as am;"
            "s = am.status(); assert s.active;"
            "assert s.settings['g2p_backends'] == ('rules',) and s.settings['packing'] is False, s"
        )
        subprocess.run([sys.executable, "-c", code], check=True)
        am.deactivate()
        found = {k: v for k, v in os.environ.items() if k.startswith("COQUI_AMHARIC_")}
        assert found == {"COQUI_AMHARIC_AUTOLOAD": "0"}, found
        """,
        COQUI_AMHARIC_AUTOLOAD="0",
    )


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_data_loader_workers_phonemize(run_python: RunPython, tmp_path: Path, method: str) -> None:
    script = tmp_path / "workers.py"
    script.write_text(
        f"""
import torch
from TTS.tts.utils.text.phonemizers import get_phonemizer_by_name

class Texts(torch.utils.data.Dataset):
    def __init__(self):
        self.phonemizer = get_phonemizer_by_name("amharic", language="am")
    def __len__(self):
        return 4
    def __getitem__(self, index):
        return self.phonemizer.phonemize("ሰላም ለዓለም", separator="")

if __name__ == "__main__":
    data = Texts()
    loader = torch.utils.data.DataLoader(
        data, num_workers=2, batch_size=None, multiprocessing_context="{method}"
    )
    assert list(loader) == [data[0]] * 4
    assert data[0].startswith("səlam"), data[0]
""",
        encoding="utf-8",
    )
    run_python(
        f"import runpy; runpy.run_path({str(script)!r}, run_name='__main__')",
        COQUI_AMHARIC_G2P="rules",
    ) if method == "fork" else _run_script(script)


def _run_script(script: Path) -> None:
    import os
    import subprocess
    import sys

    # spawn and forkserver import the main module anew, so it must be a file run as such.
    environment = dict(os.environ, COQUI_AMHARIC_G2P="rules")
    done = subprocess.run(
        [sys.executable, str(script)], env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr


def test_a_module_that_another_thread_is_importing_is_no_fault(run_python: RunPython) -> None:
    """Two threads that import ours in two orders get it half: the next import makes it whole."""
    done = run_python(
        """
        import logging, sys, types
        logging.basicConfig(stream=sys.stdout)
        from coqui_amharic_ext import activation, autoload

        autoload.finder.install()
        half = types.ModuleType("coqui_amharic_ext.activation")
        half.__file__ = activation.__file__
        half.__spec__ = types.SimpleNamespace(_initializing=True, origin=None, has_location=False)
        sys.modules["coqui_amharic_ext.activation"] = half
        autoload._settled()
        print("fault:", autoload.finder.fault, activation._state.fault)
        sys.modules["coqui_amharic_ext.activation"] = activation
        autoload._settled()
        print("patcher:", activation._state.patcher is not None)
        """,
        COQUI_AMHARIC_AUTOLOAD="0",
    )
    assert done.stdout.splitlines() == ["fault:  ", "patcher: True"]
