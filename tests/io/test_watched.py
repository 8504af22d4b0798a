"""A program that is watched is what Python itself would run, and ends with who started it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from coqui_amharic_ext.io.watched import watched

TELLS = """
import json, sys
print(json.dumps([sys.argv, __name__, sys.path[0], sys.stdin.read()]))
sys.exit(5)
"""
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


def _run(command: list[str], folder: Path) -> tuple[int, str, str]:
    with subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None and child.stderr is not None
        out, err = child.stdout.read(), child.stderr.read()
        return child.wait(), out, err


@pytest.mark.parametrize("what", [["-m", "told"], ["there/told.py"]])
def test_it_is_what_python_would_run(tmp_path: Path, what: list[str]) -> None:
    (tmp_path / "there").mkdir()
    for folder in (tmp_path, tmp_path / "there"):
        (folder / "told.py").write_text(TELLS)
    command = [sys.executable, "-u", *what, "-m", "a b"]
    plain = subprocess.run(
        command, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    code, out, err = _run(watched(command), tmp_path)
    assert (code, err) == (5, "")
    assert json.loads(out) == json.loads(plain.stdout)


def test_code_is_run_too(tmp_path: Path) -> None:
    code, out, _ = _run(watched([sys.executable, "-c", TELLS, "a"]), tmp_path)
    assert code == 5
    assert json.loads(out)[:2] == [["-c", "a"], "__main__"]


def test_an_error_of_ours_is_one_line_and_anothers_a_traceback(tmp_path: Path) -> None:
    ours = "from coqui_amharic_ext.errors import SettingsError; raise SettingsError('as it is')"
    assert _run(watched([sys.executable, "-c", ours]), tmp_path) == (
        2,
        "",
        "coqui-amharic: as it is\n",
    )
    code, _, err = _run(watched([sys.executable, "-c", "raise KeyError('x')"]), tmp_path)
    assert code == 1
    assert "Traceback" in err


STARTER = """
import subprocess, sys, time
from coqui_amharic_ext.io.watched import watched
command = watched([sys.executable, "-c", sys.argv[1], sys.argv[2]])
child = subprocess.Popen(command, stdin=subprocess.PIPE)
print(child.pid, flush=True)
time.sleep(60)
"""
WAITS = """
import sys, time
from pathlib import Path
from coqui_amharic_ext.io.ending import like_ctrl_c
with like_ctrl_c():
    try:
        Path(sys.argv[1], "waiting").touch()
        time.sleep(60)
    except KeyboardInterrupt:
        Path(sys.argv[1], "saved").touch()
"""


@posix_only
def test_it_saves_and_ends_where_its_starter_is_killed(tmp_path: Path) -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, WAITS, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert starter.stdout is not None
    pid = int(starter.stdout.readline())
    _until(lambda: (tmp_path / "waiting").exists())
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    _until(lambda: (tmp_path / "saved").exists())
    _until(lambda: not _lives(pid))


def _until(true: object, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
