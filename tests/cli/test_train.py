"""``train``: flags become variables of the recipe's process; its end is the command's end."""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from coqui_amharic_ext.cli import train as verb
from coqui_amharic_ext.settings import ENVIRONMENT
from tests.cli.command import COMMAND, environment, refused_early, run

DRY = ("train", "xtts", "--dry-run", "--json")


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        ((), {}),
        (("--g2p", "epitran, rules"), {"COQUI_AMHARIC_G2P": "epitran,rules"}),
        (("--attention", "auto"), {"COQUI_AMHARIC_ATTENTION": "auto"}),
        (("--no-packing",), {"COQUI_AMHARIC_PACKING": "0"}),
        (("--packing",), {"COQUI_AMHARIC_PACKING": "1"}),
        (("--checkpointing", "2"), {"COQUI_AMHARIC_CHECKPOINTING": "2"}),
        (("--precision", "bf16"), {"COQUI_AMHARIC_PRECISION": "bf16"}),
        (("--batch-tokens", "4000"), {"COQUI_AMHARIC_BATCH_TOKENS": "4000"}),
        (("--xtts-text", "fidel"), {"COQUI_AMHARIC_XTTS_TEXT": "fidel"}),
        (("--lexicon", "my words.tsv"), {"COQUI_AMHARIC_LEXICON": "my words.tsv"}),
    ],
)
def test_a_flag_is_a_variable_of_the_recipe(
    arguments: tuple[str, ...], variables: dict[str, str]
) -> None:
    code, out, _ = run(*DRY, *arguments, "--data", "some corpus", "--coqpit.epochs", "3")
    assert code == 0
    found = json.loads(out)
    assert found["environment"] == variables
    assert found["command"][-4:] == ["--data", "some corpus", "--coqpit.epochs", "3"]
    assert found["command"][-5] == "coqui_amharic_ext.recipes.train_xtts_gpt"
    assert set(variables) <= set(ENVIRONMENT.values())


def test_every_option_of_the_recipes_own_reaches_it() -> None:
    """None of them is taken for a misspelt option of the command's."""
    for recipe, module in verb.RECIPES.items():
        for option in importlib.import_module(module).make_parser().options():
            code, out, err = run("train", recipe, "--dry-run", "--json", "--", option)
            assert code == 0, err
            assert json.loads(out)["command"][-1] == option


def test_a_dry_run_prints_what_a_shell_would_run() -> None:
    code, out, _ = run("train", "vits", "--dry-run", "--lexicon", "a b", "--data", "c d")
    assert code == 0
    assert out.startswith("COQUI_AMHARIC_LEXICON='a b' ")
    assert out.endswith("-m coqui_amharic_ext.recipes.train_vits --data 'c d'\n")


@pytest.mark.parametrize(
    ("arguments", "extra", "says"),
    [
        (("xtts", "--attention", "fast"), {}, "flash_attn"),
        (("xtts", "--precision", "fp8"), {}, "bf16"),
        (("vits", "--g2p", "festival"), {}, "transphone, epitran, rules"),
        (("vits", "--attention", "sdpa"), {}, "--attention is about XTTS's GPT"),
        (("vits", "--no-packing"), {}, "--packing is about XTTS's GPT"),
        (("tacotron",), {}, "vits"),
        (
            ("xtts", "--attention", "flash_attn"),
            {"CUDA_VISIBLE_DEVICES": ""},
            "is not available on",
        ),
        (("vits",), {"COQUI_AMHARIC_AUTOLOAD": "0"}, "COQUI_AMHARIC_AUTOLOAD=0"),
        (("vits",), {"TORCH_DEVICE_BACKEND_AUTOLOAD": "0"}, "TORCH_DEVICE_BACKEND_AUTOLOAD=0"),
        (("vits",), {"COQUI_AMHARIC_PRECISION": "fp8"}, "bf16"),
        (("vits",), {"COQUI_AMHARIC_FREEZE": "text"}, "COQUI_AMHARIC_FREEZE=text is about XTTS"),
        (("vits", "--precison", "bf16"), {}, "--precison is not known; did you mean --precision?"),
        (("xtts", "--atention=auto"), {}, "did you mean --attention?"),
        (("xtts", "--no-paking"), {}, "did you mean --no-packing?"),
        (("xtts", "--check", "1"), {}, "did you mean --checkpointing?"),
        (("vits", "--dry-run", "--precison", "bf16"), {}, "did you mean --precision?"),
    ],
)
def test_what_cannot_be_honoured_is_refused_before_anything_starts(
    arguments: tuple[str, ...], extra: dict[str, str], says: str
) -> None:
    started = time.monotonic()
    code, out, err = run("train", *arguments, "--data", "nowhere", **extra)
    assert (code, out) == (2, "")
    assert says in err
    assert time.monotonic() - started < 20


RECIPE = """
import argparse, json, os, signal, sys, time
from pathlib import Path
from coqui_amharic_ext.recipes.train_vits import make_parser
if __name__ == "__main__" and "--killed" in sys.argv:
    os.kill(os.getpid(), signal.SIGKILL)
if __name__ == "__main__" and "--wait" in sys.argv:
    interrupts = []
    def save(number, frame):
        interrupts.append(number)
        time.sleep(1)
        Path("saved").write_text(str(len(interrupts)))
        sys.exit(130)
    signal.signal(signal.SIGINT, save)
    Path("started").touch()
    time.sleep(60)
if __name__ == "__main__":
    print("arguments", sys.argv[1:], os.environ.get("COQUI_AMHARIC_G2P"))
    sys.exit(int(sys.argv[sys.argv.index("--end") + 1]))
"""


