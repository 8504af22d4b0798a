"""Running fixes: the plan first, then one command after the other."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from coqui_amharic_ext.doctor.pip import is_pip
from coqui_amharic_ext.doctor.problems import Command, Problem, shell_line


@dataclass(frozen=True, slots=True)
class Step:
    """One command and the names of the problems that it fixes."""

    command: Command
    problems: tuple[str, ...]

    @property
    def line(self) -> str:
        """The command as typed into a shell."""
        return shell_line(self.command)

    def to_dict(self) -> dict[str, Any]:
        """Return plain dictionaries and lists, for JSON."""
        command, problems = list(self.command), list(self.problems)
        return {"command": command, "line": self.line, "problems": problems}


@dataclass(frozen=True, slots=True)
class Plan:
    """The commands to run, and the problems that are left with the reason."""

    steps: tuple[Step, ...]
    left: tuple[tuple[Problem, str], ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A step and the exit code of its command."""

    step: Step
    exit_code: int


def plan(problems: Iterable[Problem], *, replace_torch: bool = False) -> Plan:
    """Choose the commands to run, each once, in the order of the problems.

    Only commands of pip or uv are chosen; a person runs the others. Notes are skipped, since they
    are about optional things. A replacement of torch is a plan by itself: the other commands
    depend on the installed torch, so the environment is examined again first.

    Parameters
    ----------
    problems : iterable of Problem
        Result of ``diagnose``.
    replace_torch : bool
        Whether commands that replace torch are allowed.
    """
    serious = [problem for problem in problems if problem.severity != "note"]
    torch_first = replace_torch and any(p.fix.replaces_torch for p in serious)
    commands: dict[Command, list[str]] = {}
    left: list[tuple[Problem, str]] = []
    for problem in serious:
        fix = problem.fix
        if not fix.commands:
            left.append((problem, fix.by_hand or "no command fixes it"))
        elif not all(is_pip(command) for command in fix.commands):
            left.append((problem, f"only pip commands are run; run: {' && '.join(fix.lines)}"))
        elif fix.replaces_torch and not replace_torch:
            left.append((problem, "it replaces torch, which needs --replace-torch"))
        elif torch_first and not fix.replaces_torch:
            left.append((problem, "after torch is replaced"))
        else:
            for command in fix.commands:
                commands.setdefault(command, []).append(problem.name)
    return Plan(tuple(Step(c, tuple(names)) for c, names in commands.items()), tuple(left))


def carry_out(
    steps: Iterable[Step],
    *,
    output_to_stderr: bool = False,
    tell: Callable[[Step], None] = lambda step: None,
) -> tuple[Outcome, ...]:
    """Run the commands in order, up to the first that fails."""
    done: list[Outcome] = []
    for step in steps:
        tell(step)
        sys.stdout.flush()
        output = sys.stderr if output_to_stderr else None
        try:
            code = subprocess.run(step.command, stdout=output).returncode  # noqa: S603 - shown before
        except OSError as error:
            sys.stderr.write(f"{step.command[0]} cannot be run: {error}\n")
            code = 127
        done.append(Outcome(step, code))
        if code != 0:
            break
    return tuple(done)
