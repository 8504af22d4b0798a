"""Coqui TTS, its trainer, transformers, and other distributions that lie in their way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from coqui_amharic_ext.doctor.facts import Facts
from coqui_amharic_ext.doctor.installing import install, reinstall, uninstall
from coqui_amharic_ext.doctor.problems import Fix, Problem
from coqui_amharic_ext.doctor.versions import fits

_CLASHES: Final = {"tts": "coqui-tts", "trainer": "coqui-tts-trainer", "coqpit": "coqpit-config"}
"""The first company's distributions and those that put files in the same places today."""


def six(facts: Facts) -> Iterator[Problem]:
    """Check that ``six`` is there; coqui-tts 0.28.0 imports it without declaring it."""
    if facts.probe("six").error:
        yield Problem(
            "six-missing",
            "error",
            "six is not installed",
            "coqui-tts 0.28.0 imports it without declaring it",
            Fix((install(facts, "six"),)),
            about=("six",),
        )


def clashes(facts: Facts) -> Iterator[Problem]:
    """Check that no other distribution has put its files in place of Coqui's."""
    for other, ours in _CLASHES.items():
        if not facts.version(other):
            continue
        again = f"{ours}=={facts.version(ours)}" if facts.version(ours) else ours
        yield Problem(
            f"clash-{other}",
            "error",
            f"{other} {facts.version(other)} is installed beside {ours}",
            "both put files in the same folder; what is imported is a mixture",
            Fix((uninstall(facts, other), reinstall(facts, again))),
            about=(other, ours),
        )


def coqui_tts(facts: Facts) -> Iterator[Problem]:
    """Check that coqui-tts is there, in the release that our patches are made for."""
    version, wanted = facts.version("coqui-tts"), facts.wanted("coqui-tts")
    asked = "coqui-tts" + wanted
    if not version:
        yield Problem(
            "coqui-tts-missing",
            "error",
            "coqui-tts is not installed",
            "there is nothing to extend",
            Fix((install(facts, asked),)),
            about=("coqui-tts",),
        )
    elif not fits(version, wanted):
        yield Problem(
            "coqui-tts-version",
            "error",
            f"coqui-tts {version} is installed; {wanted} is needed",
            "our patches are made for that release; others are probed and may be skipped",
            Fix((install(facts, asked),)),
            about=("coqui-tts",),
        )


def imports(facts: Facts) -> Iterator[Problem]:
    """Check that Coqui can be imported; what earlier checks explain is not said again."""
    probe = facts.probe("coqui")
    explained = any(
        facts.probe(name).error for name in ("torch", "torchaudio", "six", "transformers")
    ) or any(facts.version(other) for other in _CLASHES)
    if not probe.error or explained or not facts.version("coqui-tts"):
        return
    if "torchcodec" in probe.error and not facts.version("torchcodec"):
        return
    asked = f"coqui-tts=={facts.version('coqui-tts')}"
    yield Problem(
        "coqui-tts-broken",
        "error",
        f"coqui-tts {facts.version('coqui-tts')} cannot be imported: {probe.first_line}",
        "",
        Fix((install(facts, asked), reinstall(facts, asked))),
        about=("coqui-tts",),
    )


def transformers(facts: Facts) -> Iterator[Problem]:
    """Check that transformers can be imported and its flash_attention_2 is no trap."""
    version, probe = facts.version("transformers"), facts.probe("transformers")
    if version and probe.error and not facts.probe("torch").error:
        yield Problem(
            "transformers-broken",
            "error",
            f"transformers {version} cannot be imported: {probe.first_line}",
            "XTTS cannot be imported",
            Fix(
                (
                    install(facts, f"transformers=={version}"),
                    reinstall(facts, f"transformers=={version}"),
                )
            ),
            about=("transformers",),
        )
    if facts.release("transformers")[:1] == (4,) and facts.version("flash-attn"):
        yield Problem(
            "flash-attention-2-trap",
            "warning",
            f"transformers {version} and flash-attn {facts.version('flash-attn')}",
            "transformers 4's own attn_implementation='flash_attention_2' runs GPT-2 without its "
            "causal mask where a batch is padded; our kernel flash_attn does not",
            Fix(
                (install(facts, "transformers>=5", options=("--upgrade",)),),
                by_hand="until then, do not set attn_implementation='flash_attention_2' yourself",
            ),
            about=("transformers",),
        )


CHECKS: Final = (six, clashes, coqui_tts, imports, transformers)
