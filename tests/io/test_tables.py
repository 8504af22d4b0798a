"""The reader of the package's tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from coqui_amharic_ext.io.tables import mapping, rows


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.tsv"
    path.write_text("# where from\nword\tipa\tcomment\n\nሀ\tha\n# more\nለ\tlə\t#1\n", "utf-8")
    return path


def test_columns_come_by_name_and_in_the_order_asked_for(table: Path) -> None:
    assert rows(str(table), "ipa", "word") == [("ha", "ሀ"), ("lə", "ለ")]
    assert rows(str(table), "comment") == [("",), ("#1",)]
    assert mapping(str(table), "ipa", "word") == {"ha": "ሀ", "lə": "ለ"}


def test_a_column_that_is_not_there_is_named(table: Path) -> None:
    with pytest.raises(ValueError, match=r"'gloss'.*word, ipa, comment"):
        rows(str(table), "word", "gloss")


def test_a_row_with_too_many_cells_is_named(table: Path) -> None:
    table.write_text("word\tipa\nሀ\tha\tor hə\n", "utf-8")
    with pytest.raises(ValueError, match="'ሀ' has 3 cells"):
        rows(str(table), "word")
