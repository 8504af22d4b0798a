"""An MP3 with damaged frames is decoded without a word of libmpg123's; other words come through."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

soundfile = pytest.importorskip("soundfile")

from coqui_amharic_ext.io import mpg123  # noqa: E402

if "MP3" not in soundfile.available_formats():
    pytest.skip("this libsndfile does not write MP3", allow_module_level=True)


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    path = tmp_path / "damaged.mp3"
    noise = np.random.default_rng(0)
    soundfile.write(path, noise.uniform(-0.3, 0.3, 44100), 22050)
    whole = path.read_bytes()
    path.write_bytes(whole[:3000] + noise.bytes(400) + whole[3000:])
    return path


def _decode(path: Path) -> None:
    try:
        soundfile.read(path)
    except soundfile.LibsndfileError:
        pass  # whether it can be used is another question


def test_without_us_it_is_on_standard_error(
    damaged: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    _decode(damaged)
    said = capfd.readouterr().err
    assert "mpg123" in said or "MPEG" in said


def test_its_lines_are_left_out_and_others_come(
    damaged: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for source in (damaged, damaged.read_bytes()):
        with mpg123.quiet(source):
            _decode(damaged)
            os.write(2, b"the disk is full\n")
        assert capfd.readouterr().err == "the disk is full\n"


def test_an_error_is_raised_and_standard_error_is_back(
    damaged: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ZeroDivisionError):
        with mpg123.quiet(damaged):
            raise ZeroDivisionError
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


def test_other_formats_keep_standard_error(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(100), 22050)
    with mpg123.quiet(tmp_path / "a.wav"):
        os.write(2, b"Note: Trying to resync...\n")
        assert capfd.readouterr().err == "Note: Trying to resync...\n"
    with mpg123.quiet(tmp_path / "none.mp3"):
        pass


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs POSIX pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """It runs as a test of ours only where it does not hang, hence in a process with a limit."""
    pipe = tmp_path / "a.wav"
    os.mkfifo(pipe)
    code = (
        "import sys; from pathlib import Path; from coqui_amharic_ext.data.audio import measure\n"
        "try: measure(Path(sys.argv[1]))\n"
        "except ValueError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(pipe)], capture_output=True, text=True, timeout=60
    )
    assert "it does not exist" in done.stdout or "not a regular file" in done.stdout
