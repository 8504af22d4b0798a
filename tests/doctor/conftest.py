"""Made-up installations and drivers."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.doctor.site import FakeSite


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start without our variables and without a real GPU's driver."""
    for name in list(os.environ):
        if name.startswith("COQUI_AMHARIC_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")


@pytest.fixture
def site(tmp_path: Path) -> FakeSite:
    """Return a made-up installation in which all is well."""
    folder = tmp_path / "site"
    folder.mkdir()
    return FakeSite(folder)


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return what makes an ``nvidia-smi`` that tells of one device."""

    def make(
        cuda: str = "13.0",
        version: str = "580.65.06",
        capability: str = "8.0",
        error: str = "",
    ) -> None:
        folder = tmp_path / "driver"
        folder.mkdir(exist_ok=True)
        lines = ["#!/bin/sh"]
        if error:
            lines += [f"echo '{error}'", "exit 18"]
        row = f"NVIDIA Made-up, {capability}, {version}, 8192 MiB"
        lines += [
            'if [ "$#" -gt 0 ]; then',
            f"echo '{row}'",
            "else",
            f"echo '| Driver Version: {version}   CUDA Version: {cuda} |'",
            "fi",
        ]
        script = folder / "nvidia-smi"
        script.write_text("\n".join(lines) + "\n")
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    return make
