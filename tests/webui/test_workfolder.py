"""No path that a browser gives leads out of the work folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coqui_amharic_ext.webui.workfolder import WorkFolder, WorkFolderError


@pytest.fixture
def work(tmp_path: Path) -> WorkFolder:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.txt").write_text("secret")
    return WorkFolder.at(tmp_path / "work")


@pytest.mark.parametrize(
    "given",
    ["..", "../outside/secret.txt", "a/../../outside", "/etc/passwd", "/", "\0", "a\0/../.."],
)
def test_paths_that_lead_out_are_refused(work: WorkFolder, given: str) -> None:
    with pytest.raises(WorkFolderError):
        work.inside(given, "file")


def test_a_folder_whose_name_starts_alike_is_outside(work: WorkFolder) -> None:
    (work.root.parent / "work-2").mkdir()
    with pytest.raises(WorkFolderError, match="outside the work folder"):
        work.inside("../work-2", "file")


def test_links_that_lead_out_are_refused(work: WorkFolder) -> None:
    (work.root / "link").symlink_to(work.root.parent / "outside")
    with pytest.raises(WorkFolderError, match="outside the work folder"):
        work.file("link/secret.txt", "file")
    assert not work.holds(work.root / "link" / "secret.txt")


def test_links_within_are_followed(work: WorkFolder) -> None:
    (work.root / "real").mkdir()
    (work.root / "link").symlink_to(work.root / "real")
    assert work.folder("link", "folder") == work.root / "real"


@pytest.mark.parametrize("given", ["corpus", "./corpus", "corpus/", "a/../corpus", " corpus "])
def test_paths_inside_are_found(work: WorkFolder, given: str) -> None:
    (work.root / "corpus").mkdir()
    assert work.folder(given, "folder") == work.root / "corpus"
    assert work.folder(str(work.root / "corpus"), "folder") == work.root / "corpus"


@pytest.mark.parametrize("given", ["", "   ", None])
def test_an_empty_path_says_what_is_missing(work: WorkFolder, given: str | None) -> None:
    with pytest.raises(WorkFolderError, match="give the base checkpoint"):
        work.file(given, "base checkpoint")


def test_kinds_are_told_apart(work: WorkFolder) -> None:
    (work.root / "file").write_text("")
    with pytest.raises(WorkFolderError, match="not a folder"):
        work.folder("file", "data set")
    with pytest.raises(WorkFolderError, match="not a file"):
        work.file("none", "vocabulary")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(st.lists(st.sampled_from(["..", ".", "a", "/", "link", "~", "\\", "ሀ", ""]), max_size=8))
def test_whatever_is_given_is_inside_or_refused(work: WorkFolder, parts: list[str]) -> None:
    try:
        found = work.inside("/".join(parts), "file")
    except WorkFolderError:
        return
    assert os.path.commonpath([os.path.realpath(found), work.root]) == str(work.root)


def test_corpora_and_checkpoints_are_listed(work: WorkFolder) -> None:
    corpus = work.root / "a" / "corpus"
    checkpoint = work.root / "runs" / "one" / "vits"
    for folder in (corpus, checkpoint, work.root / ".hidden"):
        folder.mkdir(parents=True)
        (folder / "metadata.csv").touch()
    (checkpoint / "config.json").touch()
    (checkpoint / "best_model.pth").touch()
    assert work.corpora() == ["a/corpus", "runs/one/vits"]
    assert work.checkpoints() == ["runs/one/vits"]


def test_a_file_cannot_be_the_work_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WorkFolderError, match="cannot be the work folder"):
        WorkFolder.at(tmp_path / "file")
