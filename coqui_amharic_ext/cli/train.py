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
    """The recipes that come with the package."""

    vits = "vits"
    xtts = "xtts"


_OUT_OF_MEMORY: Final = (
    "the recipe was killed from outside (signal 9), as the system does when memory runs out. Take "
    "less of it: a smaller --coqpit.batch_size, fewer --coqpit.num_loader_workers, for xtts "
    "--checkpointing 1. What was saved is whole; --continue_path RUN goes on from it"
)


def train(
    context: typer.Context,
    recipe: Annotated[Recipe, typer.Argument(help="What to train.")],
    g2p: Annotated[
        str | None,
        typer.Option(help="G2P backends in the order in which they are tried: epitran,rules."),
    ] = None,
    lexicon: Annotated[
        Path | None, typer.Option(help="TSV file of your own words (word, IPA).")
    ] = None,
    precision: Annotated[
        str | None, typer.Option(help="stock (the recipe's own), fp32, bf16 or fp16.")
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
        typer.Option(help="XTTS: fill batches to this many tokens; 0: the recipe's batch size."),
    ] = None,
    xtts_text: Annotated[
        str | None, typer.Option(help="XTTS: what it reads for Amharic (ipa, fidel, auto).")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the command and its variables, no more.")
    ] = False,
    json: Annotated[
        bool,
        typer.Option(
            "--json", help="One JSON document at the end; the recipe's output goes to stderr."
        ),
    ] = False,
) -> None:
    """Run a training recipe; options that are not listed here are the recipe's own.

    What the recipe takes: coqui-amharic train xtts -- --help. Ctrl-C lets it save and end. The
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
    # Unbuffered: a person who trains watches the output.
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
    """Refuse what looks like an option of ours and is none of the recipe's.

    The recipe refuses the rest: which names of config values there are is known to it alone.
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
    """Return the variables that make the recipe's process choose what was given.

    Raises
    ------
    SettingsError
        A choice is not valid, or a variable that is set already is not.
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
    """Refuse where the recipes would train without the extension, unsaid."""
    for variable in ("COQUI_AMHARIC_AUTOLOAD", "TORCH_DEVICE_BACKEND_AUTOLOAD"):
        if os.environ.get(variable) == "0":
            raise InputError(
                f"{variable}=0 switches the extension off in the recipe; unset it to train"
            )


def _require_lexicon(given: Path | None) -> None:
    """Refuse a lexicon that is missing or broken, of an option or of a variable."""
    from coqui_amharic_ext.g2p.user_lexicon import UserLexicon

    path = str(given) if given is not None else Settings.from_environment().lexicon
    if path is not None:
        UserLexicon(path)


def _read_as(recipe: Recipe, arguments: list[str]) -> argparse.Namespace:
    """Return what a recipe reads in arguments; where it cannot, its defaults, and it says why."""
    parser: argparse.ArgumentParser = import_module(RECIPES[recipe.value]).make_parser()
    parser.exit_on_error = False
    try:
        return parser.parse_known_args([a for a in arguments if a not in ("-h", "--help")])[0]
    except argparse.ArgumentError:
        return parser.parse_args([])


def _require_writable(given: argparse.Namespace) -> None:
    """Refuse a folder for the run that nothing can be written in."""
    option = "--continue_path" if given.continue_path else "--output"
    folder = Path(given.continue_path or given.output)
    there = folder.resolve()
    while not there.exists():
        there = there.parent
    if not there.is_dir():
        raise InputError(f"{option} {folder}: {there} is a file; give a folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise InputError(
            f"{option} {folder}: nothing can be written in {there}; give a folder that you may "
            "write to"
        )


def _require_kernel(name: str | None) -> None:
    """Refuse a kernel that cannot serve on this machine before a model of gigabytes is loaded."""
    from coqui_amharic_ext import plugins
    from coqui_amharic_ext.attention.trial import availability

    spec = plugins.attention_backends().get(name or "")
    if spec is None:
        return
    found = availability(spec)
    if not found:
        raise InputError(
            f"--attention {name} cannot serve on this machine: {found.reason}; coqui-amharic "
            "doctor lists every kernel, --attention auto takes the best that can serve"
        )
