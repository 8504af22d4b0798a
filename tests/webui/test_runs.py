"""Runs are started, watched, stopped so that they can save, and resumed."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from coqui_amharic_ext.webui import kernels, recipe
from coqui_amharic_ext.webui.recipe import TrainForm, Training, training
from coqui_amharic_ext.webui.runs import Run, RunError, Runs
from coqui_amharic_ext.webui.workfolder import WorkFolder, WorkFolderError

# What the trainer does, without the trainer: writes losses, saves when it is interrupted.
RECIPE = """
import argparse, pathlib, sys, time
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter
parser = argparse.ArgumentParser()
parser.add_argument("--output"); parser.add_argument("--continue_path")
arguments, rest = parser.parse_known_args()
if "--coqpit.fail" in rest:
    raise ValueError("the data set is empty")
folder = pathlib.Path(arguments.continue_path or pathlib.Path(arguments.output) / "vits-1")
folder.mkdir(exist_ok=True)
(folder / "config.json").write_text("{}")
events = EventFileWriter(str(folder))
def log(step, value):
    found = Summary(value=[Summary.Value(tag="TrainIterStats/loss", simple_value=value)])
    events.add_event(Event(step=step, wall_time=time.time(), summary=found))
    events.flush()
print(" > EPOCH: 2/19")
last = 3 if "--coqpit.short" in rest else 10_000
try:
    for step in range(10 if arguments.continue_path else 0, last + 10):
        print(f"   --> TIME: now -- STEP: {step}/9 -- GLOBAL_STEP: {step}", flush=True)
        log(step, 5.0 / (step + 1))
        time.sleep(0.02)
except KeyboardInterrupt:
    if "--coqpit.deaf" in rest:
        time.sleep(60)
    (folder / "checkpoint_7.pth").write_text("weights")
    print("saved", flush=True)
    sys.exit(130)
