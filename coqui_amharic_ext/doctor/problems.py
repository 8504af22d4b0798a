"""A problem, and the exact command that mends it."""

from __future__ import annotations

import shlex
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Severity = Literal["error", "warning", "note"]
"""``error``: the main job does not run; ``warning``: something fails or is slower than it need be;
``note``: something optional is not there, or was switched off."""

Command = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fix:
    """How a problem is mended.

    Attributes
    ----------
    commands : tuple of Command
        Run one after the other; none where a person has to do it.
    by_hand : str
        What a person has to do, or has to know before the commands are run.
    replaces_torch : bool
        Whether the commands may put another torch in place of the installed one; that is done
        only where it was asked for.
    """

    commands: tuple[Command, ...] = ()
    by_hand: str = ""
    replaces_torch: bool = False

    @property
    def lines(self) -> tuple[str, ...]:
        """The commands as they are typed into a shell."""
        return tuple(shell_line(command) for command in self.commands)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong, what it means, and how it is mended.

    Attributes
    ----------
    name : str
        Its stable name.
    severity : Severity
        How bad it is.
    what : str
        What was found.
    why : str
        What follows from it.
    fix : Fix
        What mends it.
    about : tuple of str
        The distributions it is about; a general finding about one of them is left out then.
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


def shell_line(command: Command) -> str:
    """Return a command as it is typed into this system's shell."""
    return subprocess.list2cmdline(command) if sys.platform == "win32" else shlex.join(command)
