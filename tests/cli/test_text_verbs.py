"""``normalize``, ``phonemize`` and ``eval-g2p`` as a person at a terminal meets them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.command import COMMAND, run


def test_normalize_reads_arguments_files_and_pipes_alike(tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_text("5 ልጆች\n25%\n", encoding="utf-8")
    expected = (0, "አምስት ልጆች\nሃያ አምስት በመቶ\n")
    assert run("normalize", "5 ልጆች", "25%")[:2] == expected
    assert run("normalize", "--file", str(file))[:2] == expected
    assert run("normalize", given=file.read_bytes())[:2] == expected


def test_explain_names_the_span_and_what_it_became() -> None:
    code, out, _ = run("normalize", "--explain", "--json", "ዋጋው 25% ነው")
    assert code == 0
    document = json.loads(out)
    (change,) = document["changes"]
    assert "25%" in change.values()
    assert "ሃያ አምስት በመቶ" in change.values()
    assert document["normalised"] == "ዋጋው ሃያ አምስት በመቶ ነው"


def test_explain_is_readable_too() -> None:
    code, out, _ = run("normalize", "--explain", "ዋጋው 25% ነው", "ሰላም")
    assert code == 0
    spoken, change, untouched = out.splitlines()
    assert (spoken, untouched) == ("ዋጋው ሃያ አምስት በመቶ ነው", "ሰላም")
    assert change.split() == ["5-7", "percent", *"25% → ሃያ አምስት በመቶ".split()]


def test_phonemize_json_says_who_answered() -> None:
    code, out, _ = run("phonemize", "--json", "ሰላም")
    assert code == 0
    (word,) = json.loads(out)["words"]
    assert (word["ipa"], word["backend"]) == ("səlam", "lexicon")


def test_the_package_runs_as_the_command() -> None:
    command = [sys.executable, "-m", "coqui_amharic_ext", "normalize", "25%"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=300, check=True)
    assert done.stdout == "ሃያ አምስት በመቶ\n"


def test_text_policies_come_from_the_setting() -> None:
    assert run("normalize", "TV", COQUI_AMHARIC_TEXT="latin=keep")[:2] == (0, "TV\n")
    assert run("normalize", "TV")[1] != "TV\n"


@pytest.mark.parametrize(
    ("arguments", "given", "says"),
    [
        (("phonemize", "--backend", "festival", "ሰላም"), b"", "transphone, epitran, rules"),
        (("phonemize", "--file", "no-such-file.txt"), b"", "no-such-file.txt does not exist"),
        (("phonemize", "--file", "."), b"", "is a folder"),
        (("phonemize",), b"\xe1\x88\xb0\n\xff\xfe\n", ":2: not UTF-8 (byte 0xff at position 1 "),
        (("phonemize", "--column", "2"), "ሰላም|ቤት\nሰላም\n".encode(), "row 2: it has 1 of 2 columns"),
        (("phonemize", "--column", "0"), b"", "counted from 1"),
        (("phonemize", "--column", "text"), b"id|txt\n", "no column named 'text'"),
        (("phonemize", "--delimiter", ","), b"", "give --column, too"),
        (("phonemize", "--column", "1", "--delimiter", ", "), b"", "one character"),
        (("phonemize", "--workers", "0", "ሰላም"), b"", "--workers 0"),
        (("phonemize", "--resume", "ሰላም"), b"", "--out"),
        (("phonemize", "--lexicon", "none.tsv", "ሰላም"), b"", "none.tsv"),
        (("phonemize", "--out", "no/such/folder/x", "ሰላም"), b"", "is not a folder"),
        (("phonemize", "--out", "/dev/null", "ሰላም"), b"", "not a regular file"),
        (("phonemize", "ሰላም", "--file", "x"), b"", "not both"),
        (("eval-g2p", "no-such-list.tsv"), b"", "no-such-list.tsv"),
    ],
)
def test_wrong_input_ends_in_one_line_that_says_what_to_do(
    arguments: tuple[str, ...], given: bytes, says: str
) -> None:
    code, _, err = run(*arguments, given=given)
    assert code == 2
    assert says in err
    assert "Traceback" not in err


def test_a_wrong_variable_is_named() -> None:
    code, _, err = run("phonemize", "ሰላም", COQUI_AMHARIC_PACKNG="1")
    assert code == 2
    assert "COQUI_AMHARIC_PACKNG" in err
    assert "COQUI_AMHARIC_PACKING" in err


def test_a_reader_that_goes_away_ends_it_quietly() -> None:
    script = (
        f"yes 'ሰላም ለዓለም' | head -200000 | '{sys.executable}' -c "
        "'from coqui_amharic_ext.cli import main; main()' phonemize -b rules | head -1"
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=120)
    assert len(done.stdout.splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert "Error" not in done.stderr


def test_ctrl_c_ends_with_130_and_no_traceback() -> None:
    child = subprocess.Popen(
        [*COMMAND, "phonemize", "-b", "rules"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdin is not None
    child.stdin.write("ሰላም\n".encode())
    child.stdin.flush()
    time.sleep(3)
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert child.returncode == 130
    assert b"Traceback" not in err


def test_eval_g2p_scores_a_list(tmp_path: Path) -> None:
    gold = tmp_path / "gold.tsv"
    gold.write_text("ሰላም\ts ə l a m\nቤት\tb e t\nቤት\tb i t\n", encoding="utf-8")
    code, out, _ = run("eval-g2p", "--backend", "rules", "--json", str(gold))
    assert code == 0
    result = json.loads(out)
    assert result["words"] == 2
    rules = {system["name"]: system for system in result["systems"]}["rules"]
    assert rules["errors"] == []
    gold.write_text("ሰላም\tx x x x x\n", encoding="utf-8")
    _, out, _ = run("eval-g2p", "--backend", "rules", "--edits", "3", str(gold))
    assert "100.0" in out
    assert "common edits" in out
    _, out, _ = run("eval-g2p", "--backend", "rules", "--errors", "3", str(gold))
    assert ["rules", "ሰላም", "xxxxx", "səlam", "rules"] in [x.split() for x in out.splitlines()]


def test_every_verb_has_help_with_an_example_and_json() -> None:
    import typer.main

    from coqui_amharic_ext.cli.app import app

    _, listing, _ = run("--help", COLUMNS="200")
    assert "Exit codes: 0 success; 1 " in listing
    for verb, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        assert verb in listing
        subcommands = getattr(command, "commands", None)
        for name in subcommands or [None]:
            path = [verb] if name is None else [verb, name]
            code, out, _ = run(*path, "--help", COLUMNS="200")
            assert code == 0
            text = " ".join(out.split())
            assert f"Example: coqui-amharic {' '.join(path)}" in text, path
            assert "--json" in out, path


@pytest.mark.parametrize(
    ("shell", "command"),
    [
        ("bash", "complete -o default -F _coqui_amharic_completion coqui-amharic"),
        ("zsh", "#compdef coqui-amharic"),
        ("fish", "complete --command coqui-amharic"),
    ],
)
def test_the_shell_can_complete(shell: str, command: str) -> None:
    """``--show-completion`` looks for the shell that it was started from; here may be none."""
    code, out, _ = run(_COQUI_AMHARIC_COMPLETE=f"source_{shell}")
    assert code == 0
    assert command in out


def test_backends_are_completed() -> None:
    found = run(
        _COQUI_AMHARIC_COMPLETE="complete_bash",
        COMP_WORDS="coqui-amharic phonemize --backend e",
        COMP_CWORD="3",
    )
    assert found[1].split() == ["epitran"]
