"""``doctor``."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from coqui_amharic_ext.cli import progress
from coqui_amharic_ext.cli.output import InputError, emit, note, show
from coqui_amharic_ext.cli.tables import Table
from coqui_amharic_ext.settings import get_settings

if TYPE_CHECKING:
    from coqui_amharic_ext.doctor import Diagnosis, Facts, Problem
    from coqui_amharic_ext.doctor.fixing import Outcome, Plan

ROUNDS: Final = 3
"""Plans that are run one after the other; replacing torch is a plan by itself."""
_FETCHABLE: Final = ("transphone",)
_MARKS: Final = {"error": ("✗", "red"), "warning": ("!", "yellow"), "note": ("·", "cyan")}


def doctor(
    fix: Annotated[
        bool, typer.Option("--fix", help="Show the pip commands that fix problems, ask, run them.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the pip commands that fix problems; run none.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Like --fix, without asking.")] = False,
    replace_torch: Annotated[
        bool,
        typer.Option("--replace-torch", help="With these: allow commands that replace torch."),
    ] = False,
    fetch: Annotated[
        str | None,
        typer.Option(
            help="Download a model: transphone. The only command that downloads one.",
            autocompletion=lambda: list(_FETCHABLE),
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--from", help="With --fetch: the archive, a file or another address."),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(
            help="With --fetch: the folder for models. Default: COQUI_AMHARIC_TRANSPHONE_DIR, or "
            "the folder of the package transphone."
        ),
    ] = None,
    sha256: Annotated[
        str | None, typer.Option(help="With --fetch: the archive's expected SHA-256.")
    ] = None,
    timeout: Annotated[
        float, typer.Option(help="With --fetch: seconds without a byte that end an attempt.")
    ] = 30.0,
    force: Annotated[
        bool, typer.Option("--force", help="With --fetch: fetch the model even if it is there.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document with everything found.")
    ] = False,
) -> None:
    """Examine the installation and show the command that fixes each problem.

    Nothing is changed without --fix or --yes, and torch is not replaced without --replace-torch.
    Exit code 1 if a problem keeps the main job from running, or a fetch failed.

    Example: coqui-amharic doctor --dry-run
    """
    if fetch is not None:
        for given, option in ((fix, "--fix"), (yes, "--yes"), (dry_run, "--dry-run")):
            if given:
                raise InputError(f"--fetch downloads a model, {option} is about problems; give one")
        if replace_torch:
            raise InputError("--fetch downloads a model; --replace-torch goes with --fix")
        _fetch(fetch, source, to, sha256, timeout, force, json)
        return
    stray = {"--from": source, "--to": to, "--sha256": sha256, "--force": force or None}
    for option, value in stray.items():
        if value is not None:
            raise InputError(f"{option} goes with --fetch")
    if dry_run and (fix or yes):
        raise InputError("--dry-run runs nothing; give it without --fix and --yes")
    if replace_torch and not (fix or yes or dry_run):
        raise InputError("--replace-torch goes with --fix, --yes or --dry-run")
    if fix and not yes and not sys.stdin.isatty():
        raise InputError("--fix asks before it runs anything; without a terminal give --yes")
    _examine(fix or yes, dry_run, yes, replace_torch, json)


def _examine(fix: bool, dry_run: bool, yes: bool, replace_torch: bool, json: bool) -> None:
    from coqui_amharic_ext.doctor.fixing import plan

    diagnosis = _diagnose()
    if not json:
        _show(diagnosis)
    ran: list[Outcome] = []
    made = plan(diagnosis.problems, replace_torch=replace_torch) if fix or dry_run else None
    if made is not None and not json:
        _show_plan(made)
    for _ in range(ROUNDS):
        if not fix or made is None or not made.steps:
            break
        if not yes and not typer.confirm("Run this?", err=True):
            break
        done = _carry_out(made, json)
        ran.extend(done)
        diagnosis = _diagnose()
        made = plan(diagnosis.problems, replace_torch=replace_torch)
        known = {outcome.step.command for outcome in ran}
        if any(outcome.exit_code for outcome in done) or all(
            s.command in known for s in made.steps
        ):
            break
        if not json:
            _show_plan(made)
    if json:
        document: dict[str, Any] = diagnosis.to_dict()
        if made is not None:
            document["plan"] = [step.to_dict() for step in made.steps]
        if fix:
            document["ran"] = [o.step.to_dict() | {"exit_code": o.exit_code} for o in ran]
        emit(document)
    elif ran:
        _show_problems(diagnosis)
    raise typer.Exit(int(not diagnosis.ok or any(outcome.exit_code for outcome in ran)))


def _diagnose() -> Diagnosis:
    from coqui_amharic_ext.doctor import diagnose

    with progress.activity("examining") as tell:
        return diagnose(tell=tell)


def _carry_out(made: Plan, json: bool) -> tuple[Outcome, ...]:
    from coqui_amharic_ext.doctor.fixing import carry_out

    done = carry_out(made.steps, output_to_stderr=json, tell=lambda step: note(f"$ {step.line}"))
    for outcome in done:
        if outcome.exit_code:
            note(f"it ended with exit code {outcome.exit_code}; later commands were not run")
    return done


def _show(diagnosis: Diagnosis) -> None:
    facts = diagnosis.facts
    machine = facts.machine
    managed = "" if machine.virtual_environment else ", no virtual environment"
    lines = [
        f"{machine.name}, {machine.architecture}",
        f"Python {machine.python}, {machine.executable}{managed}",
        *_gpu_lines(facts),
    ]
    show("\n".join(lines) + "\n\n")
    versions = Table(["package", "version"])
    from coqui_amharic_ext.doctor.facts import SHOWN

    for name in SHOWN:
        versions.add(name, facts.version(name) or "–")
    ffmpeg = facts.probe("ffmpeg").facts.get("majors") or ()
    versions.add("FFmpeg's libraries", ", ".join(map(str, ffmpeg)) or "–")
    versions.show()
    show("\n")
    sys.stdout.flush()
    backends = Table(["kind", "name", "available", "why not"])
    for state in facts.report.get("backends", ()):
        available = "yes" if state["available"] else "no"
        backends.add(state["kind"], state["name"], available, state["reason"])
    if backends.rows:
        backends.show()
        show("\n")
    _show_problems(diagnosis)


def _gpu_lines(facts: Facts) -> list[str]:
    cuda = f", supports CUDA {facts.gpus.cuda}" if facts.gpus.cuda else ""
    told = [
        f"GPU {gpu.name}, compute capability {gpu.capability}, {gpu.memory}; driver "
        f"{gpu.driver}{cuda}"
        for gpu in facts.gpus.devices
    ]
    seen = [
        f"GPU {device['name']}, compute capability {device['capability']}"
        for device in facts.probe("torch").facts.get("devices", ())
    ]
    return told or seen or ["no NVIDIA GPU"]


def _show_problems(diagnosis: Diagnosis) -> None:
    if not diagnosis.problems:
        show("Nothing is wrong.\n")
    for problem in diagnosis.problems:
        _show_problem(problem)
    sys.stdout.flush()


def _show_problem(problem: Problem) -> None:
    mark, colour = _MARKS[problem.severity]
    typer.secho(f"{mark} {problem.severity}: ", fg=colour, bold=True, nl=False)
    show(problem.what + "\n")
    if problem.why:
        show(f"  {problem.why}\n")
    if problem.fix.by_hand:
        show(f"  {problem.fix.by_hand}\n")
    for line in problem.fix.lines:
        show(f"  $ {line}\n")


def _show_plan(made: Plan) -> None:
    show("\nPlan:\n" if made.steps else "\nPlan: nothing to run.\n")
    for number, step in enumerate(made.steps, 1):
        show(f"  {number}. $ {step.line}\n")
    for problem, reason in made.left:
        show(f"  left: {problem.name}: {reason}\n")
    sys.stdout.flush()


def _fetch(
    name: str,
    source: str | None,
    to: Path | None,
    sha256: str | None,
    timeout: float,
    force: bool,
    json: bool,
) -> None:
    from coqui_amharic_ext.doctor.download import FetchError
    from coqui_amharic_ext.doctor.fetch import URL, fetch_transphone

    if name not in _FETCHABLE:
        raise InputError(f"--fetch {name!r} is not known; there is: {', '.join(_FETCHABLE)}")
    if timeout <= 0:
        raise InputError(f"--timeout {timeout:g} is not valid; give seconds above 0")
    folder = str(to) if to is not None else get_settings().transphone_dir
    try:
        if sys.stderr.isatty():
            note(f"fetching {source or URL}")
        with progress.transfer() as tell:
            found = fetch_transphone(
                folder,
                source=source or URL,
                sha256=sha256,
                timeout=timeout,
                force=force,
                tell=tell,
            )
    except FetchError as error:
        note(str(error))
        raise typer.Exit(1) from error
    if json:
        emit(asdict(found))
        return
    if found.already_there:
        show(f"already there: {found.folder} (--force fetches it again)\n")
    else:
        show(f"{found.folder}\n  SHA-256 of the archive: {found.sha256}\n")
        show(f"  compared: {', '.join(found.verified)}\n")
        if not sha256:
            show("  transphone publishes no checksum to compare it with\n")
    knows = "Amharic among them" if found.knows_amharic else "Amharic is not among them"
    show(f"  trained on {found.languages} languages, {knows}\n")
    if not found.knows_amharic:
        show("  so the chain does not use it: it would guess from related languages\n")
    if to is not None and str(to) != get_settings().transphone_dir:
        show(f"  use it with COQUI_AMHARIC_TRANSPHONE_DIR={to}\n")
