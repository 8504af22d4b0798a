from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import coqui_amharic_ext as am
from coqui_amharic_ext.demo.tiny import write_vocab

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


RunCommand = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run_command(tmp_path: Path) -> RunCommand:
    """Run a command in ``tmp_path``, without this process's ``COQUI_AMHARIC_*`` variables."""

    def run(
        *command: str | Path, check: bool = True, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        env = {k: v for k, v in os.environ.items() if not k.startswith("COQUI_AMHARIC_")}
        env.update({"OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8", **environment})
        result = subprocess.run(
            [str(part) for part in command],
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


@pytest.fixture
def run_file(run_command: RunCommand, tmp_path: Path) -> RunCommand:
    """Run code as a file with a main guard: spawned workers import the main module again."""

    def run(code: str, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        script = tmp_path / "program.py"
        script.write_text(textwrap.dedent(code), encoding="utf-8")
        return run_command(sys.executable, script, *arguments, **options)

    return run


@pytest.fixture(scope="session")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an XTTS vocabulary file with [am], every phone and English letters."""
    return write_vocab(tmp_path_factory.mktemp("xtts") / "vocab.json")


@pytest.fixture(scope="session")
def stock_vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an XTTS vocabulary file as upstream's are: no [am], no phones."""
    return write_vocab(
        tmp_path_factory.mktemp("xtts") / "stock.json",
        symbols="abcdefghijklmnopqrstuvwxyz.,?!'-",
        languages=("en",),
    )
