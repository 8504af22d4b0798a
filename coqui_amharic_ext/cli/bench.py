"""``bench``."""

from __future__ import annotations

import ast
import sys
import time
from pathlib import Path
from typing import Annotated, Final

import typer

from coqui_amharic_ext import __version__
from coqui_amharic_ext.cli.child import run_child
from coqui_amharic_ext.cli.output import InputError, emit, note
from coqui_amharic_ext.cli.streams import require_output
from coqui_amharic_ext.cli.tables import Table

CONTEXT: Final = {"allow_extra_args": True, "ignore_unknown_options": True}
_SUFFIX: Final = "_bench"
_ROOT: Final = Path(__file__).resolve().parents[2]


def bench(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(help="The benchmark; without it, list them.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(help="The folder benchmarks/ of the project's source tree.")
    ] = None,
    show: Annotated[
        bool,
        typer.Option("--open", help="Open the plots that the benchmark wrote, as 'plot' does."),
    ] = False,
    json: Annotated[
        bool,
        typer.Option(
            "--json", help="Print one JSON document; the benchmark's output goes to stderr."
        ),
    ] = False,
) -> None:
    """Run a benchmark of the project's source tree; further options are passed to it.

    The scripts are not installed with the package: they are in the folder benchmarks/ of its
    source. For a benchmark's options: coqui-amharic bench g2p -- --help. The exit code is the
    benchmark's.

    Example: coqui-amharic bench g2p --types 5000
    """
    if not json:
        require_output()
    where = _folder(folder)
    scripts = {path.stem.removesuffix(_SUFFIX): path for path in sorted(where.glob("*.py"))}
    scripts = {name: path for name, path in scripts.items() if _can_be_run(path)}
    if name is None:
        if context.args or show:
            raise InputError(f"give the name of a benchmark: {', '.join(scripts)}")
        _list(scripts, json)
        return
    if name not in scripts:
        raise InputError(f"no benchmark {name!r} in {where}; there are: {', '.join(scripts)}")
    command = [sys.executable, "-u", str(scripts[name]), *context.args]
    before = _plots(where)
    started = time.perf_counter()
    code = run_child(command, output_to_stderr=json)
    written = [plot for plot, changed in _plots(where).items() if before.get(plot) != changed]
    if json:
        seconds = round(time.perf_counter() - started, 3)
        plots = [str(plot) for plot in written]
        emit({"command": command, "exit_code": code, "seconds": seconds, "plots": plots})
    if show:
        if not written:
            note("the benchmark wrote no plots; 'coqui-amharic bench plot --open' draws them")
        for plot in written:
            typer.launch(str(plot))
    raise typer.Exit(code)


def _folder(given: Path | None) -> Path:
    for folder in [_ROOT / "benchmarks"] if given is None else [given, given / "benchmarks"]:
        if any(folder.glob(f"*{_SUFFIX}.py")):
            return folder
    if given is not None:
        raise InputError(f"{given} has no benchmarks (files named *{_SUFFIX}.py)")
    raise InputError(
        "the benchmarks are not installed with the package: they are in the folder benchmarks/ of "
        f"the source of coqui-amharic-ext {__version__}; give it with --folder"
    )


def _can_be_run(path: Path) -> bool:
    """Return whether a file is a script and not a module that scripts share."""
    return '__name__ == "__main__"' in path.read_text(encoding="utf-8")


def _list(scripts: dict[str, Path], json: bool) -> None:
    about = {name: _summary(path) for name, path in scripts.items()}
    if json:
        emit([{"name": n, "path": str(path), "summary": about[n]} for n, path in scripts.items()])
        return
    table = Table(["benchmark", "what it measures"])
    for name in scripts:
        table.add(name, about[name])
    table.show()


def _summary(path: Path) -> str:
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(text.split("\n\n")[0].split())


def _plots(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in sorted(folder.rglob("*.png"))}
