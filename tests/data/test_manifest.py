"""A corpus folder says what it is: to our commands and to both recipes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from coqui_amharic_ext.data.findings import DataError
from coqui_amharic_ext.data.manifest import Part, parts_of, write_manifest
from coqui_amharic_ext.data.metadata import read_all
from coqui_amharic_ext.recipes.corpus import parts_in

COQUI = "audio_file|text|speaker_name\nwavs/a.wav|ሰላም|x\n"
LJSPEECH = "a|ሰላም|ሰላም\n"

FOLDERS = {
    "ljspeech": ({"metadata.csv": LJSPEECH}, [("ljspeech", "metadata.csv", "", "")]),
    "coqui": ({"metadata.csv": COQUI}, [("coqui", "metadata.csv", "", "")]),
    "metadata.csv comes first": (
        {"metadata.csv": LJSPEECH, "metadata_en.csv": LJSPEECH, "metadata_old.csv": "?"},
        [("ljspeech", "metadata.csv", "", "")],
    ),
    "split": (
        {"metadata_train.csv": COQUI, "metadata_eval.csv": COQUI},
        [("coqui", "metadata_train.csv", "metadata_eval.csv", "")],
    ),
    "split, no evaluation": (
        {"metadata_train.csv": LJSPEECH},
        [("ljspeech", "metadata_train.csv", "", "")],
    ),
    "languages": (
        {"metadata_am.csv": LJSPEECH, "metadata_zh-cn.csv": COQUI, "metadata_old.csv": "?"},
        [("ljspeech", "metadata_am.csv", "", "am"), ("coqui", "metadata_zh-cn.csv", "", "zh-cn")],
    ),
    "nothing": ({"other.csv": "?"}, []),
}


def _fill(folder: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    return folder


def _as_recipes_say(folder: Path) -> list[tuple[str, str, str, str]]:
    """Return our parts as the recipes have them: one entry for both halves of a split."""
    found: dict[str, list[str]] = {}
    for part in parts_of(folder):
        (read,) = read_all([part.metadata])
        entry = found.setdefault(part.language, [read.layout, "", "", part.language])
        entry[2 if part.split == "eval" else 1] = part.metadata.name
    return [(a, b, c, d) for a, b, c, d in found.values()]


@pytest.mark.parametrize("case", FOLDERS)
def test_folders_without_a_manifest_go_by_the_names_of_their_files(
    case: str, tmp_path: Path
) -> None:
    files, expected = FOLDERS[case]
    folder = _fill(tmp_path, files)
    if expected:
        assert _as_recipes_say(folder) == expected
    else:
        with pytest.raises(DataError, match=r"no metadata\.csv.*coqui-amharic data import"):
            parts_of(folder)
    assert parts_in(str(folder), "auto", "") == expected


def test_a_manifest_is_read_as_it_was_written(tmp_path: Path) -> None:
    _fill(tmp_path, {f"{n}.csv": COQUI for n in ("one", "two", "three")})
    parts = (
        Part(tmp_path / "one.csv", "am", "train", "coqui"),
        Part(tmp_path / "two.csv", "am", "eval", "coqui"),
        Part(tmp_path / "three.csv", "en", "", "coqui"),
    )
    write_manifest(tmp_path, "coqui", 22050, parts, ["x"])
    assert parts_of(tmp_path) == parts
    assert parts_of(tmp_path / "three.csv") == parts[2:]
    rows = [row for read in read_all([tmp_path]) for row in read.rows]
    said = [(row.language, row.split) for row in rows]
    assert said == [("am", "train"), ("am", "eval"), ("en", "")]
    assert _as_recipes_say(tmp_path)[0] == ("coqui", "one.csv", "two.csv", "am")
    assert parts_in(str(tmp_path), "auto", "") == _as_recipes_say(tmp_path)
    assert parts_in(str(tmp_path), "mine", "")[0][0] == "mine"


def _about(**changes: object) -> dict[str, object]:
    return {
        "formatter": "coqui",
        "sample_rate": 22050,
        "datasets": [{"language": "am", "train": "metadata.csv"}],
        **changes,
    }


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ("[", "Expecting value"),
        ({"datasets": []}, "'formatter' is missing"),
        (_about(datasets=[]), "names no metadata"),
        (_about(datasets=[{"language": "am", "train": "none.csv"}]), "none.csv"),
        (_about(datasets=[{"language": "am", "train": "../x.csv"}]), "no file beside it"),
        (_about(datasets=[{"language": "a/m", "train": "metadata.csv"}]), "no language code"),
        (_about(datasets=[{"language": "am", "train": ["x"]}]), "not list"),
        (_about(formatter=3), "formatter"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_named(
    about: object, message: str, tmp_path: Path
) -> None:
    _fill(tmp_path, {"metadata.csv": COQUI})
    text = about if isinstance(about, str) else json.dumps(about)
    (tmp_path / "corpus.json").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=rf"corpus\.json cannot be used: .*{message}"):
        parts_of(tmp_path)


@pytest.mark.parametrize("content", ["[]", "{}", '{"clips": 3}'])
def test_a_file_of_somebody_elses_is_no_manifest(content: str, tmp_path: Path) -> None:
    _fill(tmp_path, {"metadata.csv": COQUI, "corpus.json": content})
    assert parts_of(tmp_path) == (Part(tmp_path / "metadata.csv"),)
    assert parts_in(str(tmp_path), "auto", "am") == [("coqui", "metadata.csv", "", "am")]


def test_a_manifest_that_says_another_layout_than_the_file_has_is_found(tmp_path: Path) -> None:
    _fill(tmp_path, {"metadata.csv": LJSPEECH, "corpus.json": json.dumps(_about())})
    (read,) = read_all([tmp_path])
    (found,) = read.findings
    assert (found.kind, "corpus.json says coqui" in found.message) == ("layout", True)


@pytest.mark.parametrize("deep", ["[" * 100_000, '{"datasets":' * 100_000])
def test_a_manifest_that_is_nested_without_end_is_named(tmp_path: Path, deep: str) -> None:
    (tmp_path / "metadata.csv").write_text(LJSPEECH, encoding="utf-8")
    (tmp_path / "corpus.json").write_text(deep, encoding="utf-8")
    with pytest.raises(DataError, match=r"corpus\.json cannot be used: it is nested too deeply"):
        parts_of(tmp_path)
