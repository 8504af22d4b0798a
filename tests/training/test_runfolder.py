"""One training at a time writes a run's folder, and only its main process."""

from __future__ import annotations

import functools
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("trainer")

import coqui_amharic_ext as am
from coqui_amharic_ext.io.locks import BusyError, OutputLock
from coqui_amharic_ext.patching import load
from coqui_amharic_ext.training import runfolder
from coqui_amharic_ext.training.patches import PATCHES
from tests.training import toy


@pytest.fixture
def upstream() -> Iterator[Any]:
    import trainer.trainer

    am.deactivate()
    am.activate(am.Settings(g2p_backends=("rules",)))
    yield trainer.trainer
    am.deactivate()


def _config(value: int) -> Any:
    return SimpleNamespace(to_dict=lambda: {"value": value})


def test_the_probes_fit_upstream(upstream: Any) -> None:
    for patch in PATCHES:
        if not patch.name.startswith("run-folder-"):
            continue
        am.deactivate()
        owner: Any = upstream
        for name in patch.qualname.split("."):
            owner = getattr(owner, name)
        if patch.probe is not None:
            load(patch.probe)(owner)


def test_a_folder_is_taken_until_the_training_has_ended(upstream: Any, tmp_path: Path) -> None:
    made = toy.make(tmp_path)
    with pytest.raises(BusyError, match="is being written by process"):
        OutputLock(made.output_path, inside=True)
    # The same process may build another over it, as a notebook does.
    toy.make(tmp_path)
    made.fit()
    OutputLock(made.output_path, inside=True).release()
    assert not [name for name in os.listdir(made.output_path) if name.startswith(".")]


def test_a_training_that_fails_gives_it_back(upstream: Any, tmp_path: Path) -> None:
    made = toy.make(tmp_path)
    (made.output_path / "checkpoint_1.pth").touch()  # so that the trainer keeps the folder

    def fail(*_: Any) -> None:
        raise RuntimeError("as it happens")

    made.model.train_step = fail
    with pytest.raises(SystemExit):
        made.fit()
    OutputLock(made.output_path, inside=True).release()


def test_the_config_is_whole_or_as_it_was(
    upstream: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream.copy_model_files(_config(1), tmp_path, {"more": 2})
    assert json.loads((tmp_path / "config.json").read_text()) == {"value": 1, "more": 2}

    def torn(value: Any, file: Any, **_: Any) -> None:
        file.write('{"val')
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(json, "dump", torn)
    with pytest.raises(OSError, match="No space left"):
        upstream.copy_model_files(_config(3), tmp_path, {})
    assert json.loads((tmp_path / "config.json").read_text()) == {"value": 1, "more": 2}
    runfolder._release(tmp_path)
    assert os.listdir(tmp_path) == ["config.json"]


def test_other_processes_of_one_training_neither_write_nor_remove(
    upstream: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The main one may be saving its first checkpoint, which nobody sees before it is whole."""
    monkeypatch.setenv("RANK", "1")
    upstream.copy_model_files(_config(1), tmp_path, {})
    assert os.listdir(tmp_path) == []
    upstream.remove_experiment_folder(tmp_path)
    assert tmp_path.exists()
    monkeypatch.setenv("RANK", "0")
    upstream.remove_experiment_folder(tmp_path)
    assert not tmp_path.exists()
    tmp_path.mkdir()


def test_what_killed_saves_left_is_removed_when_training_begins(
    upstream: Any, tmp_path: Path
) -> None:
    made = toy.make(tmp_path)
    made.fit()
    left = made.output_path / ".checkpoint_9.pth.partial-0123456789abcdef"
    left.touch()
    upstream.copy_model_files(_config(1), made.output_path, {})
    assert not left.exists()
    runfolder._release(made.output_path)


@pytest.mark.parametrize(
    "where", ["copy_model_files", "Trainer.init_loggers", "Trainer.get_optimizer"]
)
@pytest.mark.parametrize("how", ["interrupt", "error", "SIGTERM"])
def test_a_run_that_never_began_leaves_no_folder(
    upstream: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    where: str,
    how: str,
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        if how == "SIGTERM":
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(10)
        raise KeyboardInterrupt if how == "interrupt" else RuntimeError("as it happens")

    if where == "copy_model_files":
        monkeypatch.setattr(json, "dump", fail)
    else:
        monkeypatch.setattr(upstream.Trainer, where.partition(".")[2], fail)
    for number in (signal.SIGTERM, signal.SIGHUP):  # a process that is ended keeps our handlers
        request.addfinalizer(functools.partial(signal.signal, number, signal.SIG_DFL))
    ends = {"interrupt": KeyboardInterrupt, "error": RuntimeError, "SIGTERM": SystemExit}
    with pytest.raises(ends[how]) as caught:
        toy.make(tmp_path)
    assert how != "SIGTERM" or caught.value.code == 128 + signal.SIGTERM  # type: ignore[attr-defined]
    assert os.listdir(tmp_path) == []


def test_a_run_that_fails_to_go_on_keeps_its_folder(
    upstream: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = toy.make(tmp_path)
    made.fit()
    folder = made.output_path
    (folder / "checkpoint_1.pth").unlink(missing_ok=True)

    def fail(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(upstream.Trainer, "init_loggers", fail)
    with pytest.raises(KeyboardInterrupt):
        upstream.Trainer(
            upstream.TrainerArgs(continue_path=str(folder)),
            upstream.TrainerConfig(output_path=str(tmp_path), run_name="toy"),
            model=toy.ToyModel(),
            train_samples=[],
            parse_command_line_args=False,
        )
    assert (folder / "config.json").is_file()
