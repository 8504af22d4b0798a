"""A file that is written beside, kept when interrupted, and gone on with exactly."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coqui_amharic_ext.cli.output import InputError
from coqui_amharic_ext.cli.resumable import ResumableFile
from coqui_amharic_ext.io.locks import BusyError

MADE_WITH = {"backend": "rules", "column": None}


def begin(path: Path, resume: bool = False, force: bool = False, **made: object) -> ResumableFile:
    return ResumableFile(path, MADE_WITH | made, resume=resume, force=force)


def fill(target: ResumableFile, items: list[str]) -> None:
    for item in items:
        if not target.done_before(item):
            target.write(item, item.upper())


LINE = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=6)


@settings(deadline=None, max_examples=40)
@given(items=st.lists(LINE, max_size=12), stops=st.lists(st.integers(0, 12), max_size=3))
def test_however_often_it_is_interrupted_the_result_is_the_same(
    items: list[str], stops: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("run") / "out"
    for number, stop in enumerate(stops):
        target = begin(path, resume=number > 0)
        fill(target, items[: max(stop, target.items)])
        target.keep()
    target = begin(path, resume=bool(stops))
    fill(target, items)
    target.finish()
    assert path.read_bytes().decode() == "".join(item.upper() + "\n" for item in items)
    assert [p.name for p in path.parent.iterdir()] == ["out"]


@pytest.fixture
def unfinished(tmp_path: Path) -> Path:
    path = tmp_path / "out"
    target = begin(path)
    fill(target, ["a", "b", "c"])
    target.keep()
    return path


def part(path: Path, suffix: str = "") -> Path:
    return path.with_name(path.name + ".part" + suffix)


def test_a_line_that_a_kill_tore_is_cut_off(unfinished: Path) -> None:
    with part(unfinished).open("ab") as stream:
        stream.write("ሰላም".encode()[:4])
    target = begin(unfinished, resume=True)
    fill(target, ["a", "b", "c", "d"])
    target.finish()
    assert unfinished.read_text() == "A\nB\nC\nD\n"


@pytest.mark.parametrize("items", [["a", "x", "c", "d"], ["a", "b"], []])
def test_another_input_is_noticed(unfinished: Path, items: list[str]) -> None:
    target = begin(unfinished, resume=True)
    with pytest.raises(InputError, match="does not start with the 3 items"):
        fill(target, items)
        target.finish()
    target.keep()
    assert part(unfinished).read_text() == "A\nB\nC\n"


def test_other_choices_are_noticed(unfinished: Path) -> None:
    with pytest.raises(InputError, match="backend: 'rules' then, 'epitran' now"):
        begin(unfinished, resume=True, backend="epitran")


@pytest.mark.parametrize("record", [b"", b"[]", b'{"items": 3}', b"\xff"])
def test_a_broken_record_is_not_trusted(unfinished: Path, record: bytes) -> None:
    part(unfinished, ".json").write_bytes(record)
    with pytest.raises(InputError, match="--force starts again"):
        begin(unfinished, resume=True)


def test_a_shortened_file_is_not_trusted(unfinished: Path) -> None:
    part(unfinished).write_text("A\n")
    with pytest.raises(InputError, match="shorter"):
        begin(unfinished, resume=True)


def test_force_drops_an_unfinished_run(unfinished: Path) -> None:
    target = begin(unfinished, force=True)
    fill(target, ["z"])
    target.finish()
    assert unfinished.read_text() == "Z\n"


def test_a_finished_file_is_not_resumed(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("old\n")
    with pytest.raises(InputError, match="is complete"):
        begin(tmp_path / "out", resume=True)


def test_the_old_file_stays_until_the_new_one_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("old\n")
    target = begin(path, force=True)
    fill(target, ["a"])
    target.keep()
    assert path.read_text() == "old\n"
    target = begin(path, resume=True)  # the permission to replace is remembered
    fill(target, ["a", "b"])
    target.finish()
    assert path.read_text() == "A\nB\n"


def test_a_file_that_appears_meanwhile_is_not_replaced(unfinished: Path) -> None:
    target = begin(unfinished, resume=True)
    fill(target, ["a", "b", "c"])
    unfinished.write_text("somebody else's\n")
    with pytest.raises(InputError, match="another program has created"):
        target.finish()
    target.keep()
    assert unfinished.read_text() == "somebody else's\n"
    assert part(unfinished).read_text() == "A\nB\nC\n"


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    real, link = tmp_path / "folder" / "real", tmp_path / "link"
    real.write_text("old\n")
    link.symlink_to(real)
    target = begin(link, force=True)
    fill(target, ["a"])
    target.finish()
    assert link.is_symlink()
    assert real.read_text() == "A\n"


def test_the_record_can_be_read_by_a_person(unfinished: Path) -> None:
    record = json.loads(part(unfinished, ".json").read_text(encoding="utf-8"))
    assert record["items"] == 3
    assert record["made_with"] == MADE_WITH


def test_a_run_that_was_killed_before_its_first_record_is_begun_again(tmp_path: Path) -> None:
    """The record comes before the file, so what is left of such a run is a record of nothing."""
    path = tmp_path / "out"
    begin(path).keep()
    part(path).unlink()
    target = begin(path, resume=True)
    assert not target.resumed
    fill(target, ["a"])
    target.finish()
    assert path.read_text() == "A\n"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_the_first_item_is_recorded_at_once(tmp_path: Path) -> None:
    target = begin(tmp_path / "out")
    fill(target, ["a"])
    assert json.loads(part(tmp_path / "out", ".json").read_text())["items"] == 1
    target.keep()


def test_a_file_that_is_being_written_is_not_opened_again(tmp_path: Path) -> None:
    target = begin(tmp_path / "out")
    fill(target, ["a", "b"])
    for how in ({"resume": True}, {"force": True}, {}):
        with pytest.raises(BusyError, match="is being written by process"):
            begin(tmp_path / "out", **how)
    fill(target, ["c"])
    target.finish()
    assert (tmp_path / "out").read_text() == "A\nB\nC\n"


def test_a_record_that_cannot_be_written_leaves_the_name_free(tmp_path: Path) -> None:
    (tmp_path / "out.part.json").mkdir()
    with pytest.raises(OSError, match="is a folder"):
        begin(tmp_path / "out")
    (tmp_path / "out.part.json").rmdir()
    begin(tmp_path / "out").keep()
