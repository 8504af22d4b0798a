"""Every command that README and documentation show is run, or its words are known to exist."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest

from coqui_amharic_ext.demo import tiny
from coqui_amharic_ext.demo.files import sentences
from tests.cli.command import run
from tests.coqui.checkpoints import write_files
from tests.docs import programs
from tests.docs.pages import ROOT, Command, commands

COMMANDS = list(commands())
SHOWN = [command for command in COMMANDS if command.shown is not None]
PLACEHOLDER = re.compile(r"\b(CORPUS|FOLDER|LIST|FIXED|OTHER|RUN|VOICE|COMMON_VOICE|FILE)\b")
RUNNABLE = ("normalize", "phonemize", "plugins", "bench")
"""Verbs that take a second and no data where they are given text alone."""


def _is_run(command: Command) -> bool:
    if command.shown is not None:
        return True
    words = command.line.split()
    if words[:1] != ["coqui-amharic"] or PLACEHOLDER.search(command.line):
        return False
    if words[1] == "train":
        return "--dry-run" in words
    named = words[1] == "bench" and len(words) > 2
    outside = {"--file", "--backend", "|"} & set(words)
    return words[1] in RUNNABLE and not named and not outside


@pytest.mark.parametrize("command", [c for c in COMMANDS if _is_run(c)], ids=str)
def test_it_runs_and_says_what_is_shown(command: Command) -> None:
    ((variables, words),) = command.steps()
    assert words[0] == "coqui-amharic"
    code, out, err = run(*words[1:], **variables)
    assert code == 0, err
    if command.shown is not None:
        assert out == command.shown


DATA_VERBS = ("data", "vocab", "checkpoint", "eval-g2p")


def _needs_data(line: str) -> bool:
    words = line.split()
    if words[0] != "coqui-amharic" or "--verify" in words or "--backend" in words:
        return False
    if words[1] == "eval-g2p" and "--edits" not in words:
        return False  # the same, with fewer options, and epitran takes seconds to load
    tables = words[1] == "phonemize" and "--file" in words
    return words[1] in DATA_VERBS or (tables and not {"--resume", "--engine"} & set(words))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that the commands name, small: a corpus, a vocabulary, a checkpoint, lists."""
    folder = tmp_path_factory.mktemp("files")
    rows = [f"clip{n}|{text}|{text}\n" for n, text in enumerate(sentences()[:4])]
    for number in range(len(rows)):
        tiny.write_clip(folder / "CORPUS" / "wavs" / f"clip{number}.wav", 3.0, seed=number)
        tiny.write_clip(folder / "COMMON_VOICE/am/clips" / f"clip{number}.wav", 3.0, seed=number)
    (folder / "CORPUS" / "metadata.csv").write_text("".join(rows), encoding="utf-8")
    (folder / "metadata.csv").write_text("".join(rows), encoding="utf-8")
    cells = [row.split("|") for row in rows]
    (folder / "corpus.txt").write_text("".join(f"{text}\n" for _, text, _ in cells), "utf-8")
    voices = "".join(f"{name}.wav\t{text}\n" for name, text, _ in cells)
    table = folder / "COMMON_VOICE" / "am" / "train.tsv"
    table.write_text("path\tsentence\n" + voices, encoding="utf-8")
    (folder / "LIST.tsv").write_text("ሰላም\ts ə l a m\nቤት\tb e t\n", encoding="utf-8")
    (folder / "models").mkdir()
    made = write_files(folder / "models")
    shutil.copy(made.old, folder / "vocab.json")
    shutil.copy(made.ipa, folder / "vocab_am.json")
    shutil.copy(made.model, folder / "model.pth")
    return folder


@pytest.mark.parametrize("line", sorted({c.line for c in COMMANDS if _needs_data(c.line)}))
def test_it_runs_on_small_data(line: str, files: Path, tmp_path: Path) -> None:
    words = shlex.split(line)[1:]
    folder = tmp_path / "here"
    shutil.copytree(files, folder)
    for option in {"--out", "--fix"} & set(words):
        made = folder / words[words.index(option) + 1]
        if made.is_dir():
            shutil.rmtree(made)
        made.unlink(missing_ok=True)
    code, out, err = run(*words, folder=folder)
    assert code == 0, out + err
    for option in {"--out", "--fix"} & set(words):
        assert (folder / words[words.index(option) + 1]).exists()


@pytest.mark.parametrize(
    "command",
    [c for c in COMMANDS if "coqui-amharic train" in c.line and "--help" not in c.line],
    ids=str,
)
def test_training_would_start_with_these_settings(command: Command) -> None:
    ((variables, words),) = command.steps()
    code, out, err = run(*words[1:], "--dry-run", "--json", **variables)
    assert code == 0, err
    assert json.loads(out)["command"][2] == "-m"


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_its_words_exist(command: Command) -> None:
    for _, words in command.steps():
        assert words[0] in CHECKS, f"no check knows the program {words[0]}"
        CHECKS[words[0]](words[1:])


