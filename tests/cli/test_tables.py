"""Columns stand below each other, on a terminal and off it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from coqui_amharic_ext.cli.tables import Table, aligned
from tests.cli.command import COMMAND, environment

CELL = st.text(st.sampled_from("aሰƙə́ʷ日 "), max_size=8).map(str.strip)


@given(st.lists(st.tuples(CELL, CELL, st.just("|")), min_size=1))
def test_every_column_begins_at_the_same_place(rows: list[tuple[str, str, str]]) -> None:
    lines = list(aligned(rows, right=[1]))
    assert len(lines) == len(rows)
    for line, row in zip(lines, rows, strict=True):
        assert line.split() == " ".join(row).split()
    assert len({cell_len(line) for line in lines}) == 1  # they all end with the same bar


def test_nothing_is_cut_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table(["word", "n"], title="words", right=frozenset({"n"}))
    table.add("ሰ" * 300, "7")
    table.add("ቤት", "12")
    table.show()
    title, head, long, short = capsys.readouterr().out.splitlines()
    assert title == "words"
    assert head.split() == ["word", "n"]
    assert long == "ሰ" * 300 + "   7"
    assert short.split() == ["ቤት", "12"]


def test_control_characters_of_a_cell_are_spelt_out(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table(["word"])
    table.add("\x1b[31m")
    table.show()
    assert capsys.readouterr().out == "word\n\\x1b[31m\n"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_the_bar_is_on_the_terminal_and_the_results_are_not(tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_text("ሰላም ነው\n" * 20000, encoding="utf-8")
    ours, theirs = os.openpty()
    child = subprocess.Popen(
        [*COMMAND, "phonemize", "--file", str(file)],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=environment(TERM="xterm", COLUMNS="100"),
    )
    os.close(theirs)
    shown: list[bytes] = []
    reader = threading.Thread(target=_read, args=(ours, shown), daemon=True)
    reader.start()
    out, _ = child.communicate(timeout=120)
    reader.join(timeout=10)
    os.close(ours)
    assert child.returncode == 0, shown
    assert out.decode() == "səlam nəw\n" * 20000
    screen = b"".join(shown).decode()
    assert "items" in screen
    assert "━" in screen


def _read(terminal: int, into: list[bytes]) -> None:
    """Read until the other side is closed, which Linux tells by an error."""
    with contextlib.suppress(OSError):
        while data := os.read(terminal, 1 << 16):
            into.append(data)
