"""Types and documentation are sound; as tests, so that they need no environment of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def _run(*command: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        pytest.fail(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


@pytest.mark.skipif(find_spec("mypy") is None, reason="needs mypy: pip install .[dev]")
def test_types_fit() -> None:
    assert "no issues found" in _run("mypy")


@pytest.mark.skipif(find_spec("mkdocs") is None, reason="needs mkdocs: pip install .[docs]")
def test_the_documentation_is_built_without_a_warning(tmp_path: Path) -> None:
    # The theme's note on a coming release of mkdocs, which pins keep away, is no warning of ours.
    site = tmp_path / "site"
    _run("mkdocs", "build", "--strict", "--site-dir", str(site), NO_MKDOCS_2_WARNING="1")
    assert (site / "benchmarks" / "index.html").stat().st_size > 10_000
