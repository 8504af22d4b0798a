"""``coqui-amharic vocab extend`` and ``inspect`` as a user runs them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from coqui_amharic_ext.coqui.vocabulary_file import XttsVocabulary
from coqui_amharic_ext.demo.files import sentences
from coqui_amharic_ext.demo.tiny import write_corpus
from tests.coqui.conftest import RunCommand
from tests.coqui.vocabularies import write_xtts_like

COMMAND = ("coqui-amharic", "vocab")


@pytest.fixture
def vocab(tmp_path: Path) -> Path:
    return write_xtts_like(tmp_path / "vocab.json")


@pytest.fixture
def metadata(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "corpus", sentences()[:4], [2.0] * 4)


@pytest.mark.parametrize("mode", ["ipa", "fidel"])
def test_extend_then_inspect(
    run_command: RunCommand, vocab: Path, metadata: Path, tmp_path: Path, mode: str
) -> None:
    out = tmp_path / "new.json"
    options = ("--vocab", vocab, "--mode", mode, "--corpus", metadata, "--out", out)
    done = run_command(*COMMAND, "extend", *options, "--json")
    result: dict[str, Any] = json.loads(done.stdout)
    assert result["added"][:2] == ["[am]", f"[am-{mode}]"]
    assert result["coverage"]["share"] == 1.0
    assert XttsVocabulary.read(out).number_tokens == result["after"]
    seen = json.loads(
        run_command(*COMMAND, "inspect", "--vocab", out, "--corpus", metadata, "--json").stdout
    )
    assert (seen["mode"], seen["rows"]) == (mode, result["after"])
    assert seen["holes"] == list(XttsVocabulary.read(vocab).holes)
    assert "am" in seen["languages"]
    assert seen["coverage"]["seconds"] == pytest.approx(8.0, abs=0.01)
    assert seen["coverage"]["tokens_per_second"] > 1


def test_people_read_a_few_lines(
    run_command: RunCommand, vocab: Path, metadata: Path, tmp_path: Path
) -> None:
    out = tmp_path / "new.json"
    done = run_command(*COMMAND, "extend", "--vocab", vocab, "--out", out, "--corpus", metadata)
    assert "tokens and 25 merges added for ipa" in done.stdout
    assert "texts without [UNK]: 4 of 4 (100.0%)" in done.stdout
    before = run_command(*COMMAND, "inspect", "--vocab", vocab, "--corpus", metadata).stdout
    assert "texts without [UNK]: 0 of 4" in before
    assert "[UNK] '[am]': 4" in before
    assert "Amharic: not extended" in before
    assert "tokens per second of speech: " in before


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("extend", "--vocab", "vocab.json", "--out", "vocab.json"), "choose another name"),
        (("extend", "--vocab", "README", "--out", "o.json"), "README does not exist"),
        (("extend", "--vocab", "vocab.json", "--out", "o.json", "--mode", "fidel"), "--corpus"),
        (("extend", "--vocab", "vocab.json", "--out", "o.json", "--size", "9"), "mode fidel"),
        (("extend", "--vocab", "vocab.json", "--out", "no/o.json"), "the folder no of"),
        (("extend", "--vocab", "vocab.json", "--out", "o.safetensors"), "ends in .json"),
        (("extend", "--vocab", "vocab.json", "--out", "o"), "ends in .json"),
        (("inspect", "--vocab", "vocab.json", "--mode", "ipa"), "give one with --corpus"),
        (("inspect", "--vocab", "vocab.json", "--corpus", "c.txt"), "c.txt does not exist"),
    ],
)
def test_wrong_input_is_one_line_and_writes_nothing(
    run_command: RunCommand, vocab: Path, tmp_path: Path, options: tuple[str, ...], says: str
) -> None:
    done = run_command(*COMMAND, *options, check=False)
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stderr.startswith("coqui-amharic: ") and done.stderr.count("\n") == 1
    assert [p.name for p in tmp_path.iterdir()] == ["vocab.json"]
