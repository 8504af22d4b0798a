"""``train``."""

from __future__ import annotations

import argparse
import difflib
import os
import shlex
import sys
import time
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from coqui_amharic_ext.cli.child import run_child
from coqui_amharic_ext.cli.completion import kernel_names
from coqui_amharic_ext.cli.output import InputError, emit
from coqui_amharic_ext.plugins import require_known
from coqui_amharic_ext.recipes import RECIPES
from coqui_amharic_ext.settings import ENVIRONMENT, XTTS_ONLY, Settings

CONTEXT: Final = {"allow_extra_args": True, "ignore_unknown_options": True}


class Recipe(str, Enum):
    """The recipes of the package."""

    vits = "vits"
    xtts = "xtts"


_OUT_OF_MEMORY: Final = (
    "the recipe was killed (signal 9), as the system does when memory runs out. Use less memory: a "
    "smaller --coqpit.batch_size, fewer --coqpit.num_loader_workers, for xtts --checkpointing 1. "
    "The saved checkpoints are complete; --continue_path RUN resumes from them"
)


def train(
    context: typer.Context,
    recipe: Annotated[Recipe, typer.Argument(help="The recipe.")],
    g2p: Annotated[
        str | None,
        typer.Option(
            help="G2P backends in the order in which they are tried, such as epitran,rules."
        ),
    ] = None,
    lexicon: Annotated[
        Path | None, typer.Option(help="TSV file of your words (word, IPA).")
    ] = None,
    precision: Annotated[
        str | None, typer.Option(help="stock (the recipe's), fp32, bf16 or fp16.")
    ] = None,
    attention: Annotated[
        str | None,
        typer.Option(help="XTTS: attention kernel, or auto, or off.", autocompletion=kernel_names),
    ] = None,
    packing: Annotated[
        bool | None,
        typer.Option("--packing/--no-packing", help="XTTS: train on sequences without padding."),
    ] = None,
    checkpointing: Annotated[
        int | None,
        typer.Option(help="XTTS: recompute every N-th block in the backward pass; 0 is off."),
    ] = None,
    batch_tokens: Annotated[
        int | None,
        typer.Option(
            help="XTTS: fill batches up to this many tokens; 0 uses the recipe's batch size."
        ),
    ] = None,
    xtts_text: Annotated[
        str | None, typer.Option(help="XTTS: its input for Amharic (ipa, fidel, auto).")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the command and its variables; run nothing.")
    ] = False,
    json: Annotated[
        bool,
        typer.Option(
            "--json", help="Print one JSON document at the end; the recipe's output goes to stderr."
        ),
    ] = False,
) -> None:
    """Run a training recipe; options that are not listed here are passed to it.

    For the recipe's options: coqui-amharic train xtts -- --help. Ctrl-C lets it save and end. The
    exit code is the recipe's. Settings that are not given come from COQUI_AMHARIC_* variables.

    Example: coqui-amharic train vits --precision bf16 --data CORPUS --output runs
    """
    given = {
        "g2p_backends": g2p,
        "lexicon": None if lexicon is None else str(lexicon),
        "precision": precision,
        "attention": attention,
        "packing": packing,
        "checkpointing": checkpointing,
        "batch_tokens": batch_tokens,
        "xtts_text": xtts_text,
    }
    given = {name: value for name, value in given.items() if value is not None}
    _refuse_misspelt(context, recipe)
    variables = _variables(given, recipe)
    # Unbuffered, since people watch the output of a training.
    command = [sys.executable, "-u", "-m", RECIPES[recipe.value], *context.args]
    described: dict[str, Any] = {"command": command, "environment": variables}
    if dry_run:
        if json:
            emit(described)
        else:
            settings = [f"{name}={shlex.quote(value)}" for name, value in variables.items()]
            sys.stdout.write(" ".join([*settings, shlex.join(command)]) + "\n")
        return
    from coqui_amharic_ext.data.training_files import check_training_files

    _require_autoload()
    _require_kernel(attention)
    _require_lexicon(lexicon)
    given_to_recipe = _read_as(recipe, context.args)
    _require_writable(given_to_recipe)
    check_training_files(recipe.value, given_to_recipe, context.args)
    started = time.perf_counter()
    code = run_child(
        command, environment=variables, output_to_stderr=json, when_killed=_OUT_OF_MEMORY
    )
    if json:
        seconds = round(time.perf_counter() - started, 3)
        emit(described | {"exit_code": code, "seconds": seconds})
    raise typer.Exit(code)


