"""One writer at a time; a lock ends with its process."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from coqui_amharic_ext.io import locks
from coqui_amharic_ext.io.locks import BusyError, OutputLock

HOLDER = """
import sys, time
from pathlib import Path
from coqui_amharic_ext.io.locks import OutputLock
lock = OutputLock(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def holder(path: Path, code: str = HOLDER) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    return child


def test_the_second_is_refused_and_told_who_the_first_is(tmp_path: Path) -> None:
    path = tmp_path / "out"
    child = holder(path)
    try:
        with pytest.raises(BusyError) as caught:
            OutputLock(path)
        assert f"{path} is being written by process {child.pid} (-c" in str(caught.value)
        assert "\n" not in str(caught.value)
        # By another way to the same place, too.
        (tmp_path / "link").symlink_to(tmp_path)
        with pytest.raises(BusyError):
            OutputLock(tmp_path / "link" / "out")
    finally:
        child.kill()
        child.communicate()
    # However it ended, what it held is free.
    OutputLock(path).release()
    assert {p.name for p in tmp_path.iterdir()} == {"link"}


def test_one_process_cannot_take_it_twice_and_giving_it_back_frees_it(tmp_path: Path) -> None:
    with OutputLock(tmp_path / "out") as lock:
        with pytest.raises(BusyError, match=f"process {os.getpid()}"):
            OutputLock(tmp_path / "out")
        OutputLock(tmp_path / "other").release()
        lock.release()
        lock.release()
        OutputLock(tmp_path / "out").release()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_worker_that_outlives_its_parent_does_not_keep_it(tmp_path: Path) -> None:
    code = HOLDER.replace(
        'print("held", flush=True)',
        'import os\nworker = os.fork()\nif worker:\n    print("held", flush=True)\n',
    )
    code += "\nif not worker: time.sleep(60)"
    child = holder(tmp_path / "out", code)
    child.send_signal(signal.SIGKILL)
    child.wait()
    OutputLock(tmp_path / "out").release()


def test_without_locks_in_the_file_system_the_log_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def unsupported(*_: Any) -> bool:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(locks, "_lock", unsupported)
    with OutputLock(tmp_path / "out"):
        pass
    assert "see that nothing else writes it" in caplog.text


def test_a_folder_that_is_not_there_or_not_to_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        OutputLock(tmp_path / "none" / "out")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs POSIX links and pipes")
@pytest.mark.parametrize("kind", ["link", "link to nothing", "second name", "pipe", "folder"])
@pytest.mark.parametrize("inside", [False, True])
def test_a_lock_that_leads_elsewhere_writes_nothing_there(
    tmp_path: Path, kind: str, inside: bool
) -> None:
    """An archive with such a link in it is unpacked, and a command is run on what was in it."""
    elsewhere = tmp_path / "elsewhere"
    corpus = tmp_path / "corpus"
    out = corpus / "out"
    out.mkdir(parents=True)
    lock = out / ".folder.coqui-amharic-lock" if inside else corpus / ".out.coqui-amharic-lock"
    if kind != "link to nothing":
        elsewhere.write_text("mine")
    if kind.startswith("link"):
        lock.symlink_to(elsewhere)
    elif kind == "second name":
        os.link(elsewhere, lock)
    elif kind == "pipe":
        os.mkfifo(lock)
    else:
        lock.mkdir()
    with pytest.raises(OSError, match="remove it") as caught:
        OutputLock(out, inside=inside)
    assert caught.value.filename == str(lock)
    if kind == "link to nothing":
        assert not elsewhere.exists()
    else:
        assert elsewhere.read_text() == "mine"
