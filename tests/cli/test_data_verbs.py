"""``data check`` and ``data import`` as a person at a terminal meets them."""

from __future__ import annotations

import json
from pathlib import Path

from coqui_amharic_ext.demo import tiny
from tests.cli.command import run


def _corpus(folder: Path, *lines: str) -> Path:
    for number in range(2):
        tiny.write_clip(folder / "wavs" / f"clip{number}.wav", 1.5 + number, seed=number)
    path = folder / "metadata.csv"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


GOOD = ("clip0|x|ሰላም", "clip1|x|እንዴት ነህ?")


def test_a_sound_corpus_exits_with_zero(tmp_path: Path) -> None:
    path = _corpus(tmp_path / "in", *GOOD)
    code, out, err = run("data", "check", "--metadata", str(path))
    assert (code, err) == (0, "")
    assert out.startswith("2 rows, 0.00 h of audio, 2 usable for xtts\n")
    assert run("data", "check", "-m", str(path), "--strict")[0] == 1  # the evaluation split


def test_errors_exit_with_one_and_name_file_and_line(tmp_path: Path) -> None:
    path = _corpus(tmp_path / "in", *GOOD, "clip9|x|እሺ")
    code, out, _ = run("data", "check", "--metadata", str(path))
    assert code == 1
    assert f"{path}:3: missing-audio: " in out
    assert "clip9.wav: it does not exist" in out
    code, out, _ = run("data", "check", "--metadata", str(path), "--json")
    document = json.loads(out)
    assert (code, document["errors"], document["rows"], document["usable"]) == (1, 1, 3, 2)
    assert document["findings"][0]["line"] == 3


def test_a_corrected_copy_decides_the_exit_code(tmp_path: Path) -> None:
    path = _corpus(tmp_path / "in", *GOOD, "clip9|x|እሺ")
    out = tmp_path / "out"
    code, printed, _ = run("data", "check", "-m", str(path), "--fix", str(out), "--json")
    assert code == 0
    assert json.loads(printed)["fixed"]["kept"] == 2
    assert (out / "metadata.csv").is_file()
    code, _, err = run("data", "check", "-m", str(path), "--fix", str(out))
    assert code == 2
    assert "exists; give a new folder" in err


def test_input_that_cannot_be_read_exits_with_two(tmp_path: Path) -> None:
    path = tmp_path / "metadata.csv"
    path.write_bytes(b"a|x|\xe1\x88\xb0\nb|x|\xff\n")
    code, out, err = run("data", "check", "--metadata", str(path))
    assert (code, out) == (2, "")
    assert f"{path}:2: not UTF-8 (byte 0xff at position 5 of the line)" in err
    assert "Traceback" not in err
    code, _, err = run("data", "check", "-m", str(path), "--model", "tacotron")
    assert code == 2
    assert "valid values: xtts, vits" in err


def test_import_then_check(tmp_path: Path) -> None:
    source = _corpus(tmp_path / "in", *GOOD)
    out = tmp_path / "out"
    code, printed, _ = run("data", "import", str(source), "--out", str(out), "--json")
    assert code == 0
    assert json.loads(printed)["clips"] == 2
    assert run("data", "check", "-m", str(out / "metadata.csv"))[0] == 0
    code, _, err = run("data", "import", str(source), "--out", str(out))
    assert code == 2
    assert "exists" in err


def test_what_a_terminal_obeys_is_spelled_out(tmp_path: Path) -> None:
    """Names of files and texts come from others; a name can set a terminal's title, or clear it."""
    evil = "a\x1b]0;title\x07\x1b[31m\x9b2J"
    corpus = tmp_path / "corpus"
    (corpus / "wavs").mkdir(parents=True)
    (corpus / "metadata.csv").write_text(f"{evil}|ሰላም \x1b[5m|ሰላም\n", encoding="utf-8")
    for arguments in (
        ("data", "check", "-m", str(corpus)),
        ("data", "check", "-m", str(corpus), "--json"),
        ("data", "check", "-m", str(tmp_path / evil)),
        ("vocab", "inspect", "--vocab", str(tmp_path / evil)),
        ("phonemize", "--file", str(tmp_path / evil)),
    ):
        code, out, err = run(*arguments)
        assert code in (1, 2)
        said = out + err
        assert said
        assert not set(said) & {"\x1b", "\x07", "\x9b"}, arguments
        if "--json" in arguments:
            assert evil in json.loads(out)["findings"][0]["audio"]
