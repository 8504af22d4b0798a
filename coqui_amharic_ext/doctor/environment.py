"""The Python environment that is examined: its distributions, and what happens on import."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, Final

from coqui_amharic_ext.doctor.versions import canonical
from coqui_amharic_ext.io import utf8_mode

PROBE: Final = Path(__file__).with_name("probe.py")
TIMEOUT: Final = 180.0
"""Seconds that one probe may take; importing torch from a cold disk takes many."""


@dataclass(frozen=True, slots=True)
class Probed:
    """What came of importing and trying one thing.

    Attributes
    ----------
    name : str
        The probe's.
    error : str
        The exception with its message, or that it crashed or hung; ``""`` if all is well.
    missing : str
        The module that an import error names.
    facts : mapping
        What was learnt.
    seconds : float
        How long it took.
    """

    name: str
    error: str = ""
    missing: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def first_line(self) -> str:
        """The error's first line."""
        return self.error.strip().split("\n", 1)[0]


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment: an interpreter, and where it looks for packages.

    Attributes
    ----------
    python : str
        The interpreter.
    path : tuple of str, optional
        Folders to look in instead of the interpreter's own for packages; the standard library
        is there in any case.
    """

    python: str = sys.executable
    path: tuple[str, ...] | None = None

    def distributions(self) -> dict[str, str]:
        """Return the version of every installed distribution; the first found counts."""
        found: dict[str, str] = {}
        for distribution in distributions(**self._where()):
            name = distribution.metadata["Name"]
            if name:
                found.setdefault(canonical(name), distribution.version)
        return found

    def requires(self, name: str) -> tuple[str, ...]:
        """Return what a distribution requires, extras included, ``()`` if it is not there."""
        for distribution in distributions(**self._where()):
            if canonical(distribution.metadata["Name"] or "") == name:
                return tuple(distribution.requires or ())
        return ()

    def has_module(self, name: str) -> bool:
        """Return whether a top-level module could be found."""
        return any(
            (Path(folder) / name).is_dir() or (Path(folder) / f"{name}.py").is_file()
            for folder in (sys.path if self.path is None else self.path)
            if folder
        )

    def pip(self) -> tuple[str, ...]:
        """Return the command that installs into this environment."""
        if self.has_module("pip"):
            return (self.python, "-m", "pip")
        uv = shutil.which("uv")
        return (uv, "pip") if uv is not None else ()

    def _where(self) -> dict[str, Any]:
        return {} if self.path is None else {"path": list(self.path)}

    def probe(
        self,
        names: Iterable[str],
        *,
        timeout: float = TIMEOUT,
        tell: Callable[[str], None] = lambda name: None,
    ) -> dict[str, Probed]:
        """Run probes in a child process; one that crashes or hangs does not stop the others.

        Parameters
        ----------
        names : iterable of str
            Which ones, in order; see ``probe.py``.
        timeout : float
            Seconds for each.
        tell : callable
            Is told each probe's name as it begins.
        """
        left = list(names)
        found: dict[str, Probed] = {}
        while left:
            for probed in self._probe_in_one_child(left, timeout, tell):
                found[probed.name] = probed
                left.remove(probed.name)
        return found

    def _probe_in_one_child(
        self, names: list[str], timeout: float, tell: Callable[[str], None]
    ) -> Iterator[Probed]:
        child = subprocess.Popen(  # noqa: S603 - our own file
            [
                self.python,
                *(["-S"] if self.path is not None else []),
                "-c",
                PROBE.read_text(encoding="utf-8"),
                str(0.9 * timeout),
                *names,
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env=self._environment(),
        )
        lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=_follow, args=(child, lines), daemon=True).start()
        current, where = names[0], ""
        deadline = time.monotonic() + timeout
        try:
            while True:
                line = lines.get(timeout=max(0.0, deadline - time.monotonic()))
                if not line:
                    break
                if not line.startswith("{"):
                    where = _innermost(line, where)
                    continue
                deadline, where = time.monotonic() + timeout, ""
                said = json.loads(line)
                if "begin" in said:
                    current = said["begin"]
                    tell(current)
                else:
                    current = ""
                    yield Probed(**said)
        except queue.Empty:
            child.kill()
            if current:
                at = f", at {where}" if where else ""
                yield Probed(current, f"no answer within {timeout:g} s{at}")
            return
        except BaseException:  # Ctrl-C: the child would go on with its next probe
            child.kill()
            raise
        finally:
            child.wait()
        if current:
            ended = f"signal {-child.returncode}" if child.returncode < 0 else child.returncode
            yield Probed(current, f"the interpreter ended ({ended}) while it was tried")

    def _environment(self) -> dict[str, str]:
        environment = utf8_mode.environment()
        if self.path is not None:
            environment["PYTHONPATH"] = os.pathsep.join(self.path)
        return environment


def _innermost(line: str, where: str) -> str:
    """Read on in a hanging probe's traceback: the main thread is last, its innermost call first."""
    if line.startswith("  File"):
        return where or line.strip()
    return "" if "hread" in line else where


def _follow(child: subprocess.Popen[str], lines: queue.Queue[str]) -> None:
    if child.stdout is not None:
        for line in child.stdout:
            lines.put(line)
    lines.put("")
