"""What is wrong with an installation, and the command that fixes each problem."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from coqui_amharic_ext.doctor.checks import problems
from coqui_amharic_ext.doctor.environment import Environment
from coqui_amharic_ext.doctor.facts import Facts, collect
from coqui_amharic_ext.doctor.problems import Fix, Problem

__all__ = ["Diagnosis", "Environment", "Facts", "Fix", "Problem", "collect", "diagnose", "problems"]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The facts that were found and the problems that follow from them."""

    facts: Facts
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Whether the main job runs: no problem is worse than a warning."""
        return not any(problem.severity == "error" for problem in self.problems)

    def to_dict(self) -> dict[str, Any]:
        """Return plain dictionaries and lists, for JSON and bug reports."""
        found = [problem.to_dict() for problem in self.problems]
        return {"ok": self.ok, "problems": found, "facts": self.facts.to_dict()}


def diagnose(
    environment: Environment | None = None, *, tell: Callable[[str], None] = lambda what: None
) -> Diagnosis:
    """Examine an environment, the current process's by default; nothing is changed.

    ``tell`` is called with the name of each step.
    """
    facts = collect(environment, tell=tell)
    return Diagnosis(facts, problems(facts))
