"""Verbs that are asked to end put in order what they were doing, and say which signal it was."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

psutil = pytest.importorskip("psutil")

from tests.cli.command import COMMAND, environment, run  # noqa: E402
from tests.faults.test_two_writers import _corpus  # noqa: E402

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
LINES = [f"ሰላም {n} ቤት።" for n in range(400)]


def _start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *arguments],
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def _until(child: subprocess.Popen[str], true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not true():
        assert child.poll() is None, child.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_phonemize_keeps_what_it_has(tmp_path: Path, number: int, workers: str) -> None:
    out = tmp_path / "out"
    child = _start("phonemize", "--out", str(out), "--workers", workers)
    assert child.stdin is not None
    child.stdin.write("\n".join(LINES) + "\n")
    child.stdin.flush()
    part = tmp_path / "out.part"
    _until(child, lambda: part.exists() and part.stat().st_size > 0)
    workers_there = psutil.Process(child.pid).children(recursive=True)
    child.send_signal(number)
    _, err = child.communicate(timeout=60)
    assert child.returncode == 128 + number, err
    assert "--resume" in err
    assert "Traceback" not in err
    assert not psutil.wait_procs(workers_there, timeout=30)[1]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out.part", "out.part.json"]
    code, _, err = run("phonemize", "--out", str(out), "--resume", given="\n".join(LINES))
    assert code == 0, err
    assert out.read_text(encoding="utf-8").count("\n") == len(LINES)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_an_import_leaves_nothing(tmp_path: Path, number: int) -> None:
    corpus = _corpus(tmp_path / "corpus")
    rows = (corpus / "metadata.csv").read_text(encoding="utf-8").splitlines()
    for copy in range(600):
        rows.append(rows[0].replace("a|", f"c{copy}|", 1))
        (corpus / "wavs" / f"c{copy}.wav").symlink_to(corpus / "wavs" / "a.wav")
    (corpus / "metadata.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (tmp_path / "new").mkdir()
    child = _start("data", "import", str(corpus), "--out", str(tmp_path / "new" / "out"))
    _until(child, lambda: any(tmp_path.glob("new/.out.partial-*/wavs/*")))
    child.send_signal(number)
    _, err = child.communicate(timeout=60)
    assert child.returncode == 128 + number, err
    assert list((tmp_path / "new").iterdir()) == []
    assert "Traceback" not in err
