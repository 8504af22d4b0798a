"""Standard streams that are closed, and files that have no end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import COMMAND, environment, run
from tests.faults.test_two_writers import _corpus, _vocabulary


@pytest.mark.skipif(sys.platform == "win32", reason="streams are closed in a shell")
@pytest.mark.parametrize("verb", ["normalize", "phonemize"])
def test_standard_streams_that_are_closed_are_no_crash(verb: str) -> None:
    def shell(redirection: str, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", f'"$@" {redirection}', "sh", *COMMAND, verb, *words],
            env=environment(),
            capture_output=True,
            text=True,
        )

    unread = shell("<&-")
    assert (unread.returncode, unread.stdout) == (2, "")
    assert "pipe text in" in unread.stderr
    unheard = shell("<&- 2>&-", "ሰላም")
    assert (unheard.returncode, unheard.stdout) == (0, shell("", "ሰላም").stdout)


@pytest.mark.skipif(sys.platform == "win32", reason="streams are closed in a shell")
@pytest.mark.parametrize(
    "words",
    [
        "normalize ሰላም",
        "phonemize ሰላም",
        "phonemize ሰላም --json",
        "plugins",
        "plugins --json",
        "eval-g2p words.tsv",
        "vocab inspect --vocab vocab.json",
        "data check -m corpus/metadata.csv",
        "data import corpus --out new",
        "doctor",
        "bench",
        "train vits --dry-run",
        "--help",
    ],
)
def test_a_result_that_nobody_can_read_is_an_error(words: str, tmp_path: Path) -> None:
    (tmp_path / "words.tsv").write_text("ሰላም\tsəlam\n", encoding="utf-8")
    if "vocab" in words:
        _vocabulary(tmp_path / "vocab.json")
    if "corpus" in words:
        _corpus(tmp_path / "corpus")
    done = subprocess.run(
        ["sh", "-c", '"$@" >&-', "sh", *COMMAND, *words.split()],
        env=environment(),
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert "standard output is closed" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="streams are closed in a shell")
def test_a_file_is_written_whatever_can_be_shown(tmp_path: Path) -> None:
    """No file gets the number of a closed stream, and what is printed with it."""
    done = subprocess.run(
        ["sh", "-c", '"$@" <&- >&- 2>&-', "sh", *COMMAND, "phonemize", "ሰላም", "--out", "out"],
        env=environment(),
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "out").read_text(encoding="utf-8") == run("phonemize", "ሰላም")[1]


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="there is no /dev/zero")
@pytest.mark.parametrize("device", ["/dev/zero", "pipe"])
@pytest.mark.parametrize(
    "words",
    [
        "phonemize ሰላም --lexicon FILE",
        "train vits --lexicon FILE",
        "eval-g2p FILE",
        "vocab inspect --vocab FILE",
        "vocab extend --vocab FILE --out new.json",
        "data check -m FILE",
        "data import FILE --out new",
    ],
)
def test_a_file_without_an_end_is_refused(words: str, device: str, tmp_path: Path) -> None:
    if device == "pipe":
        device = str(tmp_path / device)
        os.mkfifo(device)
    code, out, err = run(*words.replace("FILE", device).split(), folder=tmp_path)
    assert (code, out) == (2, ""), err
    assert device in err and "Traceback" not in err
    assert not (tmp_path / "new").exists()


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="there is no /dev/zero")
@pytest.mark.parametrize("verb", ["phonemize", "normalize", "synth --checkpoint x"])
def test_a_line_without_an_end_is_refused(verb: str, tmp_path: Path) -> None:
    code, out, err = run(*verb.split(), "--file", "/dev/zero", folder=tmp_path)
    assert (code, out) == (2, "")
    assert "/dev/zero:1: the line has more than 64 MiB" in err