"""


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WorkFolder:
    work = WorkFolder.at(tmp_path / "work")
    (work.root / "corpus").mkdir()
    (work.root / "corpus" / "metadata.csv").write_text("a|ሰላም|ሰላም\n", encoding="utf-8")
    script = tmp_path / "train_fake.py"
    script.write_text(RECIPE)

    def command(self: Training, output: Path, resume: Path | None = None) -> list[str]:
        made = [sys.executable, str(script), *self.arguments, "--output", str(output)]
        return made if resume is None else [*made, "--continue_path", str(resume)]

    monkeypatch.setattr(recipe.Training, "command", command)
    monkeypatch.setattr(kernels, "config_numbers", lambda recipe: ["short", "deaf", "fail"])
    return work


@pytest.fixture
def runs(work: WorkFolder) -> Iterator[Runs]:
    # Where the tests were started with Ctrl-C ignored, children would ignore it, too.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    runs = Runs(work)
    yield runs
    runs.close(seconds=1)
    signal.signal(signal.SIGINT, before)


def form(values: str = "") -> TrainForm:
    return TrainForm(recipe="vits", data="corpus", values=values)


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "took too long"
        time.sleep(0.05)


def started(runs: Runs, values: str = "") -> Run:
    run = runs.start(training(form(values), runs.work))
    until(lambda: run.view().step is not None or not run.alive)
    return run


def test_losses_appear_while_it_runs(runs: Runs) -> None:
    run = started(runs)
    until(lambda: len(run.view().losses["loss"]) >= 3)
    view = run.view()
    assert view.state == "running"
    assert list(view.losses["loss"].items())[:2] == [(0, 5.0), (1, 2.5)]
    assert view.epoch == (2, 19)
    assert "GLOBAL_STEP" in view.log


def test_a_stopped_run_has_saved(runs: Runs) -> None:
    run = started(runs)
    run.stop()
    until(lambda: run.view().state == "stopped")
    assert run.view().checkpoint == "vits-1"
    assert run.view().log.endswith("saved")
    with pytest.raises(RunError, match="is not running"):
        run.stop()


def test_one_that_does_not_stop_is_ended(runs: Runs) -> None:
    run = started(runs, "deaf = 1")
    run.stop(seconds=0.3)
    assert run.wait(20)
    until(lambda: run.view().state == "stopped")
    assert run.view().checkpoint == ""


def test_it_goes_on_from_its_checkpoint_in_the_same_log(runs: Runs) -> None:
    run = started(runs)
    run.stop()
    assert run.wait(20)
    last = run.view().step
    again = runs.resume(run.folder.name)
    assert again is run
    until(lambda: (run.view().step or 0) >= 10)
    steps = list(run.view().losses["loss"])
    assert steps[0] == 0 and 10 in steps and last in steps
    with pytest.raises(RunError, match="already running"):
        runs.resume(run.folder.name)


def test_the_end_is_told(runs: Runs) -> None:
    run = started(runs, "short = 1")
    until(lambda: run.view().state == "finished")


def test_a_failure_is_told_in_words(runs: Runs) -> None:
    run = started(runs, "fail = 1")
    until(lambda: run.view().state == "failed")
    assert run.view().reason == "the data set is empty"
    with pytest.raises(RunError, match="no checkpoint to resume from"):
        runs.resume(run.folder.name)


def test_a_later_page_finds_and_resumes_a_run(runs: Runs, work: WorkFolder) -> None:
    run = started(runs)
    run.stop()
    assert run.wait(20)
    until(lambda: run.record()["returncode"] is not None)
    later = Runs(work)
    assert later.names() == [run.folder.name]
    assert later.get(run.folder.name).view().state == "stopped"
    try:
        assert later.resume(run.folder.name).alive
    finally:
        later.close(seconds=5)


def test_the_page_ends_its_runs_when_it_ends(runs: Runs) -> None:
    run = started(runs)
    runs.close(seconds=20)
    assert not run.alive
    assert run.saved() is not None


def test_the_run_that_runs_is_found_again(runs: Runs, work: WorkFolder) -> None:
    assert runs.current() is None
    over = stopped(runs)
    assert runs.current() is over, "it ended while nobody looked"
    running = started(runs)
    last = started(runs, "short = 1")
    until(lambda: last.view().state == "finished")
    assert runs.current() is running
    # A page that was killed could stop nothing; the next one finds what it left.
    assert (found := Runs(work).current()) is not None
    assert found.folder == running.folder and found.view().state == "unknown"
    running.stop()
    assert running.wait(20)
    until(lambda: running.record()["returncode"] is not None)
    assert Runs(work).current() is None


def test_what_the_system_ends_is_said_to_have_ended_so(runs: Runs) -> None:
    run = started(runs)
    os.kill(run.pid, signal.SIGKILL)
    until(lambda: run.view().state == "failed")
    assert "memory ran out" in run.view().reason


def test_what_a_record_says_is_checked_like_a_form(runs: Runs, work: WorkFolder) -> None:
    run = started(runs)
    run.stop()
    assert run.wait(20)
    until(lambda: run.record()["returncode"] is not None)
    record = run.record()
    record["form"]["data"] = "/etc"
    (run.folder / "run.json").write_text(json.dumps(record))
    with pytest.raises(WorkFolderError, match="outside the work folder"):
        runs.resume(run.folder.name)


def stopped(runs: Runs) -> Run:
    run = started(runs)
    run.stop()
    assert run.wait(20)
    until(lambda: run.record()["returncode"] is not None)
    return run


@pytest.mark.parametrize(
    "config",
    [
        {"output_path": "/etc"},
        {"output_path": "../../.."},
        {"phoneme_cache_path": "/somewhere/new"},
        {"datasets": [{"path": "/data"}]},
        {"datasets": [{"path": "{inside}", "meta_file_train": "../../x.csv"}]},
        {"model_args": {"dvae_checkpoint": "..\\..\\x.pth"}},
        {"model_args": {"tokenizer_file": "https://evil.example/vocab.json"}},
        {"restore_path": "simplecache::s3://bucket/x.pth"},
        {"logger_uri": "file:///tmp/x"},
    ],
)
def test_a_run_whose_config_leads_out_does_not_go_on(runs: Runs, config: dict[str, object]) -> None:
    run = stopped(runs)
    said = json.dumps(config).replace("{inside}", str(runs.work.root / "corpus"))
    (run.folder / "vits-1" / "config.json").write_text(said)
    with pytest.raises(WorkFolderError, match="outside the work folder"):
        runs.resume(run.folder.name)


def test_what_a_config_says_inside_goes_on(runs: Runs) -> None:
    run = stopped(runs)
    config = {
        "output_path": str(run.folder),
        "datasets": [{"path": str(runs.work.root / "corpus"), "meta_file_train": "metadata.csv"}],
        "distributed_url": "tcp://localhost:54321",
        "test_sentences": [["25/3 ../ http://x"]],
    }
    (run.folder / "vits-1" / "config.json").write_text(json.dumps(config))
    assert runs.resume(run.folder.name).alive


@pytest.mark.parametrize("link", ["train.log", "vits-1/model.pth", "vits-1"])
def test_links_of_a_run_that_lead_out_are_not_followed(
    runs: Runs, work: WorkFolder, tmp_path: Path, link: str
) -> None:
    run = stopped(runs)
    outside = tmp_path / "outside"
    (run.folder / "vits-1").rename(outside) if link == "vits-1" else outside.touch()
    (run.folder / link).unlink(missing_ok=True)
    (run.folder / link).symlink_to(outside)
    with pytest.raises(WorkFolderError, match="outside the work folder"):
        Runs(work).resume(run.folder.name)


def test_runs_are_not_kept_outside(work: WorkFolder, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (work.root / "runs").symlink_to(tmp_path / "outside")
    with pytest.raises(WorkFolderError, match="outside the work folder"):
        Runs(work)


def test_a_page_that_ends_starts_nothing(runs: Runs) -> None:
    runs.interrupt()
    with pytest.raises(RunError, match="is ending"):
        runs.start(training(form(), runs.work))


@pytest.mark.parametrize("name", ["", None, "..", "../corpus", "no-such", "/etc", "a/b"])
def test_only_runs_are_found_by_name(runs: Runs, name: str | None) -> None:
    with pytest.raises((RunError, WorkFolderError)):
        runs.get(name)


def test_two_runs_do_not_mix(runs: Runs) -> None:
    one, two = started(runs), started(runs)
    assert one.folder != two.folder
    one.stop()
    assert one.wait(20)
    assert two.view().state == "running"