def test_the_extractor_finds_what_there_is() -> None:
    lines = [command.line for command in COMMANDS]
    assert "tox" in lines
    assert any(line.startswith("coqui-amharic checkpoint extend") for line in lines)
    assert len(SHOWN) > 8
    with pytest.raises(AssertionError, match="--no-such-option"):
        _coqui_amharic(["normalize", "--no-such-option"])
    with pytest.raises(AssertionError, match="--old-vocab"):
        _coqui_amharic(["checkpoint", "extend", "--checkpoint", "a", "--new-vocab", "b"])
    with pytest.raises(AssertionError):
        _pip(["install", "coqui-amharic-ext[nonsense]"])


def _coqui_amharic(words: list[str]) -> None:
    verbs = programs.verbs()
    name = next(n for n in (" ".join(words[:2]), words[0]) if n in verbs)
    verb, rest = verbs[name], words[len(name.split()) :]
    given = [word for word in rest if word.startswith("-") and word not in ("-", "--")]
    missing = [names for names in verb.needed if not set(names) & set(given)]
    assert not missing or "--help" in given, f"{name} needs {missing}"
    unknown = [option for option in given if option not in verb.options]
    if name == "train":
        _recipe(rest[0], rest[1:], unknown)
    elif name == "bench" and rest and not rest[0].startswith("-"):
        script = ROOT / "benchmarks" / f"{rest[0]}_bench.py"
        script = script if script.exists() else ROOT / "benchmarks" / f"{rest[0]}.py"
        assert set(unknown) <= programs.benchmark_options(script)
    else:
        assert not unknown, f"{name} has no {unknown}"
    plain = [
        word
        for before, word in zip(["", *rest], rest, strict=False)
        if not word.startswith("-") and not verb.options.get(before, False)
    ]
    assert verb.arguments or not plain or verb.passes_on, f"{name} takes no {plain}"


def _recipe(recipe: str, rest: list[str], options: list[str]) -> None:
    own = programs.script_options(programs.RECIPES[recipe])
    for option in options:
        known = option in own or programs.is_trainer_option(option, recipe)
        assert known, f"the recipe {recipe} has no {option}"
    needed = {"vits": {"--data"}, "xtts": {"--data", "--vocab", "--dvae", "--mel-stats"}}[recipe]
    if not {"--continue_path", "--help"} & set(rest):
        assert needed <= set(rest)


def _python(words: list[str]) -> None:
    if words[0] != "-m":
        options = {word for word in words[1:] if word.startswith("-")}
        assert options <= programs.benchmark_options(ROOT / words[0])
    elif words[1].startswith("coqui_amharic_ext.recipes."):
        recipe = "vits" if "vits" in words[1] else "xtts"
        assert programs.module_file(words[1]) == programs.RECIPES[recipe]
        _recipe(recipe, words[2:], [w for w in words[2:] if w.startswith("-")])
    else:
        assert words[1] == "venv"


def _pip(words: list[str]) -> None:
    assert words[0] == "install"
    rest = [word for word in words[1:] if word not in ("-e", "-c", "--no-build-isolation")]
    extras = programs.setup()["options.extras_require"]
    for target in rest:
        name, _, extra = target.rstrip("]").partition("[")
        assert not extra or extra in extras
        local = name.startswith(".") or name.endswith(".txt")
        assert (ROOT / name).exists() if local else name in INSTALLED, target


def _tts(words: list[str]) -> None:
    options = programs.script_options(programs.module_file("TTS.bin.synthesize"))
    assert {word for word in words if word.startswith("--")} <= options


def _tox(words: list[str]) -> None:
    if words[:1] == ["exec"]:
        assert words[words.index("--") + 1] == "pytest"
        words = words[1 : words.index("--")]
    if words:
        assert words[0] == "-e" and words[1] in programs.tox_environments()
        rest = words[words.index("--") + 1 :] if "--" in words else []
        if words[1] == "docs":
            assert rest in ([], ["serve"])
        else:
            assert all((ROOT / path).exists() for path in rest)


def _pytest(words: list[str]) -> None:
    assert all((ROOT / word).exists() for word in words if not word.startswith("-"))


def _fixed(*allowed: str) -> object:
    def check(words: list[str]) -> None:
        assert " ".join(words) in allowed

    return check


INSTALLED = ("coqui-amharic-ext", "tox", "pre-commit")
CHECKS = {
    "coqui-amharic": _coqui_amharic,
    "python": _python,
    "python3": _python,
    "pip": _pip,
    "tts": _tts,
    "tox": _tox,
    "pytest": _pytest,
    ".": _fixed("~/coqui/bin/activate"),
    "sudo": _fixed("apt-get install python3-venv"),
    "aplay": _fixed(""),
    "pre-commit": _fixed("install"),
}
