"""Lines of UTF-8 text, whatever their ends; a line in another encoding is named."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coqui_amharic_ext.errors import DataError
from coqui_amharic_ext.io.lines import MOST_BYTES, bounded, decoded, read_lines


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_ends_and_a_byte_order_mark_are_no_part_of_the_text(tmp_path: Path, end: str) -> None:
    path = tmp_path / "lines.txt"
    path.write_bytes(f"\ufeffሰላም{end}{end}ነው".encode())
    assert list(read_lines(path)) == ["ሰላም", "", "ነው"]


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", codec="utf-8"))))
def test_every_text_comes_back(texts: list[str]) -> None:
    given_lines = [f"{text}\n".encode() for text in texts]
    found = list(decoded(given_lines, "here"))
    assert found[1:] == texts[1:]
    assert found[:1] == [text.removeprefix("\ufeff") for text in texts[:1]]


def test_lines_before_one_in_another_encoding_are_read_and_the_line_is_named(
    tmp_path: Path,
) -> None:
    path = tmp_path / "lines.txt"
    path.write_bytes("ሰላም\n".encode() + b"caf\xe9\n")
    lines = read_lines(path)
    assert next(lines) == "ሰላም"
    with pytest.raises(DataError, match=r"lines\.txt:2: .*0xe9 at position 4"):
        next(lines)


@pytest.mark.parametrize(("name", "says"), [("none.txt", "does not exist"), (".", "a folder")])
def test_what_is_no_file_is_named(tmp_path: Path, name: str, says: str) -> None:
    with pytest.raises(DataError, match=says):
        list(read_lines(tmp_path / name))


def test_a_line_may_be_long_and_not_without_end() -> None:
    whole = bytes(MOST_BYTES - 1) + b"\n"
    assert list(bounded(io.BytesIO(whole + b"more"), "here")) == [whole, b"more"]
    with pytest.raises(DataError, match="here:2: the line has more than 64 MiB"):
        list(bounded(io.BytesIO(b"\n" + bytes(MOST_BYTES + 1)), "here"))
