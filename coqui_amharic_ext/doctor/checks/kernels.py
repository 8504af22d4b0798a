"""Packages with attention kernels, and how they conflict."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from coqui_amharic_ext.doctor.facts import Facts
from coqui_amharic_ext.doctor.pip import index_options, install, reinstall, uninstall
from coqui_amharic_ext.doctor.problems import Command, Problem, problem
from coqui_amharic_ext.doctor.versions import release


def check(facts: Facts) -> Iterator[Problem]:
    """Check that installed kernels can be used, and that no folder passes for flash-attn."""
    found = facts.probe("flash_attn_package").facts
    folders = found["folders"] if found.get("namespace") else ()
    if folders:
        yield from _folder(facts, folders)
    if not facts.error("torch"):
        yield from _xformers(facts, bool(folders))
        yield from _flash_attn(facts)
        if not (folders and facts.version("xformers")):  # else it is to be removed
            yield from _flash_attn_4(facts)


def _folder(facts: Facts, folders: list[str]) -> Iterator[Problem]:
    """Report a folder flash_attn that is not the package; xformers takes it for flash-attn."""
    milder: dict[str, Any] = {} if facts.version("xformers") else {"severity": "note", "why": ""}
    if not facts.version("flash-attn-4"):
        fix = [_remove(folder) for folder in folders]
        yield problem(facts, "flash-attn-leftover", *fix, folders=", ".join(folders), **milder)
    elif facts.version("xformers"):
        yield problem(facts, "flash-attn-4-shadow", uninstall(facts, "flash-attn-4"))


def _remove(folder: str) -> Command:
    windows = sys.platform == "win32"
    return (*(("cmd", "/c", "rmdir", "/s", "/q") if windows else ("rm", "-r")), folder)


def _xformers(facts: Facts, shadowed: bool) -> Iterator[Problem]:
    version, probe = facts.version("xformers"), facts.probe("xformers")
    if not version:
        return
    cuda = facts.probe("torch").facts.get("cuda") or ""
    major, minor = divmod(int((probe.facts.get("built") or {}).get("cuda") or 0), 100)
    if major and not cuda:
        yield problem(facts, "xformers-without-cuda", uninstall(facts, "xformers"))
    elif major and major != release(cuda)[0]:
        options = index_options("cu" + "".join(map(str, release(cuda)[:2])))
        again = reinstall(facts, f"xformers=={version}", options=options)
        built_for = f"{major}.{minor}"
        yield problem(facts, "xformers-other-cuda", again, built_for=built_for, cuda=cuda)
    error = str(probe.facts.get("ops_error") or probe.error)
    if error and not shadowed:
        upgrade = install(facts, "xformers", options=("--upgrade",))
        yield problem(facts, "xformers-broken", upgrade, says=error.splitlines()[0])


def _flash_attn(facts: Facts) -> Iterator[Problem]:
    version = facts.version("flash-attn")
    if version and facts.error("flash_attn"):
        options = ("--no-build-isolation", "--no-cache-dir")
        again = reinstall(facts, f"flash-attn=={version}", options=options)
        yield problem(facts, "flash-attn-broken", again)


def _flash_attn_4(facts: Facts) -> Iterator[Problem]:
    version, probe = facts.version("flash-attn-4"), facts.probe("flash_attn_4")
    if version and probe.error:
        # Unless another package is missing, flash-attn has replaced files in the shared folder.
        lacks_other = probe.missing and not probe.missing.startswith("flash_attn")
        command = (install if lacks_other else reinstall)(facts, f"flash-attn-4=={version}")
        yield problem(facts, "flash-attn-4-broken", command)
