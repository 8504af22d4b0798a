"""``phonemize``: columns, several files and processes, order, output files."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coqui_amharic_ext.cli.output import InputError
from coqui_amharic_ext.cli.rows import Layout, Row, layout
from coqui_amharic_ext.cli.source import Source
from tests.cli.command import COMMAND, environment, run

SALAM, BET, NEW = ("ሰላም", "səlam"), ("ቤት", "bet"), ("ነው", "nəw")


@pytest.fixture(scope="module")
def long_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file that takes some seconds; no two lines are the same."""
    file = tmp_path_factory.mktemp("long") / "long.txt"
    lines = (
        f"ሰላም {number} ቤት፣ {number * 7919 % 99991}.{number % 10} ብር ነው።" for number in range(60000)
    )
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def long_result(long_file: Path) -> str:
    code, out, err = run("phonemize", "--file", str(long_file))
    assert (code, err) == (0, "")
    return out


def test_a_column_of_ljspeech_metadata_gets_its_ipa_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "metadata.csv"
    file.write_text(f'a|{SALAM[0]}፣ "{BET[0]}"|x\n\nb|{NEW[0]}|\n', encoding="utf-8")
    code, out, _ = run("phonemize", "--file", str(file), "--column", "2")
    assert code == 0
    assert out == (f'a|{SALAM[0]}፣ "{BET[0]}"|x|{SALAM[1]}, {BET[1]}\n\nb|{NEW[0]}||{NEW[1]}\n')


def test_a_named_column_of_a_quoted_table_with_commas(tmp_path: Path) -> None:
    rows = [["id", "text"], ["1", f'{SALAM[0]}, "{BET[0]}"'], ["2", NEW[0]]]
    files = []
    for name in ("one.csv", "two.csv"):
        sink = io.StringIO()
        csv.writer(sink).writerows(rows)
        files.append(tmp_path / name)
        files[-1].write_text(sink.getvalue(), encoding="utf-8")
    given_files = [part for file in files for part in ("--file", str(file))]
    code, out, _ = run("phonemize", *given_files, "--column", "text", "--delimiter", ",")
    assert code == 0
    found = list(csv.reader(io.StringIO(out)))
    body = [[*rows[1], f"{SALAM[1]}, {BET[1]}"], [*rows[2], NEW[1]]]
    assert found == [["id", "text", "ipa"], *body, *body]


