"""Runs commands on a disk that is small, or that can only be read, and tells what they left there.

Run as ``unshare -rm python -m tests.faults.disks`` with a ``Job`` as JSON on standard input: in
namespaces of its own anyone may mount, and nobody else sees the mount. The answer is JSON, too.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path

import pytest

from tests.cli.command import COMMAND, environment
from tests.running import ROOT

NAMESPACE = ("unshare", "-rm")


@dataclass(frozen=True)
class Job:
    """What to do on the disk.

    Attributes
    ----------
    folder : str
        Where the disk is mounted.
    size : str
        As ``mount -o size=`` takes it; room for it all once it ``grows``.
    files : dict of str
        What lies there before.
    commands : list of list of str
        Command lines of ``coqui-amharic``; of Python, where the first word is ``-c``.
    read_only : bool
        Whether nothing can be written.
    grows : bool
        Whether there is room before the last command.
    """

    folder: str
    size: str
    commands: list[list[str]]
    files: dict[str, str] = field(default_factory=dict)
    read_only: bool = False
    grows: bool = False


@dataclass(frozen=True)
class Done:
    """How a command ended, and every file that was there then."""

    code: int
    out: str
    err: str
    files: dict[str, bytes]


@cache
def missing() -> str:
    """Return why no disk can be mounted here, ``""`` if one can be."""
    if shutil.which(NAMESPACE[0]) is None:
        return "there is no unshare command"
    tried = subprocess.run(
        [*NAMESPACE, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, text=True
    )
    return tried.stderr.strip() if tried.returncode else ""


def on_disk(job: Job) -> list[Done]:
    """Do a job; skip the test where nothing can be mounted."""
    if missing():
        pytest.skip(f"no disk can be mounted in a namespace of its own: {missing()}")
    done = subprocess.run(
        [*NAMESPACE, sys.executable, "-m", "tests.faults.disks"],
        input=json.dumps(asdict(job)),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found = []
    for one in json.loads(done.stdout):
        files = {name: base64.b64decode(data) for name, data in one.pop("files").items()}
        found.append(Done(**one, files=files))
    return found


def _mount(*options: str) -> None:
    subprocess.run(["mount", *options], check=True)


def _run(words: list[str]) -> dict[str, object]:
    command = [COMMAND[0]] if words[0] == "-c" else COMMAND
    done = subprocess.run(
        [*command, *words], env=environment(), cwd=ROOT, capture_output=True, text=True, timeout=250
    )
    return {"code": done.returncode, "out": done.stdout, "err": done.stderr}


def _files(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): base64.b64encode(path.read_bytes()).decode()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def main() -> None:
    job = Job(**json.load(sys.stdin))
    folder = Path(job.folder)
    _mount("-t", "tmpfs", "-o", f"size={job.size}", "none", job.folder)
    for name, content in job.files.items():
        (folder / name).write_text(content, encoding="utf-8")
    if job.read_only:
        _mount("-o", "remount,ro", job.folder)
    found = []
    for number, words in enumerate(job.commands, 1):
        if job.grows and number == len(job.commands):
            _mount("-o", "remount,size=64m", job.folder)
        found.append(_run(words) | {"files": _files(folder)})
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    os.chdir(ROOT)
    main()
