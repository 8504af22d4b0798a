"""What the programs in the documentation's commands take, read without running them."""

from __future__ import annotations

import ast
import configparser
import re
import subprocess
import sys
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.docs.pages import ROOT

RECIPES = {
    "vits": ROOT / "coqui_amharic_ext" / "recipes" / "train_vits.py",
    "xtts": ROOT / "coqui_amharic_ext" / "recipes" / "train_xtts_gpt.py",
}


@dataclass(frozen=True)
class Verb:
    """A verb of coqui-amharic: its options, which of them take a value, those it cannot miss."""

    options: dict[str, bool]
    needed: tuple[tuple[str, ...], ...]
    arguments: tuple[str, ...]
    passes_on: bool


@lru_cache(maxsize=1)
def verbs() -> dict[str, Verb]:
    """Every verb, those of two words too."""
    import typer.main

    from coqui_amharic_ext.cli.app import app

    found: dict[str, Verb] = {}

    def visit(command: Any, name: str) -> None:
        if hasattr(command, "commands"):
            for part, below in command.commands.items():
                visit(below, f"{name} {part}".strip())
            return
        options = {"--help": False}
        for parameter in command.params:
            if parameter.param_type_name == "option":
                for option in (*parameter.opts, *parameter.secondary_opts):
                    options[option] = not parameter.is_flag
        found[name] = Verb(
            options,
            tuple(
                tuple(p.opts)
                for p in command.params
                if p.required and p.param_type_name == "option"
            ),
            tuple(p.name for p in command.params if p.param_type_name == "argument"),
            bool((command.context_settings or {}).get("ignore_unknown_options")),
        )

    visit(typer.main.get_command(app), "")
    return found


def script_options(path: Path) -> set[str]:
    """The options that a script gives to argparse."""
    found = {"-h", "--help"}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "add_argument":
            found |= {
                argument.value
                for argument in node.args
                if isinstance(argument, ast.Constant) and str(argument.value).startswith("-")
            }
    return found


@lru_cache(maxsize=8)
def benchmark_options(path: Path) -> set[str]:
    """The options of a benchmark, which may make them in a loop: what its help says."""
    done = subprocess.run([sys.executable, str(path), "--help"], capture_output=True, check=True)
    return set(re.findall(r"--?[a-z][\w-]*", done.stdout.decode()))


def module_file(name: str) -> Path:
    spec = find_spec(name)
    assert spec is not None and spec.origin is not None, name
    return Path(spec.origin)


def is_trainer_option(option: str, recipe: str) -> bool:
    """Whether upstream's trainer or the recipe's config has it."""
    from trainer import TrainerArgs

    if option.startswith("--coqpit."):
        from TTS.tts.configs.vits_config import VitsConfig
        from TTS.tts.layers.xtts.trainer.gpt_trainer import GPTTrainerConfig

        config = VitsConfig if recipe == "vits" else GPTTrainerConfig
        return option.removeprefix("--coqpit.") in {field.name for field in fields(config)}
    return option.removeprefix("--") in {field.name for field in fields(TrainerArgs)}


@lru_cache(maxsize=1)
def setup() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def requirements(text: str) -> list[str]:
    """Names of the distributions in a list of requirements of setup.cfg."""
    lines = (line.strip() for line in text.splitlines())
    return [re.split(r"[\s\[<>=!~;]", line)[0] for line in lines if line and line[0] != "#"]


def tox_environments() -> set[str]:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "tox.ini", encoding="utf-8")
    listed = {name.strip() for name in parser["tox"]["env_list"].split(",")}
    return listed | {s.removeprefix("testenv:") for s in parser.sections() if ":" in s}
