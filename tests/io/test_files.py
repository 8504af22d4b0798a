"""Files appear when they are whole, and nothing of ours is left behind."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from coqui_amharic_ext.io import files
from coqui_amharic_ext.io.files import filling, replacing, sweep
from coqui_amharic_ext.io.locks import OutputLock, beside

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="signals and modes of POSIX")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_replacing_keeps_the_name_for_whole_files_only(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with replacing(path) as partial:
        partial.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    with pytest.raises(KeyboardInterrupt), replacing(path) as partial:
        partial.write_text("half")
        raise KeyboardInterrupt
    assert path.read_text() == "whole"
    assert names(tmp_path) == ["file"]


def test_two_that_replace_one_file_at_once_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with replacing(path) as one, replacing(path) as two:
        assert one != two
        one.write_text("one" * 1000)
        two.write_text("two")
    assert path.read_text() == "one" * 1000
    assert names(tmp_path) == ["file"]


def test_many_threads_that_replace_one_file_leave_a_whole_one(tmp_path: Path) -> None:
    path = tmp_path / "file"

    def write(number: int) -> None:
        for _ in range(20):
            sweep(tmp_path, now=True)
            with replacing(path) as partial:
                partial.write_text(str(number) * 5000)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    text = path.read_text()
    assert len(text) == 5000
    assert len(set(text)) == 1
    assert names(tmp_path) == ["file"]


@posix_only
@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_a_file_has_the_mode_that_any_new_file_has(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        with replacing(tmp_path / "ours") as partial:
            partial.write_text("x")
        with filling(tmp_path / "folder") as folder:
            os.rename(folder, tmp_path / "folder")
    finally:
        os.umask(before)
    assert (tmp_path / "ours").stat().st_mode & 0o777 == 0o666 & ~mask
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o777 & ~mask


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    real = tmp_path / "there" / "real"
    real.write_text("old")
    (tmp_path / "link").symlink_to(real)
    with replacing(tmp_path / "link") as partial:
        partial.write_text("new")
    assert (tmp_path / "link").is_symlink()
    assert real.read_text() == "new"


@posix_only
def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, says in ((tmp_path, "is a folder"), (tmp_path / "pipe", "not a regular file")):
        with pytest.raises(OSError, match=says), replacing(path):
            pass
    with pytest.raises(FileNotFoundError, match=r"the folder .* does not exist"):
        with replacing(tmp_path / "none" / "file"):
            pass
    assert names(tmp_path) == ["pipe"]


@pytest.mark.parametrize("length", [200, 255])
def test_a_name_may_be_as_long_as_the_system_allows(tmp_path: Path, length: int) -> None:
    path = tmp_path / ("ሰ" * 100)[: length // 3]
    path = path.with_name(path.name + "x" * (length - len(path.name.encode())))
    with OutputLock(path), replacing(path) as partial:
        partial.write_text("x")
    assert names(tmp_path) == [path.name]
    assert beside(path, ".a") != beside(path.with_name(path.name[:-1] + "y"), ".a")


WRITER = """
import os, sys, time
from pathlib import Path
from coqui_amharic_ext.io.files import filling, replacing
from coqui_amharic_ext.io.locks import OutputLock
folder = Path(sys.argv[1])
print("ready", flush=True)
while True:
    with OutputLock(folder / "locked"), replacing(folder / "file") as partial:
        partial.write_bytes(bytes(2_000_000))
        with filling(folder / "filled") as filled:
            (filled / "one").touch()
            time.sleep(0.002)
            try:
                os.rename(filled, folder / "filled")
            except OSError:
                pass
"""


@posix_only
def test_what_killed_processes_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    draw = random.Random(5)
    (tmp_path / ".file.partial").write_text("somebody else's")
    (tmp_path / ".file.partial-notours").write_text("somebody else's")
    others = [".file.partial", ".file.partial-notours"]
    left = 0
    for _ in range(8):
        child = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=-1)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(draw.uniform(0.0, 0.05))
        child.send_signal(signal.SIGKILL)
        child.communicate()
        left += len(set(names(tmp_path)) - {"file", "filled", *others})
        if (tmp_path / "file").exists():
            assert (tmp_path / "file").stat().st_size == 2_000_000
    assert left  # else the kills came at the wrong moments
    with replacing(tmp_path / "held") as partial:
        partial.write_text("alive")
        sweep(tmp_path, now=True)
        assert [name for name in names(tmp_path) if name.startswith(".")] == sorted(
            [*others, partial.name]
        )
    assert set(names(tmp_path)) - {"file", "filled"} == {"held", *others}


def test_a_folder_is_looked_at_once_a_minute(tmp_path: Path) -> None:
    old = tmp_path / ".x.partial-0123456789abcdef"
    with replacing(tmp_path / "a") as partial:
        partial.touch()
    old.touch()
    with replacing(tmp_path / "a") as partial:
        partial.touch()
    assert old.exists()
    files._swept.clear()
    with replacing(tmp_path / "a") as partial:
        partial.touch()
    assert not old.exists()


def test_an_error_of_a_lock_names_a_relative_output_with_advice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(tmp_path / ".v.json.lock"))

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(files, "OutputLock", refuse)
    with pytest.raises(OSError, match="nothing can be written in") as raised:
        files.only_writer(Path("v.json"))
    assert raised.value.filename == "v.json"
