"""The recipes' common command line, which ignores nothing, and how a run resumes.

Upstream's parsers ignore unknown options, so that ``--coqpit.batchsize 4`` trains with the default
batch size.
"""

import argparse
import difflib
import json
import os
from pathlib import Path
from typing import Any

from coqui_amharic_ext.errors import SettingsError
from coqui_amharic_ext.plugins import require_known
from coqui_amharic_ext.settings import ENVIRONMENT, get_settings


class Parser(argparse.ArgumentParser):
    """Takes no abbreviations, and reports errors without listing all options."""

    def __init__(self, description: str | None = None) -> None:
        super().__init__(
            description=description,
            formatter_class=argparse.RawTextHelpFormatter,
            usage=None if description else argparse.SUPPRESS,
            add_help=bool(description),
            allow_abbrev=False,
        )

    def error(self, message: str) -> Any:
        """Exit with code 2."""
        for name, meant in (("parse_bool", "true or false"), ("loads", "JSON")):
            message = message.replace(f"invalid {name} value", f"expected {meant}, not")
        super().error(message)

    def options(self) -> list[str]:
        """Return every option's name."""
        return [name for action in self._actions for name in action.option_strings]


def require_settings(parser: Parser, model: str) -> None:
    """Refuse invalid variables, and those that the model does not read."""
    try:
        unread = require_known(get_settings()).of_another_model(model)
    except SettingsError as error:
        parser.error(str(error))
    for variable, value in unread.items():
        parser.error(f"{variable}={value} is about XTTS's GPT, the model is {model}: unset it")


def refuse_of_new_runs(parser: Parser, arguments: argparse.Namespace, *names: str) -> None:
    """Refuse options that a resumed run does not use."""
    for name in names:
        if getattr(arguments, name) != parser.get_default(name):
            option = name.replace("_", "-")
            parser.error(f"--{option} is for a new run; a resumed run has it in its folder")


def settle(parser: Parser, rest: list[str], config: Any, run: Path | None) -> None:
    """Change config values as ``--coqpit.NAME VALUE`` says, and refuse unknown options.

    Parameters
    ----------
    parser : Parser
        The recipe's.
    rest : list of str
        The arguments of upstream's config and trainer.
    config : Coqpit
        Changed in place. The trainer reads the same arguments again.
    run : Path, optional
        The run to resume.
    """
    from trainer import TrainerArgs

    known = Parser()
    known.prog = parser.prog
    TrainerArgs.init_argparse(parser=known, arg_prefix="")
    config.init_argparse(instance=config, parser=known, relaxed_parser=True)
    given, unknown = known.parse_known_args(rest)
    if unknown:
        parser.error(_unknown(unknown[0], config, [*parser.options(), *known.options()]))
    if run is not None and given.restore_path:
        parser.error("--restore_path starts a run, --continue_path resumes one: give one of them")
    if rest:
        before = known.parse_args([])
        config.parse_known_args(rest, relaxed_parser=True)
        for name, value in vars(given).items() if run is not None else ():
            if name.startswith("coqpit.") and value != getattr(before, name):
                print(f" > --{name} {value}, given now; the run had {getattr(before, name)}")


def _unknown(argument: str, config: Any, options: list[str]) -> str:
    name = argument.partition("=")[0]
    if not name.startswith("-"):
        return f"{argument!r} belongs to no option"
    if _is_field(config, name.removeprefix("--coqpit.").split(".")):
        return f"{name} has a type that no option can give; change it in a copy of the recipe"
    settings = {f"--{'g2p' if n == 'g2p_backends' else n}": v for n, v in ENVIRONMENT.items()}
    settings |= {option.replace("_", "-"): variable for option, variable in settings.items()}
    near = difflib.get_close_matches(name, [*options, *settings], 1) or [
        option for option in options if option.startswith(name)
    ]
    if not near:
        return f"{name} is not known; --help lists the recipe's options"
    if near[0] in settings:
        return (
            f"{name} is no option of the recipe; {near[0]} is one of coqui-amharic train, and "
            f"where the recipe is run alone a variable, {settings[near[0]]}"
        )
    return f"{name} is not known; did you mean {near[0]}?"


def _is_field(value: Any, path: list[str]) -> bool:
    for part in path:
        if isinstance(value, list):
            value = value[int(part)] if part.isdigit() and int(part) < len(value) else None
        else:
            fields = getattr(type(value), "__dataclass_fields__", {})
            if part not in fields:
                return False
            value = getattr(value, part)
    return True


def load_run(parser: Parser, run: Path, config: Any) -> None:
    """Fill a config with that of the run to resume.

    The run must have a checkpoint and train the same model.
    """
    from trainer.io import get_last_checkpoint

    path = run / "config.json"
    if not path.is_file():
        parser.error(f"--continue_path {run}: {path} is missing; give the folder of a run")
    try:
        model = json.loads(path.read_text(encoding="utf-8")).get("model", config.model)
        if model != config.model:
            parser.error(f"--continue_path {run}: it trains {model}, this recipe {config.model}")
        config.load_json(str(path))
    except (ValueError, TypeError, AttributeError, OSError) as error:
        parser.error(f"--continue_path {run}: {path} cannot be read: {error}")
    try:
        get_last_checkpoint(str(run))
    except ValueError:
        parser.error(
            f"--continue_path {run}: the run ended before its first checkpoint; start it again"
        )


def move_data(config: Any, data: str | None, others: dict[str, str]) -> None:
    """Set the folders of data sets that have moved.

    Parameters
    ----------
    config : Coqpit
        Changed in place.
    data : str, optional
        The folder of the first data set, and of all others from there.
    others : dict of str
        Folders of other languages.
    """
    first = config.datasets[0].path
    for dataset in config.datasets:
        moved = others.get(dataset.language) or (data if dataset.path == first else None)
        if moved:
            dataset.path = os.path.abspath(moved)


def require_data(parser: Parser, config: Any) -> None:
    """Refuse to train if a data set's metadata are missing."""
    for dataset in config.datasets:
        metadata = os.path.join(dataset.path, dataset.meta_file_train)
        if not os.path.isfile(metadata):
            parser.error(
                f"{metadata} is missing; --data is the folder with metadata.csv and wavs/, also "
                "to resume a run whose data have moved"
            )


def in_run(run: Path, path: str | None, name: str = "") -> str | None:
    """Return the run's copy of a file, else the file itself."""
    if not path:
        return path
    copy = run / (name or os.path.basename(path))
    return str(copy.resolve()) if copy.is_file() else path


def save_config(run: Path, config: Any) -> None:
    """Save the changed config in the run's folder, where the trainer reads it."""
    if int(os.environ.get("RANK", "0")) > 0:
        return
    partial = run / ".config.json.partial"
    config.save_json(partial)
    os.replace(partial, run / "config.json")
