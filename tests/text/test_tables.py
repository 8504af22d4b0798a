"""The TSV tables: complete, consistent, and with readings that are themselves spoken forms."""

from __future__ import annotations

from pathlib import Path

import pytest

import coqui_amharic_ext.text
from coqui_amharic_ext.text import fold_homophones, normalize

FOLDER = Path(coqui_amharic_ext.text.__file__).parent / "data"
TABLES = sorted(path.stem for path in FOLDER.glob("*.tsv"))


def rows(name: str) -> list[dict[str, str]]:
    lines = (FOLDER / f"{name}.tsv").read_text(encoding="utf-8").splitlines()
    table = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [dict(zip(table[0], cells, strict=True)) for cells in table[1:]]


ABBREVIATIONS = rows("abbreviations")
SHORTENED = [row for row in ABBREVIATIONS if row["kind"] in ("title", "noun", "era", "unit")]


@pytest.mark.parametrize("name", TABLES)
def test_every_table_has_a_comment_column_and_rows(name):
    table = rows(name)
    assert table
    assert list(table[0])[-1] == "comment"


@pytest.mark.parametrize("name", TABLES)
def test_no_table_says_one_thing_twice(name):
    first, *_ = rows(name)[0]
    keys = [
        (row[first], *(row.get(column) for column in ("kind", "calendar", "context")))
        for row in rows(name)
    ]
    assert len(keys) == len(set(keys))


def test_there_are_at_least_250_abbreviations_each_with_its_source():
    assert len(SHORTENED) >= 250
    assert {row["source"] for row in ABBREVIATIONS} <= {
        "press", "law", "office", "military", "church", "school", "W3C", "bible",
    }  # fmt: skip


@pytest.mark.parametrize("row", SHORTENED, ids=lambda row: row["written"])
def test_every_abbreviation_is_read_with_slash_and_dots_and_prefix(row):
    slashed = row["written"]
    assert normalize(slashed) == row["spoken"]
    dotted = slashed.replace("/", ".")
    assert normalize(dotted) == row["spoken"]
    assert normalize(f"{slashed} ነው") == f"{row['spoken']} ነው"
    after_prefix = row["spoken"][1:] if row["spoken"][0] == "የ" else row["spoken"]
    if row["kind"] != "era":
        assert normalize("ለ" + slashed) == "ለ" + after_prefix


@pytest.mark.parametrize(
    ("name", "column"),
    [("abbreviations", "spoken"), ("units", "spoken"), ("currencies", "spoken"),
     ("months", "spoken"),
     ("latin_letters", "spoken"), ("latin_words", "spoken"), ("symbols", "spoken"),
     ("scale_words", "spoken")],
)  # fmt: skip
def test_readings_are_spoken_forms_already(name, column):
    for row in rows(name):
        assert normalize(row[column]) == row[column]


def test_look_alikes_become_something_that_is_kept():
    for row in rows("lookalikes"):
        assert normalize(f"ሀ{row['written']}ለ") == normalize(f"ሀ{row['becomes']}ለ")


@pytest.mark.parametrize("row", rows("units"), ids=lambda row: row["written"])
def test_every_unit_is_read_after_a_number(row):
    written = row["written"]
    assert normalize(f"5{written}") == normalize("5") + " " + row["spoken"] or written in ("B",)


@pytest.mark.parametrize("row", rows("currencies"), ids=lambda row: row["written"])
def test_every_currency_is_read_on_either_side(row):
    assert normalize(f"{row['written']} 250") == f"ሁለት መቶ ሃምሳ {row['spoken']}"
    assert normalize(f"250 {row['written']}") == f"ሁለት መቶ ሃምሳ {row['spoken']}"


def test_folded_abbreviations_do_not_hide_each_other():
    by_key: dict[str, set[str]] = {}
    for row in SHORTENED:
        by_key.setdefault(fold_homophones(row["written"]), set()).add(row["written"])
    # Only these are told apart by a homophone letter alone, and both spellings are in use.
    assert {key for key, written in by_key.items() if len(written) > 1} == {"አ/አ", "አ/አቀፍ"}
