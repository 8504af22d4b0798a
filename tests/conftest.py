"""Helpers that several test folders share."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

# A runner started in the background, or by nohup, ignores Ctrl-C or SIGHUP, and what it starts
# inherits that; several tests send one of them to what they start.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)

# How long an example takes says nothing on a shared machine. On CI the same examples run each
# time, so that a run fails for what changed; elsewhere new ones are drawn.
hypothesis.settings.register_profile(
    "project",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("project")

RunPython = Callable[..., subprocess.CompletedProcess[str]]


def _cuda_reason() -> str:
    import torch

    return "" if torch.cuda.is_available() else "needs a CUDA device; torch sees none"


def pytest_collection_modifyitems(items: list[pytest.Item], config: pytest.Config) -> None:
    if any(item.get_closest_marker("gpu") for item in items):
        reason = _cuda_reason()
        for item in items:
            if reason and item.get_closest_marker("gpu"):
                item.add_marker(pytest.mark.skip(reason=reason))
    if "slow" not in str(config.getoption("-m")):
        for item in items:
            if item.get_closest_marker("slow"):
                item.add_marker(pytest.mark.skip(reason="takes minutes; run with -m slow"))


@pytest.fixture(scope="session")
def stock_decodes() -> None:
    """Skip where stock upstream cannot read a sound, and would look for one without end."""
    from coqui_amharic_ext.io import ffmpeg

    if reason := ffmpeg.missing():
        pytest.skip(f"stock upstream needs FFmpeg's libraries here: {reason}")


@pytest.fixture
def run_python() -> RunPython:
    """Run code in a fresh interpreter, with this environment's variables but none of ours."""

    def run(
        code: str, *, check: bool = True, timeout: float = 300, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith("COQUI_AMHARIC_")}
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)],
            env=clean | {"PYTHONUTF8": "1"} | environment,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        if check and done.returncode != 0:
            pytest.fail(f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    return run


@pytest.fixture
def inactive() -> Iterator[None]:
    """Start from, and go back to, a process in which the extension is not active."""
    import coqui_amharic_ext as am

    am.deactivate()
    yield
    am.deactivate()


@pytest.fixture(scope="session")
def dev_data() -> Path:
    """Return the folder with the development data, which is not part of the project."""
    given = os.environ.get("COQUI_AMHARIC_DEV_DATA")
    folder = Path(given) if given else Path(__file__).parents[2] / "shared" / "data"
    if not (folder / "g2p" / "wikipron_amh_dev.tsv").is_file():
        pytest.skip(f"no development data at {folder}; set COQUI_AMHARIC_DEV_DATA to its folder")
    return folder
