"""What can be wrong, one module per part; each check yields the problems it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from coqui_amharic_ext.doctor.checks import (
    audio,
    coqui,
    g2p,
    kernels,
    own,
    python,
    requirements,
    torch,
)
from coqui_amharic_ext.doctor.facts import Facts
from coqui_amharic_ext.doctor.problems import Problem

CHECKS: Final[tuple[Callable[[Facts], Iterator[Problem]], ...]] = (
    *python.CHECKS,
    *torch.CHECKS,
    *audio.CHECKS,
    *coqui.CHECKS,
    *kernels.CHECKS,
    *g2p.CHECKS,
    *own.CHECKS,
    *requirements.CHECKS,
)
"""In the order in which what they find is mended."""


def problems(facts: Facts) -> tuple[Problem, ...]:
    """Return every problem once; a general finding gives way to a particular one."""
    found: list[Problem] = []
    for check in CHECKS:
        for problem in check(facts):
            known = {name for other in found for name in other.about}
            if problem.name.startswith(requirements.PREFIX) and known & set(problem.about):
                continue
            found.append(problem)
    return tuple(found)
