"""The package itself: settings, activation, patches, plugins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from coqui_amharic_ext.doctor.facts import OWN, Facts
from coqui_amharic_ext.doctor.installing import install, reinstall
from coqui_amharic_ext.doctor.problems import Fix, Problem

_OFF: Final = ("COQUI_AMHARIC_AUTOLOAD", "TORCH_DEVICE_BACKEND_AUTOLOAD")
_NEEDED: Final = ("torch", "torchaudio", "six", "transformers", "coqui")


def settings(facts: Facts) -> Iterator[Problem]:
    """Check that every variable has a valid value."""
    error = facts.report.get("settings_error")
    if error:
        named = [name for name in facts.variables if error.startswith(name)] or [
            name
            for name in facts.variables
            if name.removeprefix("COQUI_AMHARIC_").lower() in error.split("=")[0]
        ]
        yield Problem(
            "settings",
            "error",
            error,
            "training and transcription raise where the setting is first used",
            Fix(by_hand=f"unset {named[0]}, or give it a valid value" if named else "see above"),
        )


def activation(facts: Facts) -> Iterator[Problem]:
    """Check that importing torch switches the extension on."""
    probe = facts.probe("extension")
    if not probe.facts or facts.probe("torch").error:
        if probe.error and not facts.probe("torch").error:
            yield Problem(
                "extension-broken",
                "error",
                f"{OWN} cannot be imported: {probe.first_line}",
                "",
                Fix((install(facts, OWN, options=("--upgrade",)),)),
                about=(OWN,),
            )
        return
    switched_off = [name for name in _OFF if facts.variables.get(name) == "0"]
    if switched_off:
        yield Problem(
            "autoload-off",
            "note",
            f"{switched_off[0]}=0: importing torch does not switch the extension on",
            "recipes and the tts command run without it unless they call activate()",
            Fix(by_hand=f"unset {switched_off[0]}"),
        )
    elif not probe.facts.get("active"):
        yield Problem(
            "autoload-broken",
            "error",
            "importing torch did not switch the extension on",
            "the entry point in the group torch.backends is not found",
            Fix((reinstall(facts, OWN),)),
            about=(OWN,),
        )


def patches(facts: Facts) -> Iterator[Problem]:
    """Check that every patch fits the installed upstream."""
    if any(facts.probe(name).error for name in _NEEDED):
        return  # nothing could be patched; why is said already
    for module, error in (facts.probe("extension").facts.get("import_errors") or {}).items():
        yield Problem(
            "upstream-module",
            "warning",
            f"{module} cannot be imported: {error.splitlines()[0]}",
            "what we change in it is left as it is",
            Fix((install(facts, "coqui-tts" + facts.wanted("coqui-tts")),)),
        )
    for patch in facts.report.get("patches", ()):
        if patch["state"] == "skipped":
            yield Problem(
                f"patch-{patch['name']}",
                "warning",
                f"the patch {patch['name']} is skipped: {patch['reason']}",
                f"without it: {patch['summary']}",
                Fix(by_hand="update coqui-amharic-ext; it may know the newer release"),
            )


def plugins(facts: Facts) -> Iterator[Problem]:
    """Check that every plugin can be used."""
    for error in facts.report.get("plugin_errors", ()):
        yield Problem(
            "plugin",
            "warning",
            f"plugin {error}",
            "it is left out",
            Fix(by_hand="update or remove its distribution; coqui-amharic plugins names it"),
        )


CHECKS: Final = (settings, activation, patches, plugins)
