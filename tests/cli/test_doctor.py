"""``doctor`` as a person meets it, in an installation with one thing spoilt."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import environment, run
from tests.doctor.site import FakeSite

START = """
import coqui_amharic_ext.doctor as doctor
examine = doctor.diagnose
doctor.diagnose = lambda tell: examine(doctor.Environment(path=({folder!r},)), tell=tell)
from coqui_amharic_ext.cli import main
main()
"""
PIP = """
import json, sys
from pathlib import Path
here = Path(__file__).parents[2]
with (here / "asked.jsonl").open("a") as stream:
    stream.write(json.dumps(sys.argv[1:]) + "\\n")
if (here / "fails").exists():
    sys.exit(1)
(here / "six.py").touch()
info = here / "six-1.17.0.dist-info"
info.mkdir()
(info / "METADATA").write_text("Metadata-Version: 2.1\\nName: six\\nVersion: 1.17.0\\n")
"""
LINE = f"$ {sys.executable} -m pip install six"


@pytest.fixture
def spoilt(tmp_path: Path) -> Path:
    """Return an installation without ``six``, and with a pip that fixes that."""
    folder = tmp_path / "site"
    folder.mkdir()
    site = FakeSite(folder)
    site.without("six")
    (folder / "pip_only" / "pip").mkdir(parents=True)
    (folder / "pip_only" / "pip" / "__init__.py").touch()
    (folder / "pip_only" / "pip" / "__main__.py").write_text(PIP)
    return folder


def command(folder: Path) -> list[str]:
    return [sys.executable, "-c", START.format(folder=str(folder)), "doctor"]


def doctor(folder: Path, *arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [*command(folder), *arguments],
        # Commands that it runs find our pip.
        env=environment(PYTHONPATH=str(folder / "pip_only")),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=300,
    )
    return done.returncode, done.stdout, done.stderr


def asked(folder: Path) -> list[list[str]]:
    log = folder / "asked.jsonl"
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def test_it_names_the_problem_and_the_command_and_changes_nothing(spoilt: Path) -> None:
    code, out, err = doctor(spoilt, "--dry-run")
    assert (code, err) == (1, "")
    assert "✗ error: six is not installed" in out
    assert f"  1. {LINE}" in out
    assert asked(spoilt) == []


def test_yes_fixes_it_and_looks_again(spoilt: Path) -> None:
    code, out, err = doctor(spoilt, "--yes", "--json")
    assert code == 0, out
    found = json.loads(out)
    assert found["ok"]
    assert found["problems"] == []
    (ran,) = found["ran"]
    assert (ran["line"], ran["exit_code"]) == (LINE.removeprefix("$ "), 0)
    assert asked(spoilt) == [["install", "six"]]
    assert LINE in err


def test_a_command_that_fails_ends_it(spoilt: Path) -> None:
    (spoilt / "fails").touch()
    code, out, err = doctor(spoilt, "--yes")
    assert code == 1
    assert "ended with exit code 1" in err
    assert out.count("six is not installed") == 2  # before and after
    assert asked(spoilt) == [["install", "six"]]


def test_torch_is_replaced_only_when_told(spoilt: Path) -> None:
    FakeSite(spoilt).torch("2.15.0")
    (spoilt / "six.py").unlink()
    code, out, _ = doctor(spoilt, "--dry-run")
    assert code == 1
    assert "left: torch-version: it replaces torch" in out
    _, out, _ = doctor(spoilt, "--dry-run", "--replace-torch")
    plan = out.partition("Plan:")[2]
    assert "pip install 'torch" in plan
    assert "left: six-missing: after torch is replaced" in plan
    assert asked(spoilt) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(("answer", "runs"), [(b"n\n", False), (b"y\n", True)])
def test_fix_asks_first(spoilt: Path, answer: bytes, runs: bool) -> None:
    ours, theirs = os.openpty()
    child = subprocess.Popen(
        [*command(spoilt), "--fix"],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(PYTHONPATH=str(spoilt / "pip_only")),
    )
    os.close(theirs)
    os.write(ours, answer)
    out, err = child.communicate(timeout=300)
    os.close(ours)
    assert b"Run this?" in err
    assert f"  1. {LINE}".encode() in out
    assert asked(spoilt) == ([["install", "six"]] if runs else [])
    assert child.returncode == (0 if runs else 1)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--fix",), "give --yes"),
        (("--dry-run", "--yes"), "--dry-run runs nothing"),
        (("--replace-torch",), "--replace-torch goes with"),
        (("--from", "x"), "--from goes with --fetch"),
        (("--force",), "--force goes with --fetch"),
        (("--fetch", "epitran"), "there is: transphone"),
        (("--fetch", "transphone", "--yes"), "give one"),
        (("--fetch", "transphone", "--timeout", "0"), "seconds above 0"),
    ],
)
def test_options_that_do_not_go_together_are_refused_at_once(
    arguments: tuple[str, ...], says: str
) -> None:
    code, out, err = run("doctor", *arguments)
    assert (code, out) == (2, "")
    assert says in err
