"""What can be wrong, one module per part; each check yields the problems that it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from coqui_amharic_ext.doctor.checks import audio, coqui, extension, kernels, python, torch
from coqui_amharic_ext.doctor.facts import Facts
from coqui_amharic_ext.doctor.problems import Problem

CHECKS: Final[tuple[Callable[[Facts], Iterator[Problem]], ...]] = (
    python.check,
    torch.check,
    audio.check,
    coqui.check,
    kernels.check,
    extension.check,
    coqui.check_requirements,
)
"""In the order in which their problems are fixed."""


def problems(facts: Facts) -> tuple[Problem, ...]:
    """Return every problem; an unmet requirement that a specific problem explains is dropped."""
    found: list[Problem] = []
    for check in CHECKS:
        for problem in check(facts):
            known = {name for other in found for name in other.about}
            if not (problem.name.startswith("requirement-") and known & set(problem.about)):
                found.append(problem)
    return tuple(found)
