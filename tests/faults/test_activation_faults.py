"""Whatever function of ours raises on the way to activation: torch and Coqui are imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("TTS")
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    output = tmp_path_factory.mktemp("sabotage") / "found.json"
    clean = {k: v for k, v in os.environ.items() if not k.startswith("COQUI_AMHARIC_")}
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.sabotage", str(output)],
        env=clean | {"OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(output.read_text(encoding="utf-8")))


def test_without_a_fault_the_extension_is_active(found: dict[str, str]) -> None:
    assert found[""] == ""


def test_every_step_was_sabotaged(found: dict[str, str]) -> None:
    """Each file that activation runs takes part; autoload is the guard around them."""
    from tests.faults.sabotage import MODULES

    assert {name.partition(".")[0] for name in found if name} == set(MODULES) - {"autoload"}
    assert {"activation._settled", "patching.fingerprint", "finder.PostImportFinder._leave"} <= set(
        found
    )


def test_no_fault_of_ours_breaks_an_import(found: dict[str, str]) -> None:
    broken = {name: problem[-600:] for name, problem in found.items() if problem}
    assert not broken, "\n\n".join(f"{name}: {problem}" for name, problem in broken.items())