@pytest.fixture
def own_recipe(tmp_path: Path) -> list[str]:
    """Return the command with a recipe that the test can look into."""
    (tmp_path / "own_recipe.py").write_text(RECIPE)
    assert {recipe.value for recipe in verb.Recipe} == set(verb.RECIPES)
    start = (
        "from coqui_amharic_ext.cli import train, main;train.RECIPES['vits'] = 'own_recipe'; main()"
    )
    return [sys.executable, "-c", start]


def test_the_recipes_output_and_exit_code_are_the_commands(
    own_recipe: list[str], tmp_path: Path
) -> None:
    command = [*own_recipe, "train", "vits", "--g2p", "rules", "--end", "7"]
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True)
    assert done.returncode == 7
    assert done.stdout == "arguments ['--end', '7'] rules\n"
    done = subprocess.run(
        [*command, "--json"], cwd=tmp_path, env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 7
    assert json.loads(done.stdout)["exit_code"] == 7
    assert "arguments" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no process groups of this kind")
@pytest.mark.parametrize("whole_group", [True, False])
def test_ctrl_c_reaches_the_recipe_once_and_lets_it_save(
    own_recipe: list[str], tmp_path: Path, whole_group: bool
) -> None:
    command = [*own_recipe, "train", "vits", "--wait", "--end", "0"]
    child = subprocess.Popen(
        command, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "started").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    if whole_group:  # as the terminal does
        os.killpg(child.pid, signal.SIGINT)
    else:
        child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=30)
    assert child.returncode == 130
    assert (tmp_path / "saved").read_text() == "1"
    assert b"Traceback" not in err


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_recipe_that_the_system_kills_is_explained(own_recipe: list[str], tmp_path: Path) -> None:
    done = subprocess.run(
        [*own_recipe, "train", "vits", "--killed", "--end", "0"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 137
    (line,) = done.stderr.splitlines()
    assert "as the system does when memory runs out" in line
    assert "--coqpit.batch_size" in line
    assert "--continue_path RUN" in line


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_second_ctrl_c_kills_it_and_is_not_explained(
    own_recipe: list[str], tmp_path: Path
) -> None:
    child = subprocess.Popen(
        [*own_recipe, "train", "vits", "--wait", "--end", "0"],
        cwd=tmp_path,
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "started").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    time.sleep(0.3)
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=30)
    assert (child.returncode, err) == (137, "")
    assert not (tmp_path / "saved").exists()


def _broken(folder: Path) -> Path:
    (folder / "words.tsv").write_text("ሰላም\tqqq\n", encoding="utf-8")
    return folder / "words.tsv"


@pytest.mark.parametrize("by_variable", [True, False])
@pytest.mark.parametrize("missing", [True, False])
def test_a_lexicon_that_cannot_be_used_is_named_before_anything_starts(
    tmp_path: Path, missing: bool, by_variable: bool
) -> None:
    path = tmp_path / "none.tsv" if missing else _broken(tmp_path)
    option = [] if by_variable else ["--lexicon", str(path)]
    extra = {"COQUI_AMHARIC_LEXICON": str(path)} if by_variable else {}
    code, out, err = run("train", "vits", *option, "--data", "nowhere", **extra)
    assert (code, out) == (2, "")
    assert str(path) in err
    assert ("cannot be read" if missing else "line 1") in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("option", ["--output", "--continue_path"])
def test_a_folder_that_cannot_be_one_is_named_before_anything_starts(
    tmp_path: Path, option: str
) -> None:
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "runs"
    code, _, err = run("train", "vits", "--data", "nowhere", option, str(folder))
    assert code == 2
    assert f"{option} {folder}: {tmp_path / 'file'} is a file; give a folder" in err


def test_a_recipe_ended_by_a_signal_is_told_as_shells_do(
    own_recipe: list[str], tmp_path: Path
) -> None:
    child = subprocess.Popen(
        [*own_recipe, "train", "vits", "--wait", "--end", "0"],
        cwd=tmp_path,
        env=environment(),
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "started").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    child.send_signal(signal.SIGTERM)
    assert child.wait(timeout=30) == 128 + signal.SIGTERM


def test_the_real_recipe_is_what_runs() -> None:
    code, out, _ = run("train", "vits", "--", "--help")
    assert code == 0
    assert "train_vits" in out
    assert "--data" in out
    assert COMMAND


@pytest.mark.parametrize("recipe", ["vits", "xtts"])
def test_a_recipe_without_arguments_names_what_is_needed(recipe: str) -> None:
    code, printed, error = run("train", recipe)
    assert code == 2, printed
    assert "is needed, or --continue_path" in error


@pytest.mark.parametrize("recipe", ["xtts", "vits"])
def test_a_run_that_is_not_there_is_refused_early(recipe: str, tmp_path: Path) -> None:
    said = refused_early("train", recipe, "--continue_path", "nope", folder=tmp_path)
    assert "nope/config.json is missing; give the folder of a run" in said
