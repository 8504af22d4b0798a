"""The interpreter and its package installer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from packaging.specifiers import SpecifierSet

from coqui_amharic_ext.doctor.facts import Facts
from coqui_amharic_ext.doctor.problems import Problem, problem
from coqui_amharic_ext.doctor.versions import fits
from coqui_amharic_ext.io.utf8_mode import is_utf8

SUPPORTED: Final = SpecifierSet(">=3.10,<3.15")


def check(facts: Facts) -> Iterator[Problem]:
    """Check Python's version and encoding, and that packages can be installed."""
    machine = facts.machine
    if not fits(machine.python, SUPPORTED):
        yield problem(facts, "python-version", python=machine.python)
    found = facts.probe("encoding").facts.values()
    if wrong := sorted({name for name in found if name and not is_utf8(name)}):
        yield problem(facts, "encoding", encodings=", ".join(wrong))
    if not facts.pip:
        yield problem(facts, "no-pip", (machine.executable, "-m", "ensurepip", "--upgrade"))
    elif machine.externally_managed:
        yield problem(facts, "externally-managed-python")
