"""Everything that is known when problems are looked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from coqui_amharic_ext.doctor import versions
from coqui_amharic_ext.doctor.environment import Environment, Probed
from coqui_amharic_ext.doctor.machine import Gpus, Machine, gpus, machine

OWN: Final = "coqui-amharic-ext"
EXAMINED: Final = (OWN, "coqui-tts", "coqui-tts-trainer")
"""Distributions whose requirements are compared with what is installed."""
_KERNELS: Final = {
    "flash-attn": "flash_attn",
    "flash-attn-4": "flash_attn_4",
    "xformers": "xformers",
}
"""Distributions with attention kernels and their probes, which run where they are installed."""
SHOWN: Final = (
    *EXAMINED,
    *("torch", "torchaudio", "torchcodec", "transformers", "epitran", "transphone"),
    *_KERNELS,
)
"""Distributions whose versions are shown, whether or not they are installed."""
_PROBES: Final = (
    *("encoding", "torch", "torchaudio", "ffmpeg", "torchcodec", "six", "transformers", "coqui"),
    *("epitran", "flash_attn_package"),
)
_VARIABLES: Final = ("COQUI_AMHARIC_", "TORCH_DEVICE_BACKEND_AUTOLOAD")


@dataclass(frozen=True)
class Facts:
    """What was found.

    Attributes
    ----------
    distributions : mapping of str to str
        Version of each installed distribution.
    requires : mapping of str to tuple of str
        Requirements of the examined distributions.
    probes : mapping of str to Probed
        Results of importing and trying.
    variables : mapping of str to str
        The environment variables that concern us.
    pip : tuple of str
        The command that installs packages here.
    modules : frozenset of str
        Modules that exist, be they of a distribution or not.
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
        """Return an installed distribution's version, ``""`` if it is not installed."""
        return self.distributions.get(name, "")

    def release(self, name: str) -> tuple[int, ...]:
        """Return an installed distribution's version as numbers."""
        return versions.release(self.version(name))

    def probe(self, name: str) -> Probed:
        """Return a probe's result; a probe that did not run found nothing wrong."""
        return self.probes.get(name) or Probed(name)

    def error(self, probe: str) -> str:
        """Return the first line of a probe's error, ``""`` if all is well."""
        return self.probe(probe).error.strip().split("\n", 1)[0]

    def wanted(self, name: str) -> SpecifierSet:
        """Return the range of a distribution's versions that this package requires."""
        for asked in self.requirements(OWN):
            if canonicalize_name(asked.name) == name and "extra" not in str(asked.marker):
                return asked.specifier
        return SpecifierSet()

    def fits(self, name: str) -> bool:
        """Return whether a distribution is installed in a version that this package requires."""
        return name in self.distributions and versions.fits(self.version(name), self.wanted(name))

    def requirements(self, name: str) -> list[Requirement]:
        """Return an examined distribution's requirements."""
        return [Requirement(text) for text in self.requires.get(name, ())]

    @property
    def report(self) -> Mapping[str, Any]:
        """What ``status()`` returns in a fresh process, ``{}`` if it cannot be called."""
        found: Mapping[str, Any] = self.probe("extension").facts.get("report") or {}
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return plain dictionaries and lists, for JSON, with the distributions that matter."""
        found = asdict(self)
        known = {canonicalize_name(r.name) for name in EXAMINED for r in self.requirements(name)}
        names = (*SHOWN, *sorted(known - {*SHOWN}))
        found["distributions"] = {name: self.distributions.get(name) for name in names}
        del found["requires"]
        found["modules"] = sorted(self.modules)
        return found


def collect(
    environment: Environment | None = None, *, tell: Callable[[str], None] = lambda what: None
) -> Facts:
    """Collect the facts; imports happen in a child process.

    Parameters
    ----------
    environment : Environment, optional
        The environment to examine; the current process's by default.
    tell : callable
        Called with the name of each step.
    """
    environment = environment or Environment()
    tell("the machine")
    found = environment.distributions()
    kernels = [probe for name, probe in _KERNELS.items() if name in found]
    requires = {name: environment.requires(name) for name in EXAMINED}
    # Run from a source tree, our requirements are those of the current process.
    requires[OWN] = requires[OWN] or Environment().requires(OWN)
    return Facts(
        machine=machine(),
        gpus=gpus(),
        distributions=found,
        requires=requires,
        probes=environment.probe([*_PROBES, *kernels, "extension"], tell=tell),
        variables={k: v for k, v in sorted(os.environ.items()) if k.startswith(_VARIABLES)},
        pip=environment.pip(),
        modules=frozenset(n for n in ("transphone", "flash_attn") if environment.has_module(n)),
    )
