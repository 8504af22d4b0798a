"""Everything that is known about the machine and the environment when problems are looked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from coqui_amharic_ext.doctor.environment import Environment, Probed
from coqui_amharic_ext.doctor.machine import Gpus, Machine, gpus, machine
from coqui_amharic_ext.doctor.versions import Requirement, release, requirement

OWN: Final = "coqui-amharic-ext"
EXAMINED: Final = (OWN, "coqui-tts", "coqui-tts-trainer")
"""Distributions whose requirements are compared with what is installed."""
TOLD: Final = (
    OWN,
    "coqui-tts",
    "coqui-tts-trainer",
    "torch",
    "torchaudio",
    "torchcodec",
    "transformers",
    "epitran",
    "transphone",
    "flash-attn",
    "flash-attn-4",
    "xformers",
)
"""Distributions whose versions are shown, whether or not they are there."""
_ALWAYS: Final = (
    "encoding",
    "torch",
    "torchaudio",
    "ffmpeg",
    "torchcodec",
    "six",
    "transformers",
    "coqui",
    "epitran",
    "flash_attn_package",
)
_IF_INSTALLED: Final = {
    "flash-attn": "flash_attn",
    "flash-attn-4": "flash_attn_4",
    "xformers": "xformers",
}
_LAST: Final = "extension"


@dataclass(frozen=True)
class Facts:
    """What was found out.

    Attributes
    ----------
    machine, gpus
        As the operating system and the driver tell.
    distributions : mapping of str to str
        Version of each installed distribution.
    requires : mapping of str to tuple of str
        What the examined distributions require.
    probes : mapping of str to Probed
        What came of importing and trying.
    variables : mapping of str to str
        The ``COQUI_AMHARIC_*`` variables that are set, and those that bear on us.
    pip : tuple of str
        The command that installs packages here.
    """

    machine: Machine
    gpus: Gpus
    distributions: Mapping[str, str]
    requires: Mapping[str, tuple[str, ...]]
    probes: Mapping[str, Probed]
    variables: Mapping[str, str]
    pip: tuple[str, ...] = ()
    modules: frozenset[str] = field(default_factory=frozenset)

    def version(self, name: str) -> str:
        """Return an installed distribution's version, ``""`` if it is not there."""
        return self.distributions.get(name, "")

    def release(self, name: str) -> tuple[int, ...]:
        """Return an installed distribution's version as numbers."""
        return release(self.version(name))

    def probe(self, name: str) -> Probed:
        """Return what came of a probe; one that was not run found nothing wrong."""
        return self.probes.get(name) or Probed(name)

    def wanted(self, name: str) -> str:
        """Return the range of a distribution's versions that we ask for, ``""`` for any."""
        for asked in self.requirements(OWN):
            if asked.name == name and "extra" not in asked.marker:
                return asked.range
        return ""

    def requirements(self, name: str) -> list[Requirement]:
        """Return what an examined distribution requires."""
        return [requirement(text) for text in self.requires.get(name, ())]

    @property
    def report(self) -> Mapping[str, Any]:
        """What ``status()`` says in a fresh process, ``{}`` where it could not be asked."""
        found: Mapping[str, Any] = self.probe(_LAST).facts.get("report") or {}
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return plain dictionaries and lists, for JSON; the distributions that matter."""
        found = asdict(self)
        known = {*TOLD, *(r.name for name in EXAMINED for r in self.requirements(name))}
        found["distributions"] = {
            name: self.distributions.get(name) for name in (*TOLD, *sorted(known - {*TOLD}))
        }
        del found["requires"]
        found["modules"] = sorted(self.modules)
        return found


def collect(
    environment: Environment | None = None, *, tell: Callable[[str], None] = lambda what: None
) -> Facts:
    """Find out what there is to know; imports happen in a child process.

    Parameters
    ----------
    environment : Environment, optional
        The environment to examine, this process's by default.
    tell : callable
        Is told what is looked at.
    """
    environment = environment or Environment()
    tell("the machine")
    found = environment.distributions()
    names = [
        *_ALWAYS,
        *(probe for name, probe in _IF_INSTALLED.items() if name in found),
        _LAST,
    ]
    prefixes = ("COQUI_AMHARIC_", "TORCH_DEVICE_BACKEND_AUTOLOAD")
    return Facts(
        machine=machine(),
        gpus=gpus(),
        distributions=found,
        # Run from a source tree, our own requirements are those of the process that asks.
        requires={
            name: environment.requires(name) or (Environment().requires(OWN) if name == OWN else ())
            for name in EXAMINED
        },
        probes=environment.probe(names, tell=tell),
        variables={k: v for k, v in sorted(os.environ.items()) if k.startswith(prefixes)},
        pip=environment.pip(),
        modules=frozenset(n for n in ("transphone", "flash_attn") if environment.has_module(n)),
    )
