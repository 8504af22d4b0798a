"""Two commands that would write the same output: the second is refused in one line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from coqui_amharic_ext.io.locks import OutputLock
from tests.cli.command import COMMAND, environment, run

LINES = [f"ሰላም {n} ቤት።" for n in range(40)]


def _corpus(folder: Path) -> Path:
    np, soundfile = pytest.importorskip("numpy"), pytest.importorskip("soundfile")
    (folder / "wavs").mkdir(parents=True)
    for name, pitch in (("a", 220), ("b", 330)):
        sound = 0.5 * np.sin(2 * np.pi * pitch * np.arange(44100) / 22050)
        soundfile.write(folder / "wavs" / f"{name}.wav", sound, 22050)
    rows = "".join(f"{name}|ሰላም ለዓለም|ሰላም ለዓለም\n" for name in "ab")
    (folder / "metadata.csv").write_text(rows, encoding="utf-8")
    return folder


def _vocabulary(path: Path) -> Path:
    pytest.importorskip("TTS")
    from coqui_amharic_ext.demo import tiny

    return Path(tiny.write_vocab(path))


def _command(verb: str, tmp_path: Path, out: Path) -> list[str]:
    texts = tmp_path / "texts.txt"
    texts.write_text("\n".join(LINES), encoding="utf-8")
    if verb.startswith("data"):
        corpus = _corpus(tmp_path / "corpus")
        if verb == "data import":
            return ["data", "import", str(corpus), "--out", str(out)]
        return ["data", "check", "-m", str(corpus / "metadata.csv"), "--fix", str(out)]
    if verb == "vocab extend":
        vocab = _vocabulary(tmp_path / "vocab.json")
        return ["vocab", "extend", "--vocab", str(vocab), "--out", str(out)]
    if verb == "checkpoint extend":
        vocab, new = _vocabulary(tmp_path / "vocab.json"), tmp_path / "new.json"
        assert run("vocab", "extend", "--vocab", str(vocab), "--out", str(new))[0] == 0
        return [
            *("checkpoint", "extend", "--checkpoint", str(tmp_path / "model.pth")),
            *("--old-vocab", str(vocab), "--new-vocab", str(new), "--out", str(out)),
        ]
    if verb == "synth":
        # Refused before anything is loaded, so that no model is needed.
        (tmp_path / "model.pth").touch()
        return [
            *("synth", "--checkpoint", str(tmp_path / "model.pth"), "--text", "ሰላም"),
            *("--out", str(out)),
        ]
    return ["phonemize", "--file", str(texts), "--out", str(out), *verb.split()[1:]]


VERBS = (
    "phonemize",
    "phonemize --resume",
    "phonemize --force",
    "phonemize --engine ray",
    "synth",
    "vocab extend",
    "checkpoint extend",
    "data import",
    "data check",
)


@pytest.mark.parametrize("verb", VERBS)
def test_an_output_that_somebody_writes_is_refused(verb: str, tmp_path: Path) -> None:
    (tmp_path / "outputs").mkdir()
    endings = {"synth": ".wav", "vocab extend": ".json", "checkpoint extend": ".pth"}
    out = tmp_path / "outputs" / ("out" + endings.get(verb, ""))
    command = _command(verb, tmp_path, out)
    with OutputLock(out):
        code, said, err = run(*command)
        assert (code, said) == (2, "")
        (line,) = err.splitlines()
        assert f"{out} is being written by process {os.getpid()}" in line
    assert list(out.parent.iterdir()) == []


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A phonemize in the middle of its input."""
    out = tmp_path / "out"
    child = subprocess.Popen(
        [*COMMAND, "phonemize", "--out", str(out)],
        env=environment(),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    assert child.stdin is not None
    child.stdin.write("\n".join(LINES[:10]) + "\n")
    child.stdin.flush()
    record = tmp_path / "out.part.json"
    deadline = time.monotonic() + 60
    while not record.exists() or json.loads(record.read_text())["items"] < 1:
        assert time.monotonic() < deadline
        assert child.poll() is None
        time.sleep(0.02)
    yield child, out
    child.kill()
    child.communicate()


@pytest.mark.parametrize("option", ["--resume", "--force"])
def test_a_running_phonemize_loses_nothing_to_another(
    running: tuple[subprocess.Popen[str], Path], option: str
) -> None:
    child, out = running
    code, _, err = run("phonemize", "--out", str(out), option, given="\n".join(LINES))
    assert code == 2
    assert f"{out} is being written by process {child.pid}" in err
    _, said = child.communicate("\n".join(LINES[10:]) + "\n", timeout=60)
    assert child.returncode == 0, said
    expected = run("phonemize", given="\n".join(LINES))[1]
    assert out.read_text(encoding="utf-8") == expected
    assert [path.name for path in out.parent.iterdir()] == ["out"]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_runs_that_are_killed_soon_come_to_an_end(tmp_path: Path) -> None:
    """Each is killed as soon as it has recorded one more item than the one before."""
    out = tmp_path / "out"
    record = tmp_path / "out.part.json"
    done = 0
    for number in range(4):
        resume = ["--resume"] if number else []
        child = subprocess.Popen(
            [*COMMAND, "phonemize", "--out", str(out), *resume],
            env=environment(),
            stdin=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        assert child.stdin is not None
        child.stdin.write("\n".join(LINES[: done + 3]) + "\n")
        child.stdin.flush()
        started = time.monotonic()
        while time.monotonic() - started < 60:
            if record.exists() and json.loads(record.read_text())["items"] > done:
                break
            time.sleep(0.01)
        child.send_signal(signal.SIGKILL)
        child.communicate()
        found = json.loads(record.read_text())["items"]
        assert found > done
        done = found
    code, _, err = run("phonemize", "--out", str(out), "--resume", given="\n".join(LINES))
    assert code == 0, err
    assert out.read_text(encoding="utf-8") == run("phonemize", given="\n".join(LINES))[1]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
