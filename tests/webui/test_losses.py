"""Losses are read from the files that the trainer writes for TensorBoard."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tensorboard", reason="needs tensorboard, which comes with the extra webui")

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from coqui_amharic_ext.webui.losses import MOST_POINTS, LossReader, frame


class Writer:
    """Writes as the trainer does."""

    def __init__(self, folder: Path) -> None:
        self._file = EventFileWriter(str(folder))

    def write(self, step: int, **values: float) -> None:
        for name, value in values.items():
            tag = name.replace("__", "/")
            found = Summary(value=[Summary.Value(tag=tag, simple_value=value)])
            self._file.add_event(Event(step=step, wall_time=time.time(), summary=found))
        self._file.flush()

    def close(self) -> None:
        self._file.close()


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Any]:
    writer = Writer(tmp_path / "vits-1")
    yield writer
    writer.close()


def test_a_run_that_has_written_nothing_has_no_losses(tmp_path: Path) -> None:
    reader = LossReader(tmp_path)
    assert reader.read() == {}
    (tmp_path / "vits-1").mkdir()
    (tmp_path / "vits-1" / "events.out.tfevents.1.x").touch()
    assert reader.read() == {}


def test_training_losses_are_read_as_they_come_and_nothing_else(
    tmp_path: Path, writer: Writer
) -> None:
    reader = LossReader(tmp_path)
    writer.write(0, TrainIterStats__loss=5.5, TrainIterStats__step_time=9, EvalStats__loss=99)
    assert reader.read() == {"loss": {0: 5.5}}
    writer.write(10, TrainIterStats__loss=5.25, TrainIterStats__loss_mel=0.5)
    assert reader.read() == {"loss": {0: 5.5, 10: 5.25}, "loss_mel": {10: 0.5}}


def test_a_resumed_run_writes_on(tmp_path: Path, writer: Writer) -> None:
    reader = LossReader(tmp_path)
    writer.write(0, TrainIterStats__loss=4.0)
    writer.write(1, TrainIterStats__loss=3.0)
    reader.read()
    again = Writer(tmp_path / "vits-1")
    again.write(1, TrainIterStats__loss=2.0)
    again.write(2, TrainIterStats__loss=1.0)
    again.close()
    assert reader.read() == {"loss": {0: 4.0, 1: 2.0, 2: 1.0}}
    assert LossReader(tmp_path).read() == {"loss": {0: 4.0, 1: 2.0, 2: 1.0}}


def test_a_long_run_is_sampled_to_its_end(tmp_path: Path, writer: Writer) -> None:
    for step in range(3 * MOST_POINTS):
        writer.write(step, TrainIterStats__loss=float(step))
    points = LossReader(tmp_path).read()["loss"]
    assert len(points) == MOST_POINTS and max(points) == 3 * MOST_POINTS - 1


def test_an_unusual_loss_is_shown_where_there_is_no_usual_one(
    tmp_path: Path, writer: Writer
) -> None:
    writer.write(1, TrainIterStats__loss_odd=2.0)
    assert LossReader(tmp_path).read() == {"loss_odd": {1: 2.0}}
    writer.write(1, TrainIterStats__loss=2.0)
    assert list(LossReader(tmp_path).read()) == ["loss"]


def test_points_that_cannot_be_drawn_are_left_out() -> None:
    found = frame({"loss": {2: 1.0, 1: math.nan, 0: math.inf}, "loss_mel": {0: 2.0}})
    assert found.to_numpy().tolist() == [[2, 1.0, "loss"], [0, 2.0, "loss_mel"]]
