"""Whatever function of ours raises on the way to activation: torch and Coqui are imported."""

from __future__ import annotations

import json
import os

import pytest

from tests.running import run_module

pytest.importorskip("TTS")
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    output = tmp_path_factory.mktemp("sabotage") / "found.json"
    run_module("tests.faults.sabotage", str(output))
    return dict(json.loads(output.read_text(encoding="utf-8")))


def test_without_a_fault_the_extension_is_active(found: dict[str, str]) -> None:
    assert found[""] == ""


def test_every_step_was_sabotaged(found: dict[str, str]) -> None:
    """Each file that activation runs takes part; the guard around them lies beside the package."""
    from tests.faults.sabotage import MODULES

    assert {name.partition(".")[0] for name in found if name} == set(MODULES)
    assert {"activation.settled", "patching.fingerprint", "finder.PostImportFinder._leave"} <= set(
        found
    )


def test_no_fault_of_ours_breaks_an_import(found: dict[str, str]) -> None:
    broken = {name: problem[-600:] for name, problem in found.items() if problem}
    assert not broken, "\n\n".join(f"{name}: {problem}" for name, problem in broken.items())
