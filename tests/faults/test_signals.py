"""Whoever ends training, and however: a checkpoint is saved and no process is left."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("trainer")
psutil = pytest.importorskip("psutil")

from tests.cli.command import environment  # noqa: E402
from tests.running import ROOT  # noqa: E402

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
RECIPE = "tests.faults.slow_recipe"
COMMAND_LINE = (
    f"from coqui_amharic_ext.cli import train, main;train.RECIPES['vits'] = {RECIPE!r}; main()"
)
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start training and wait for its first steps."""
    started: list[subprocess.Popen[str]] = []

    def begin(*command: str, **options: Any) -> subprocess.Popen[str]:
        (tmp_path / "training").unlink(missing_ok=True)
        log = (tmp_path / "log.txt").open("a")
        child = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=environment(OMP_NUM_THREADS="1"),
            stdout=log,
            stderr=log,
            text=True,
            start_new_session=True,
            **options,
        )
        started.append(child)
        deadline = time.monotonic() + 240
        while not (tmp_path / "training").exists():
            assert child.poll() is None, (tmp_path / "log.txt").read_text()[-3000:]
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return child

    yield begin
    for child in started:
        for process in _all(child):
            process.kill()
        child.wait()


def _all(child: subprocess.Popen[str]) -> list[Any]:
    try:
        parent = psutil.Process(child.pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def by_command(folder: Path) -> list[str]:
    return ["-c", COMMAND_LINE, "train", "vits", str(folder)]


def alone(folder: Path) -> list[str]:
    return ["-m", RECIPE, str(folder)]


def ended(child: subprocess.Popen[str], processes: list[Any], folder: Path) -> str:
    """Wait for the end of them all; return the log, having looked at the checkpoint."""
    child.wait(timeout=120)
    left = psutil.wait_procs(processes, timeout=60)[1]
    log = (folder / "log.txt").read_text()
    assert not left, log[-2000:]
    (run,) = (folder / "runs").iterdir()
    (checkpoint,) = run.glob("checkpoint_*.pth")
    assert torch.load(checkpoint, weights_only=True)["step"] >= 2, log[-2000:]
    assert not [path.name for path in run.iterdir() if path.name.startswith(".")]
    return log


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("command", [by_command, alone])
def test_it_ends_as_at_ctrl_c(
    start: Start, tmp_path: Path, command: Callable[[Path], list[str]], name: str
) -> None:
    number = getattr(signal, name)
    child = start(*command(tmp_path))
    processes = _all(child)
    assert len(processes) >= 3  # workers are there
    child.send_signal(number)
    log = ended(child, processes, tmp_path)
    assert child.returncode == 128 + number, log[-2000:]


@pytest.mark.parametrize("command", [by_command, alone])
def test_all_of_its_processes_may_be_told_at_once(
    start: Start, tmp_path: Path, command: Callable[[Path], list[str]]
) -> None:
    """As systemd and Slurm do, and the workers, too; what is passed on comes twice."""
    draw = random.Random(7)
    child = start(*command(tmp_path))
    processes = _all(child)
    draw.shuffle(processes)
    # The workers first, which is the order that hurts.
    processes.sort(key=lambda process: not process.children(recursive=True), reverse=True)
    for process in processes:
        process.terminate()
    log = ended(child, processes, tmp_path)
    assert child.returncode == 128 + signal.SIGTERM, log[-3000:]


def test_where_the_command_is_killed_the_recipe_does_not_run_on(
    start: Start, tmp_path: Path
) -> None:
    child = start(*by_command(tmp_path))
    processes = _all(child)
    child.kill()
    ended(child, processes, tmp_path)


def test_a_hang_up_that_is_ignored_is_ignored(start: Start, tmp_path: Path) -> None:
    child = start(
        *by_command(tmp_path), preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)
    )
    processes = _all(child)
    for process in processes:
        process.send_signal(signal.SIGHUP)
    time.sleep(1)
    assert all(process.is_running() for process in processes)
    child.terminate()
    ended(child, processes, tmp_path)


def test_two_do_not_train_in_one_folder(start: Start, tmp_path: Path) -> None:
    first = start(*alone(tmp_path))
    processes = _all(first)
    first.send_signal(signal.SIGINT)
    ended(first, processes, tmp_path)
    assert first.returncode == 130
    (run,) = (tmp_path / "runs").iterdir()
    going_on = start(*alone(tmp_path), str(run))
    processes = _all(going_on)
    config = (run / "config.json").read_bytes()
    with subprocess.Popen(
        [sys.executable, "-m", "coqui_amharic_ext.io.watched", *alone(tmp_path), str(run)],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as refused:
        assert refused.stderr is not None
        err = refused.stderr.read()
        assert refused.wait(timeout=240) == 2, err
    said = err.strip().splitlines()[-1]
    assert said.startswith(f"coqui-amharic: {run} is being written by process {going_on.pid}")
    assert "Traceback" not in err
    assert (run / "config.json").read_bytes() == config
    going_on.terminate()
    assert going_on.wait(timeout=120) == 128 + signal.SIGTERM
