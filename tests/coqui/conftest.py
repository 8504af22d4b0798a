from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import coqui_amharic_ext as am

FIDEL = "".join(chr(code) for code in range(0x1200, 0x1380))
"""Every letter, mark, punctuation mark and numeral of the main Ethiopic block."""

SENTENCES = (
    "ሰላም፣ እንዴት ነህ?",
    "ጳውሎስ ጠዋት ጥቁር ቡና ይጠጣል።",
    "በ2015 ዓ.ም አዲስ ድልድይ ተሠራ፤ 1,234,567 ብር ወጣበት።",
    "ቋንቋው፡ቀላል፡ነው፡፡ «እሺ» አለችው፦ ለምን፧",
    "ዶ/ር ኃይሌ በ፲፰፻፹፯ ዓ.ም. 3.5 ኪ.ሜ ሮጠ፥ ከዚያም ዐረፈ፨",
    "ጓደኛዬ ኳስ ይጫወታል! ሟቹ ሷ ቧንቧ፣ ጧፍ… ዟሪ",
)


@pytest.fixture(autouse=True)
def _extension_active() -> Iterator[None]:
    am.activate()
    yield


Runner = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run_python(tmp_path: Path) -> Runner:
    """Run a program in a process of its own, where nothing of upstream is imported yet."""

    def run(code: str, *arguments: str, check: bool = True, **environment: str) -> object:
        env = {k: v for k, v in os.environ.items() if not k.startswith("COQUI_AMHARIC_")}
        env.update({"OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8", **environment})
        # A file with a main guard, because spawned workers import the main module again.
        script = tmp_path / "program.py"
        script.write_text(code, encoding="utf-8")
        result = subprocess.run(
            [sys.executable, str(script), *arguments],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=180,
            check=False,
        )
        if check:
            assert result.returncode == 0, result.stdout + result.stderr
        return result

    return run
