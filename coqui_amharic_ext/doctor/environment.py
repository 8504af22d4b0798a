"""The examined Python environment: its distributions, and the probes that run in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.machinery import PathFinder
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, Final

from packaging.utils import canonicalize_name

from coqui_amharic_ext.io import utf8_mode

PROBE: Final = Path(__file__).with_name("probe.py")
TIMEOUT: Final = 180.0
"""Seconds for one probe; importing torch from a cold disk takes many."""


@dataclass(frozen=True, slots=True)
class Probed:
    """The result of a probe.

    ``error`` is the exception with its message, or says that the probe crashed or hung, ``""`` if
    all is well; ``missing`` is the module that an import error names.
    """

    name: str
    error: str = ""
    missing: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Environment:
    """An interpreter, and the folders it imports from if they are not its default ones."""

    python: str = sys.executable
    path: tuple[str, ...] | None = None

    def distributions(self) -> dict[str, str]:
        """Return the version of every installed distribution; the first one found counts."""
        found: dict[str, str] = {}
        for distribution in distributions(**self._where()):
            if name := distribution.metadata["Name"]:
                found.setdefault(canonicalize_name(name), distribution.version)
        return found

    def requires(self, name: str) -> tuple[str, ...]:
        """Return the requirements of a distribution, ``()`` if it is not installed."""
        for distribution in distributions(name=name, **self._where()):
            return tuple(distribution.requires or ())
        return ()

    def has_module(self, name: str) -> bool:
        """Return whether a top-level module exists."""
        return PathFinder.find_spec(name, self.path) is not None

    def pip(self) -> tuple[str, ...]:
        """Return the command that installs into this environment, ``()`` if there is none."""
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
            Probes of ``probe.py``, in order.
        timeout : float
            Seconds for each.
        tell : callable
            Called with the name of each probe that starts.
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
        """Yield results until the child ends: after the last probe, in a crash, or at a timeout."""
        environment = utf8_mode.environment()
        if self.path is not None:
            environment["PYTHONPATH"] = os.pathsep.join(self.path)
        flags = [] if self.path is None else ["-S"]
        code = PROBE.read_text(encoding="utf-8")
        child = subprocess.Popen(  # noqa: S603 - our own file
            [self.python, *flags, "-c", code, str(timeout), *names],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            env=environment,
        )
        current, traceback = names[0], []
        try:
            for line in child.stdout or ():
                if not line.startswith("{"):
                    traceback.append(line)
                elif "begin" in (result := json.loads(line)):
                    current = result["begin"]
                    tell(current)
                else:
                    current = ""
                    yield Probed(**result)
        finally:
            child.kill()  # after Ctrl-C it would go on with its next probe
            child.wait()
        if current and traceback:
            yield Probed(current, f"no answer within {timeout:g} s, at {_innermost(traceback)}")
        elif current:
            ended = f"signal {-child.returncode}" if child.returncode < 0 else child.returncode
            yield Probed(current, f"the interpreter ended ({ended}) during the probe")


def _innermost(traceback: list[str]) -> str:
    """Return the main thread's innermost call; faulthandler writes that thread last."""
    starts = [n for n, line in enumerate(traceback) if "hread" in line]
    return traceback[starts[-1] + 1].strip() if starts else ""
