"""The diffs for upstream apply to what is installed, and each says why it should be taken."""

from __future__ import annotations

import email
import email.policy
import importlib.util
import re
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from tests.patched import FOLDER, MARKER, stock_only
from tests.patches.checking import DIFFS, check, name_of

RELEASES = check.releases()
by_release = pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.folder.name)


def _packages() -> Path:
    """Return the folder that ``TTS`` and ``trainer`` are installed in."""
    found = importlib.util.find_spec("TTS")
    assert found is not None and found.origin is not None
    return Path(found.origin).parents[1]


def _installed(diff: Path) -> list[str]:
    """Return the files of a diff that an installation has; pyproject.toml is not in it."""
    return [name for name in check.touched(diff) if name.split("/")[0] in {"TTS", "trainer"}]


def _pristine(release: Any, folder: Path) -> Path:
    """Copy what a series touches out of the installed, unmodified release."""
    for name in {name for diff in release.series for name in _installed(diff)}:
        source = _packages() / name
        if source.is_file():  # new files are not there
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, folder / name)
    return folder


def test_the_marker_has_the_name_that_the_tests_look_for() -> None:
    assert check.MARKER == MARKER


def test_every_folder_has_an_archive_and_is_for_an_installed_release() -> None:
    assert {r.folder for r in RELEASES} == {p for p in FOLDER.iterdir() if (p / "series").is_file()}
    for release in RELEASES:
        distribution, _, number = release.requirement.partition("==")
        assert version(distribution) == number
        assert re.fullmatch(r"[0-9a-f]{64}", release.sha256)


@by_release
def test_the_series_lists_every_diff_once_and_in_order(release: Any) -> None:
    listed = [diff.name for diff in release.series]
    assert listed == sorted(p.name for p in release.folder.glob("*.patch"))
    assert [name[:4] for name in listed] == [f"{n:04}" for n in range(1, len(listed) + 1)]


@by_release
def test_the_readme_has_a_line_for_each_diff(release: Any) -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    table = readme.split(f"| `{release.folder.name}/` |")[1].split("\n\n")[0]
    assert re.findall(r"^\| (\d+) \| \S", table, flags=re.MULTILINE) == [
        diff.name.partition("-")[0] for diff in release.series
    ]


@pytest.mark.parametrize("diff", DIFFS, ids=name_of)
def test_each_message_states_problem_evidence_and_test(diff: Path) -> None:
    # As bytes: a diff of a file with carriage returns has them, too.
    message = email.message_from_bytes(diff.read_bytes(), policy=email.policy.default)
    assert re.match(r"coqui-amharic-ext contributors <\S+@\S+>", message["From"])
    subject = message["Subject"].removeprefix("[PATCH] ")
    assert len(subject) <= 70
    assert not subject.endswith(".")
    text, _, change = message.get_content().partition("\n---\n")
    starts = [text.find(f"{part}: ") for part in ("Problem", "Evidence", "Test")]
    assert starts[0] == 0
    assert 0 < starts[1] < starts[2]
    assert max(map(len, text.splitlines())) <= 76
    assert re.search(r"^ \d+ files? changed, ", change, flags=re.MULTILINE)


@stock_only
@by_release
def test_the_series_applies_exactly_and_the_result_compiles(release: Any, tmp_path: Path) -> None:
    folder = _pristine(release, tmp_path)
    for diff in release.series:
        names = _installed(diff)
        if not names:
            assert check.touched(diff) == ("pyproject.toml",)
            continue
        check.apply(diff, folder, include=f"{names[0].split('/')[0]}/*")
        for name in names:
            compile((folder / name).read_text(encoding="utf-8"), name, "exec")


@stock_only
def test_a_diff_that_does_not_apply_is_named(tmp_path: Path) -> None:
    release = RELEASES[1]
    folder = _pristine(release, tmp_path)
    changed = folder / "trainer" / "io.py"
    source = changed.read_text(encoding="utf-8")
    changed.write_text(source.replace("torch.save(state, f, **kwargs)", "torch.save(state, f)"))
    *before, last = release.series
    for diff in before:
        check.apply(diff, folder)
    with pytest.raises(check.CheckError, match=f"{last.name} does not apply any more"):
        check.apply(last, folder)


@stock_only
def test_a_diff_that_applies_some_lines_away_is_named(tmp_path: Path) -> None:
    release = RELEASES[1]
    folder = _pristine(release, tmp_path)
    changed = folder / "trainer" / "io.py"
    changed.write_text("#\n" + changed.read_text(encoding="utf-8"))
    with pytest.raises(check.CheckError, match=r"0003-\S+ does not apply any more"):
        check.apply(release.series[2], folder)


def test_another_archive_is_refused(tmp_path: Path) -> None:
    release = RELEASES[0]
    (tmp_path / release.archive).write_bytes(b"somebody else's")
    with pytest.raises(check.CheckError, match=f"{release.archive} has the SHA-256"):
        check.fetch(release, tmp_path)
    assert not (tmp_path / release.archive).exists()