def _refuse_misspelt(context: typer.Context, recipe: Recipe) -> None:
    """Refuse an argument that resembles an option of this verb and is not one of the recipe.

    The recipe refuses other unknown arguments: it alone knows the names of config values.
    """
    parser = import_module(RECIPES[recipe.value]).make_parser()
    ours = [option for p in context.command.params for option in (*p.opts, *p.secondary_opts)]
    for argument in context.args:
        name = argument.partition("=")[0]
        if not name.startswith("--") or name in parser.format_help().split():
            continue
        near = difflib.get_close_matches(name, ours, 1, 0.75)
        near = near or [option for option in ours if len(name) > 4 and option.startswith(name)]
        if near:
            raise InputError(f"{name} is not known; did you mean {near[0]}?")


def _variables(given: dict[str, Any], recipe: Recipe) -> dict[str, str]:
    """Return the variables that carry the given options to the recipe's process.

    Raises
    ------
    SettingsError
        An option or a variable that is already set is not valid.
    """
    if recipe is not Recipe.xtts:
        for name in set(XTTS_ONLY) & set(given):
            option = name.replace("_", "-")
            raise InputError(f"--{option} is about XTTS's GPT; the recipe {recipe.value} has none")
    chosen = require_known(Settings.from_environment(**given))
    for variable, value in chosen.of_another_model(recipe.value).items():
        raise InputError(
            f"{variable}={value} is about XTTS's GPT; the recipe {recipe.value} has none: unset it"
        )
    found = {}
    for name in given:
        value = getattr(chosen, name)
        if isinstance(value, tuple):
            value = ",".join(value)
        found[ENVIRONMENT[name]] = str(int(value)) if isinstance(value, bool) else str(value)
    return found


def _require_autoload() -> None:
    """Refuse variables with which recipes would silently train without the extension."""
    for variable in ("COQUI_AMHARIC_AUTOLOAD", "TORCH_DEVICE_BACKEND_AUTOLOAD"):
        if os.environ.get(variable) == "0":
            raise InputError(
                f"{variable}=0 switches the extension off in the recipe; unset it to train"
            )


def _require_lexicon(given: Path | None) -> None:
    """Refuse a missing or invalid lexicon, from the option or the variable."""
    from coqui_amharic_ext.g2p.user_lexicon import UserLexicon

    path = str(given) if given is not None else Settings.from_environment().lexicon
    if path is not None:
        UserLexicon(path)


def _read_as(recipe: Recipe, arguments: list[str]) -> argparse.Namespace:
    """Return the recipe's reading of its arguments, or its defaults: the recipe reports errors."""
    parser: argparse.ArgumentParser = import_module(RECIPES[recipe.value]).make_parser()
    parser.exit_on_error = False
    try:
        return parser.parse_known_args([a for a in arguments if a not in ("-h", "--help")])[0]
    except argparse.ArgumentError:
        return parser.parse_args([])


def _require_writable(given: argparse.Namespace) -> None:
    """Refuse a folder for the run that is not writable."""
    option = "--continue_path" if given.continue_path else "--output"
    folder = Path(given.continue_path or given.output)
    there = folder.resolve()
    while not there.exists():
        there = there.parent
    if not there.is_dir():
        raise InputError(f"{option} {folder}: {there} is a file; give a folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise InputError(
            f"{option} {folder}: {there} is not writable; give a folder that you can write to"
        )
    if given.continue_path and not (folder / "config.json").is_file():
        # The recipe says so, too, once torch and Coqui are imported.
        config = folder / "config.json"
        raise InputError(f"{option} {folder}: {config} is missing; give the folder of a run")


def _require_kernel(name: str | None) -> None:
    """Refuse a kernel that is not available on this machine before the model is loaded."""
    from coqui_amharic_ext import plugins
    from coqui_amharic_ext.attention.trial import availability

    spec = plugins.attention_backends().get(name or "")
    if spec is None:
        return
    found = availability(spec)
    if not found:
        raise InputError(
            f"--attention {name} is not available on this machine: {found.reason}; coqui-amharic "
            "doctor lists every kernel, --attention auto uses the best available one"
        )
