"""Commands of pip, or of uv where there is no pip."""

from __future__ import annotations

from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from coqui_amharic_ext.doctor.facts import Facts
from coqui_amharic_ext.doctor.problems import Command

INDEX: Final = "https://download.pytorch.org/whl/"
"""PyTorch's own index; the builds for one CUDA version are in a folder such as ``cu130``."""

_DEPEND_ON_TORCH: Final = frozenset(
    "coqui-tts coqui-tts-trainer coqui-amharic-ext torchaudio torchcodec transphone flash-attn "
    "flash-attn-4 xformers einops monotonic-alignment-search librosa".split()
)


def install(facts: Facts, *packages: str, options: tuple[str, ...] = ()) -> Command:
    """Return the command that installs packages.

    If one of them depends on torch, the command names the installed torch with its version, so
    that pip does not replace it.
    """
    wanted = {canonicalize_name(Requirement(package).name) for package in packages}
    torch = facts.version("torch")
    pinned = torch and "--no-deps" not in options and wanted & _DEPEND_ON_TORCH
    pins = (f"torch=={torch}",) if pinned and "torch" not in wanted else ()
    return (*_command(facts, "install"), *options, *packages, *pins)


def install_torch(facts: Facts, *options: str, index: str = "") -> Command:
    """Return the command that installs the required torch and torchaudio."""
    packages = [f"{name}{facts.wanted(name)}" for name in ("torch", "torchaudio")]
    return install(facts, *packages, options=(*options, *index_options(index)))


def reinstall(facts: Facts, *packages: str, options: tuple[str, ...] = ()) -> Command:
    """Return the command that installs packages again without their dependencies."""
    return install(facts, *packages, options=("--force-reinstall", "--no-deps", *options))


def uninstall(facts: Facts, *packages: str) -> Command:
    """Return the command that removes packages."""
    yes = () if _is_uv(facts) else ("-y",)
    return (*_command(facts, "uninstall"), *yes, *packages)


def index_options(folder: str) -> tuple[str, ...]:
    """Return the options that choose a folder of PyTorch's index, ``()`` for no folder."""
    return ("--index-url", INDEX + folder) if folder else ()


def is_pip(command: Command) -> bool:
    """Return whether a command is one of pip or uv."""
    return "pip" in command[:3]


def _command(facts: Facts, verb: str) -> Command:
    if _is_uv(facts):
        return (*facts.pip, verb, "--python", facts.machine.executable)
    return (*(facts.pip or (facts.machine.executable, "-m", "pip")), verb)


def _is_uv(facts: Facts) -> bool:
    return len(facts.pip) == 2
