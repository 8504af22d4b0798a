"""Packages with attention kernels, and how they get in each other's way."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from coqui_amharic_ext.doctor.facts import Facts
from coqui_amharic_ext.doctor.installing import INDEX, install, reinstall, uninstall
from coqui_amharic_ext.doctor.problems import Command, Fix, Problem
from coqui_amharic_ext.doctor.versions import release


def namespace(facts: Facts) -> Iterator[Problem]:
    """Check that no folder passes for the package flash-attn; xformers falls for it."""
    found = facts.probe("flash_attn_package").facts
    if not found.get("namespace"):
        return
    xformers, four = facts.version("xformers"), facts.version("flash-attn-4")
    what = "the folder flash_attn is not the package flash-attn"
    if not four:
        folders = ", ".join(found["folders"])
        yield Problem(
            "flash-attn-leftover",
            "warning" if xformers else "note",
            f"{what}: {folders} is left of something that was removed",
            "xformers takes it for flash-attn and cannot be imported" if xformers else "",
            Fix(tuple(_remove(folder) for folder in found["folders"])),
            about=("flash-attn", "xformers"),
        )
    elif xformers:
        yield Problem(
            "flash-attn-4-shadow",
            "warning",
            f"{what}, it is flash-attn-4's",
            f"xformers {xformers} takes it for flash-attn and cannot be imported",
            Fix(
                (uninstall(facts, "flash-attn-4"),),
                by_hand="or keep flash-attn-4, which has no dropout, and remove xformers",
            ),
            about=("flash-attn-4", "xformers"),
        )


def _remove(folder: str) -> Command:
    if sys.platform == "win32":
        return ("cmd", "/c", "rmdir", "/s", "/q", folder)
    return ("rm", "-r", str(Path(folder)))


def xformers(facts: Facts) -> Iterator[Problem]:
    """Check that xformers is built for the CUDA that torch has."""
    version, probe = facts.version("xformers"), facts.probe("xformers")
    if not version or facts.probe("torch").error:
        return
    built = probe.facts.get("built") or {}
    cuda = built.get("cuda")
    have = facts.probe("torch").facts.get("cuda")
    if cuda and not have:
        yield Problem(
            "xformers-without-cuda",
            "note",
            f"xformers {version} is built for CUDA, torch {facts.version('torch')} has none",
            "it has no kernels for the CPU",
            Fix((uninstall(facts, "xformers"),)),
            about=("xformers",),
        )
    elif cuda and have and int(cuda) // 100 != release(have)[0]:
        major, minor = divmod(int(cuda), 100)
        index = INDEX + "cu" + "".join(map(str, release(have)[:2]))
        # flash-attn's and CUTLASS's operators that torch itself has go on working.
        yield Problem(
            "xformers-other-cuda",
            "warning",
            f"xformers {version} is built for CUDA {major}.{minor}, torch has CUDA {have}",
            "its own operators cannot be loaded; those it takes from torch remain",
            Fix((reinstall(facts, f"xformers=={version}", options=("--index-url", index)),)),
            about=("xformers",),
        )
    ops_error = str(probe.facts.get("ops_error") or probe.error)
    namespace_found = facts.probe("flash_attn_package").facts.get("namespace")
    if ops_error and not namespace_found:
        yield Problem(
            "xformers-broken",
            "warning",
            f"xformers {version} cannot be imported: {ops_error.splitlines()[0]}",
            "the kernel xformers cannot be used",
            Fix((install(facts, "xformers", options=("--upgrade",)),)),
            about=("xformers",),
        )


def flash_attn(facts: Facts) -> Iterator[Problem]:
    """Check that flash-attn is built for the installed torch."""
    version, probe = facts.version("flash-attn"), facts.probe("flash_attn")
    if not version or not probe.error or facts.probe("torch").error:
        return
    yield Problem(
        "flash-attn-broken",
        "warning",
        f"flash-attn {version} cannot be imported: {probe.first_line}",
        "it was built for another torch; the kernel flash_attn cannot be used",
        Fix(
            (
                reinstall(
                    facts,
                    f"flash-attn=={version}",
                    options=("--no-build-isolation", "--no-cache-dir"),
                ),
            ),
            by_hand="it is built here, which needs nvcc and takes long",
        ),
        about=("flash-attn",),
    )


def flash_attn_4(facts: Facts) -> Iterator[Problem]:
    """Check that flash-attn-4 has what it needs."""
    version, probe = facts.version("flash-attn-4"), facts.probe("flash_attn_4")
    if not version or not probe.error or facts.probe("torch").error:
        return
    if facts.version("xformers") and facts.probe("flash_attn_package").facts.get("namespace"):
        return  # it is to be removed
    asked = f"flash-attn-4=={version}"
    lacks_other = probe.missing and not probe.missing.startswith("flash_attn")
    yield Problem(
        "flash-attn-4-broken",
        "warning",
        f"flash-attn-4 {version} cannot be imported: {probe.first_line}",
        "the kernel flash_attn_4 cannot be used",
        # flash-attn may have put its own files into the folder that both have.
        Fix((install(facts, asked) if lacks_other else reinstall(facts, asked),)),
        about=("flash-attn-4",),
    )


CHECKS: Final = (namespace, xformers, flash_attn, flash_attn_4)
