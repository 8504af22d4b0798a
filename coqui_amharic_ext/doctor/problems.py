"""A problem and the commands that fix it; names and wording are in ``problems.tsv``."""

from __future__ import annotations

import csv
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

from coqui_amharic_ext.doctor.facts import Facts

Severity = Literal["error", "warning", "note"]
"""``error``: the main job does not run; ``warning``: something fails or is slower than necessary;
``note``: something optional is missing or switched off."""

Command = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fix:
    """How to fix a problem.

    ``commands`` run one after the other. ``by_hand`` is what a person does, or reads before
    running them. ``replaces_torch`` marks commands that may install another torch, which happens
    only on request.
    """

    commands: tuple[Command, ...] = ()
    by_hand: str = ""
    replaces_torch: bool = False

    @property
    def lines(self) -> tuple[str, ...]:
        """The commands as typed into a shell."""
        return tuple(shell_line(command) for command in self.commands)


@dataclass(frozen=True, slots=True)
class Problem:
    """What was found, what follows from it, and how to fix it.

    ``name`` is stable. ``about`` lists the distributions concerned: a general problem is dropped
    where a specific one is about the same distribution.
    """

    name: str
    severity: Severity
    what: str
    why: str = ""
    fix: Fix = field(default_factory=Fix)
    about: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain dictionaries and lists, for JSON."""
        found = asdict(self)
        found["fix"]["lines"] = list(self.fix.lines)
        return found


def problem(
    facts: Facts,
    name: str,
    *commands: Command,
    severity: Severity | None = None,
    why: str | None = None,
    **values: object,
) -> Problem:
    """Return a problem of ``problems.tsv``.

    Its placeholders are ``v``, ``wanted`` and ``error``, indexed by distribution or probe, and
    ``values``.

    Parameters
    ----------
    facts : Facts
        Versions, ranges and errors for the placeholders.
    name : str
        The row's name, placeholders included.
    *commands : Command
        What fixes it.
    severity, why : str, optional
        Replace the row's.
    """
    values |= {"v": _By(facts.version), "wanted": _By(facts.wanted), "error": _By(facts.error)}
    row = {column: text.format(**values) for column, text in rows()[name].items()}
    return Problem(
        row["name"],
        severity or cast(Severity, row["severity"]),
        row["what"],
        row["why"] if why is None else why,
        Fix(commands, row["by_hand"], bool(row["replaces_torch"])),
        tuple(row["about"].split()),
    )


class _By:
    """What a placeholder such as ``{v[torch]}`` indexes."""

    def __init__(self, find: Callable[[str], object]) -> None:
        self._find = find

    def __getitem__(self, name: str) -> object:
        return self._find(name)


@cache
def rows() -> dict[str, dict[str, str]]:
    """Return the rows of ``problems.tsv`` by name."""
    with Path(__file__).with_name("problems.tsv").open(encoding="utf-8", newline="") as stream:
        table = csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {row["name"]: row for row in table}


def shell_line(command: Command) -> str:
    """Return a command as typed into this system's shell."""
    return subprocess.list2cmdline(command) if sys.platform == "win32" else shlex.join(command)
