"""What no particular check has found: requirements that are not met."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from coqui_amharic_ext.doctor.facts import EXAMINED, Facts
from coqui_amharic_ext.doctor.installing import install
from coqui_amharic_ext.doctor.problems import Fix, Problem
from coqui_amharic_ext.doctor.versions import fits

PREFIX: Final = "requirement-"


def requirements(facts: Facts) -> Iterator[Problem]:
    """Check that everything Coqui and we require is there, in the versions asked for."""
    for name in EXAMINED:
        for asked in facts.requirements(name):
            if asked.marker:  # extras, and other systems' needs
                continue
            version = facts.version(asked.name)
            if version and fits(version, asked.range):
                continue
            state = f"{asked.name} {version} is installed" if version else "it is not installed"
            yield Problem(
                PREFIX + asked.name,
                "warning" if version else "error",
                f"{name} requires {asked}; {state}",
                "",
                Fix((install(facts, str(asked)),)),
                about=(asked.name,),
            )


CHECKS: Final = (requirements,)
