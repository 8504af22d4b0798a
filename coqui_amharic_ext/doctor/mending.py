"""Carrying out fixes: the plan first, then one command after the other."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from coqui_amharic_ext.doctor.problems import Command, Problem, shell_line

OWN_COMMAND: Final = "coqui-amharic"


@dataclass(frozen=True, slots=True)
class Step:
    """One command, and the names of the problems it is for."""

    command: Command
    problems: tuple[str, ...]

    @property
    def line(self) -> str:
        """The command as it is typed into a shell."""
        return shell_line(self.command)

    def to_dict(self) -> dict[str, Any]:
        """Return plain dictionaries and lists, for JSON."""
        return {
            "command": list(self.command),
            "line": self.line,
            "problems": list(self.problems),
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be run, and what will be left with the reason."""

    steps: tuple[Step, ...]
    left: tuple[tuple[Problem, str], ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A step and the exit code of its command."""

    step: Step
    exit_code: int


def plan(problems: Iterable[Problem], *, replace_torch: bool = False) -> Plan:
    """Choose the commands to run, each once, in the order of the problems.

    Notes are left alone: what they are about is optional. Where torch is to be replaced, that is
    the whole plan, since the other commands depend on which torch there is; examine again after.

    Parameters
    ----------
    problems : iterable of Problem
        As ``diagnose`` found them.
    replace_torch : bool
        Whether commands that put another torch in place may be run.
    """
    serious = [problem for problem in problems if problem.severity != "note"]
    torch_first = replace_torch and any(p.fix.replaces_torch for p in serious)
    commands: dict[Command, list[str]] = {}
    left: list[tuple[Problem, str]] = []
    for problem in serious:
        if not problem.fix.commands:
            left.append((problem, problem.fix.by_hand or "no command mends it"))
        elif problem.fix.replaces_torch and not replace_torch:
            left.append((problem, "it replaces torch; that is done only with --replace-torch"))
        elif torch_first and not problem.fix.replaces_torch:
            left.append((problem, "after torch is replaced"))
        else:
            for command in problem.fix.commands:
                commands.setdefault(command, []).append(problem.name)
    steps = tuple(Step(command, tuple(names)) for command, names in commands.items())
    return Plan(steps, tuple(left))


def carry_out(
    steps: Iterable[Step],
    *,
    output_to_stderr: bool = False,
    tell: Callable[[Step], None] = lambda step: None,
) -> tuple[Outcome, ...]:
    """Run the commands in order; the first that fails is the last that is run."""
    done: list[Outcome] = []
    for step in steps:
        tell(step)
        sys.stdout.flush()
        try:
            code = subprocess.run(  # noqa: S603 - commands of our own making, shown before
                _runnable(step.command), stdout=sys.stderr if output_to_stderr else None
            ).returncode
        except OSError as error:
            sys.stderr.write(f"{step.command[0]} cannot be run: {error}\n")
            code = 127
        done.append(Outcome(step, code))
        if code != 0:
            break
    return tuple(done)


def _runnable(command: Command) -> Command:
    """Return our own command as one that is found whatever PATH says."""
    if command[0] != OWN_COMMAND:
        return command
    start = "from coqui_amharic_ext.cli import main; main()"
    return (sys.executable, "-c", start, *command[1:])
