"""Coqui TTS, its trainer, transformers, and distributions that conflict with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from packaging.utils import canonicalize_name

from coqui_amharic_ext.doctor.facts import EXAMINED, Facts
from coqui_amharic_ext.doctor.pip import install, reinstall, uninstall
from coqui_amharic_ext.doctor.problems import Command, Problem, problem
from coqui_amharic_ext.doctor.versions import fits

_CLASHES: Final = {"tts": "coqui-tts", "trainer": "coqui-tts-trainer", "coqpit": "coqpit-config"}
"""Coqui's former distributions, and those that put files in the same places today."""


def check(facts: Facts) -> Iterator[Problem]:
    """Check that Coqui TTS can be imported, in the release that the patches are written for."""
    if facts.error("six"):
        yield problem(facts, "six-missing", install(facts, "six"))
    for other, ours in _CLASHES.items():
        if version := facts.version(other):
            again = f"{ours}=={facts.version(ours)}" if facts.version(ours) else ours
            fix = uninstall(facts, other), reinstall(facts, again)
            yield problem(facts, "clash-{other}", *fix, other=other, ours=ours, version=version)
    command = install(facts, f"coqui-tts{facts.wanted('coqui-tts')}")
    if not facts.version("coqui-tts"):
        yield problem(facts, "coqui-tts-missing", command)
    elif not facts.fits("coqui-tts"):
        yield problem(facts, "coqui-tts-version", command)
    if facts.version("coqui-tts") and facts.error("coqui") and not _explained(facts):
        yield problem(facts, "coqui-tts-broken", *_again(facts, "coqui-tts"))
    if not facts.version("transformers"):
        return
    if facts.error("transformers") and not facts.error("torch"):
        yield problem(facts, "transformers-broken", *_again(facts, "transformers"))
    if facts.release("transformers")[0] == 4 and facts.version("flash-attn"):
        command = install(facts, "transformers>=5", options=("--upgrade",))
        yield problem(facts, "flash-attention-2-trap", command)


def _explained(facts: Facts) -> bool:
    """Return whether another problem explains that Coqui cannot be imported."""
    needed = ("torch", "torchaudio", "six", "transformers")
    no_codec = not facts.version("torchcodec") and "torchcodec" in facts.error("coqui")
    broken = any(facts.error(name) for name in needed)
    return no_codec or broken or any(facts.version(other) for other in _CLASHES)


def _again(facts: Facts, name: str) -> tuple[Command, Command]:
    asked = f"{name}=={facts.version(name)}"
    return install(facts, asked), reinstall(facts, asked)


def check_requirements(facts: Facts) -> Iterator[Problem]:
    """Check that every requirement of Coqui and this package is met."""
    for name in EXAMINED:
        for asked in facts.requirements(name):
            required = canonicalize_name(asked.name)
            version = facts.version(required)
            # Markers are for extras and other systems.
            if asked.marker or (version and fits(version, asked.specifier)):
                continue
            yield problem(
                facts,
                "requirement-{required}",
                install(facts, str(asked)),
                severity="warning" if version else "error",
                dependent=name,
                required=required,
                asked=asked,
                state=f"{required} {version} is installed" if version else "it is not installed",
            )
