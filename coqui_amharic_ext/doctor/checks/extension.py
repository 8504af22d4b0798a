"""The package itself: settings, activation, patches, plugins, G2P backends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from coqui_amharic_ext.doctor.facts import OWN, Facts
from coqui_amharic_ext.doctor.pip import install, reinstall
from coqui_amharic_ext.doctor.problems import Problem, Severity, problem

FETCH: Final = ("coqui-amharic", "doctor", "--fetch", "transphone")
_SWITCHES: Final = ("COQUI_AMHARIC_AUTOLOAD", "TORCH_DEVICE_BACKEND_AUTOLOAD")
_NEEDED: Final = ("torch", "torchaudio", "six", "transformers", "coqui")


def check(facts: Facts) -> Iterator[Problem]:
    """Check everything that ``status()`` reports."""
    yield from _epitran(facts)
    for state in facts.report.get("backends", ()):
        if state["kind"] == "g2p" and not state["available"]:
            yield from _backend(facts, state)
    yield from _settings(facts)
    yield from _activation(facts)
    if not any(facts.error(name) for name in _NEEDED):  # else nothing can be patched
        yield from _patches(facts)
    for error in facts.report.get("plugin_errors", ()):
        yield problem(facts, "plugin", says=error)


def _epitran(facts: Facts) -> Iterator[Problem]:
    asked, error = f"epitran{facts.wanted('epitran')}", facts.error("epitran")
    if not error or error.startswith("UnicodeDecodeError"):
        return  # the problem "encoding" explains the latter, and our backend is not affected
    if facts.version("epitran"):
        yield problem(facts, "epitran-broken", reinstall(facts, asked, options=("--upgrade",)))
    else:
        yield problem(facts, "epitran-missing", install(facts, asked))


def _backend(facts: Facts, state: dict[str, Any]) -> Iterator[Problem]:
    name, reason = state["name"], state["reason"]
    chosen = name in facts.variables.get("COQUI_AMHARIC_G2P", "")
    severity: Severity = "warning" if chosen else "note"
    if name not in ("transphone", "epitran", "rules"):
        yield problem(facts, "backend-{backend[name]}", backend=state)
    elif name == "transphone" and not facts.version(name) and name not in facts.modules:
        command = install(facts, f"{OWN}[transphone]")
        yield problem(facts, "transphone-missing", command, severity=severity)
    elif name == "transphone" and ("no model" in reason or "lacks" in reason):
        yield problem(facts, "transphone-model-missing", FETCH, severity=severity, reason=reason)
    elif name == "transphone":
        yield problem(facts, "transphone-unavailable", severity=severity, backend=state)


def _settings(facts: Facts) -> Iterator[Problem]:
    if error := facts.report.get("settings_error"):
        setting = error.split("=")[0]
        named = [n for n in facts.variables if error.startswith(n)] or [
            n for n in facts.variables if n.removeprefix("COQUI_AMHARIC_").lower() in setting
        ]
        fix = f"unset {named[0]}, or give it a valid value" if named else "see above"
        yield problem(facts, "settings", says=error, fix=fix)


def _activation(facts: Facts) -> Iterator[Problem]:
    probe = facts.probe("extension")
    off = [name for name in _SWITCHES if facts.variables.get(name) == "0"]
    if facts.error("torch"):
        return
    if not probe.facts:
        if probe.error:
            yield problem(facts, "extension-broken", install(facts, OWN, options=("--upgrade",)))
    elif off:
        yield problem(facts, "autoload-off", variable=off[0])
    elif not probe.facts.get("active"):
        yield problem(facts, "autoload-broken", reinstall(facts, OWN))


def _patches(facts: Facts) -> Iterator[Problem]:
    errors = facts.probe("extension").facts.get("import_errors") or {}
    for module, error in errors.items():
        again = install(facts, f"coqui-tts{facts.wanted('coqui-tts')}")
        yield problem(facts, "upstream-module", again, module=module, says=error.splitlines()[0])
    for patch in facts.report.get("patches", ()):
        if patch["state"] == "skipped":
            yield problem(facts, "patch-{patch[name]}", patch=patch)