def test_files_with_different_headers_are_not_mixed(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("id\ttext\n1\tሰላም\n", encoding="utf-8")
    (tmp_path / "b.tsv").write_text("text\tid\nቤት\t1\n", encoding="utf-8")
    files = ["--file", str(tmp_path / "a.tsv"), "--file", str(tmp_path / "b.tsv")]
    code, out, err = run("phonemize", *files, "--column", "text")
    assert (code, out) == (2, "id\ttext\tipa\n1\tሰላም\tsəlam\n")
    assert "b.tsv has other columns" in err


def test_json_of_a_column_keeps_the_row(tmp_path: Path) -> None:
    code, out, _ = run(
        "phonemize", "--column", "text", "--json", "--workers", "2", given=f"id|text\n7|{BET[0]}\n"
    )
    (document,) = map(json.loads, out.splitlines())
    assert code == 0
    assert document["row"] == ["7", BET[0]]
    assert document["ipa"] == BET[1]


def test_several_processes_give_the_same_in_the_same_order(
    long_file: Path, long_result: str
) -> None:
    code, out, err = run("phonemize", "--file", str(long_file), "--workers", "2")
    assert (code, err) == (0, "")
    assert out == long_result


def test_a_lexicon_given_on_the_command_line_wins(tmp_path: Path) -> None:
    lexicon = tmp_path / "words.tsv"
    lexicon.write_text("word\tipa\nሰላም\ts a l a m\n", encoding="utf-8")
    assert run("phonemize", "--lexicon", str(lexicon), "ሰላም")[:2] == (0, "salam\n")


def test_a_byte_order_mark_and_windows_line_ends_are_no_text() -> None:
    assert run("phonemize", given=b"\xef\xbb\xbf" + "ሰላም\r\nነው\r\n".encode())[1] == "səlam\nnəw\n"


def test_what_comes_before_a_line_that_is_not_utf8_is_written(tmp_path: Path) -> None:
    out = tmp_path / "ipa.txt"
    text = "ሰላም\n".encode() * 1000 + b"\xff\n"
    code, _, err = run("phonemize", "--out", str(out), given=text)
    assert code == 2
    assert ":1001: not UTF-8" in err
    assert not out.exists()
    code, _, _ = run("phonemize", "--out", str(out), "--resume", given=text[:-2])
    assert code == 0
    assert out.read_text(encoding="utf-8") == "səlam\n" * 1000


def wait_for_output(out: Path) -> None:
    part = out.with_name(out.name + ".part")
    deadline = time.monotonic() + 60
    while not (part.exists() and part.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.02)


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_run_keeps_what_was_written_and_goes_on_exactly(
    long_file: Path, long_result: str, tmp_path: Path, how: signal.Signals, workers: str
) -> None:
    out = tmp_path / "ipa.txt"
    part = tmp_path / "ipa.txt.part"
    arguments = ["phonemize", "--file", str(long_file), "--out", str(out), "--workers", workers]
    child = subprocess.Popen(
        [*COMMAND, *arguments],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    wait_for_output(out)
    child.send_signal(how)
    stdout, stderr = child.communicate(timeout=60)
    assert stdout == b""
    assert not out.exists()
    kept = part.read_bytes()
    if how is signal.SIGINT:
        assert child.returncode == 130
        assert b"--resume" in stderr
        assert b"Traceback" not in stderr
        assert kept
        assert long_result.encode().startswith(kept)
        assert kept.endswith(b"\n")

    code, _, err = run(*arguments)
    assert code == 2
    assert "--resume continues it, --force starts again" in err
    assert part.read_bytes() == kept

    code, _, err = run(*arguments, "--resume")
    assert code == 0, err
    assert out.read_text(encoding="utf-8") == long_result
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ipa.txt"]


def test_a_worker_that_is_killed_loses_nothing_that_was_written(
    long_file: Path, long_result: str, tmp_path: Path
) -> None:
    out = tmp_path / "ipa.txt"
    arguments = ["phonemize", "--file", str(long_file), "--out", str(out), "--workers", "2"]
    child = subprocess.Popen([*COMMAND, *arguments], env=environment(), stderr=subprocess.PIPE)
    wait_for_output(out)
    workers = Path(f"/proc/{child.pid}/task/{child.pid}/children")
    if not workers.exists():
        pytest.skip("only Linux tells a process's children")
    os.kill(int(workers.read_text().split()[0]), signal.SIGKILL)
    _, stderr = child.communicate(timeout=60)
    assert child.returncode == 1
    assert b"Traceback" not in stderr
    assert b"a worker process was killed" in stderr
    assert run(*arguments, "--resume")[0] == 0
    assert out.read_text(encoding="utf-8") == long_result


def test_an_existing_file_is_replaced_only_when_asked(tmp_path: Path) -> None:
    out = tmp_path / "ipa.txt"
    out.write_text("precious\n")
    code, _, err = run("phonemize", "--out", str(out), "ሰላም")
    assert code == 2
    assert "--force" in err
    assert out.read_text() == "precious\n"
    assert run("phonemize", "--out", str(out), "--force", "ሰላም")[0] == 0
    assert out.read_text(encoding="utf-8") == "səlam\n"


def test_no_bar_and_no_messages_where_there_is_no_terminal() -> None:
    assert run("phonemize", given="ሰላም\n" * 5000)[2] == ""


FIELD = st.text(st.characters(exclude_characters="|\n\r", exclude_categories=["Cs"]))
ANY_FIELD = st.text(st.characters(exclude_characters="\r\x00", exclude_categories=["Cs"]))


class Lines(Source):
    """A source that holds its lines."""

    def __init__(self, *parts: str) -> None:
        super().__init__(["-"], None)
        self._parts = parts

    def parts(self):  # type: ignore[no-untyped-def]
        for number, part in enumerate(self._parts):
            yield f"part {number}", iter(part.removesuffix("\n").split("\n"))


@given(st.lists(st.lists(FIELD, min_size=2, max_size=4), min_size=1), FIELD)
def test_no_field_of_a_plain_table_is_changed(rows: list[list[str]], ipa: str) -> None:
    table = layout("2", None, [])
    assert table is not None
    text = "".join("|".join(row) + "\n" for row in rows)
    found = list(table.read(Lines(text)))
    assert [row.text for row in found] == [row[1] for row in rows]
    assert [table.write(row, ipa).split("|") for row in found] == [[*row, ipa] for row in rows]


@given(st.lists(st.lists(ANY_FIELD, min_size=2, max_size=3), min_size=1), ANY_FIELD)
def test_no_field_of_a_quoted_table_is_changed(rows: list[list[str]], ipa: str) -> None:
    table = Layout(1, ";")
    sink = io.StringIO()
    csv.writer(sink, delimiter=";", lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    found = list(table.read(Lines(sink.getvalue())))
    assert [list(row.fields) for row in found] == rows
    written = "\n".join(table.write(row, ipa) for row in found)
    again = list(csv.reader(io.StringIO(written), delimiter=";"))
    assert again == [[*row, ipa] for row in rows]


def test_items_that_differ_have_different_keys() -> None:
    assert Row("b", ("a", "b")).key != Row("b", ("ab",)).key != Row("b").key


def test_arguments_and_files_together_are_refused() -> None:
    with pytest.raises(InputError, match="not both"):
        Source(["ሰላም"], [Path("x")])


@pytest.mark.parametrize("given", ["🙂", "\u202e", "漢字", "\ud800"])
def test_a_text_without_sound_is_no_success(given: str, tmp_path: Path) -> None:
    """An empty line with exit code 0 would pass for a transcription."""
    raw = given.encode("utf-8", "surrogatepass")
    command = [os.fsencode(word) for word in COMMAND] + [b"phonemize", SALAM[0].encode(), raw]
    done = subprocess.run(command, env=environment(), capture_output=True, timeout=120)
    assert done.returncode == 1
    assert done.stdout.decode() == SALAM[1] + "\n\n"
    assert "1 of the texts" in done.stderr.decode()


def test_blank_lines_stay_blank_and_the_whole_file_is_written(tmp_path: Path) -> None:
    file, out = tmp_path / "a.txt", tmp_path / "a.ipa"
    file.write_text(f"{SALAM[0]}\n\n{BET[0]}\n", encoding="utf-8")
    assert run("phonemize", "--file", str(file)) == (0, f"{SALAM[1]}\n\n{BET[1]}\n", "")
    file.write_text(f"{SALAM[0]}\n🙂\n{BET[0]}\n", encoding="utf-8")
    code, _, err = run("phonemize", "--file", str(file), "--out", str(out))
    assert code == 1
    assert "nothing to pronounce" in err
    assert out.read_text(encoding="utf-8") == f"{SALAM[1]}\n\n{BET[1]}\n"
