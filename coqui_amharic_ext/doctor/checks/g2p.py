"""G2P backends and their models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from coqui_amharic_ext.doctor.facts import Facts
from coqui_amharic_ext.doctor.installing import install
from coqui_amharic_ext.doctor.problems import Fix, Problem, Severity

FETCH: Final = ("coqui-amharic", "doctor", "--fetch", "transphone")


def epitran(facts: Facts) -> Iterator[Problem]:
    """Check that epitran transcribes Amharic."""
    probe = facts.probe("epitran")
    if not probe.error or probe.error.startswith("UnicodeDecodeError"):
        return  # the latter is the locale's doing, which is said already; our chain is not affected
    version = facts.version("epitran")
    what = f"epitran {version} fails: {probe.first_line}" if version else "epitran is not installed"
    options = ("--upgrade", "--force-reinstall", "--no-deps") if version else ()
    yield Problem(
        "epitran-broken" if version else "epitran-missing",
        "warning",
        what,
        "the chain goes on with its other backends",
        Fix((install(facts, "epitran" + facts.wanted("epitran"), options=options),)),
        about=("epitran",),
    )


def transphone(facts: Facts) -> Iterator[Problem]:
    """Check that transphone and its model are there."""
    state = next((b for b in facts.report.get("backends", ()) if b["name"] == "transphone"), None)
    if state is None or state["available"]:
        return
    severity: Severity = "note"
    if "transphone" in facts.variables.get("COQUI_AMHARIC_G2P", ""):
        severity = "warning"  # it was asked for by name
    if not facts.version("transphone") and "transphone" not in facts.modules:
        yield Problem(
            "transphone-missing",
            severity,
            "transphone is not installed",
            "the chain goes on with its other backends",
            Fix((install(facts, "coqui-amharic-ext[transphone]"),)),
            about=("transphone",),
        )
    elif "no model" in state["reason"] or "lacks" in state["reason"]:
        yield Problem(
            "transphone-model-missing",
            severity,
            f"transphone: {state['reason']}",
            "the chain goes on with its other backends",
            Fix((FETCH,)),
            about=("transphone",),
        )
    else:
        yield Problem(
            "transphone-unavailable",
            severity,
            f"transphone is not available: {state['reason']}",
            "the chain goes on with its other backends",
            Fix(by_hand=state["fix"]),
            about=("transphone",),
        )


def others(facts: Facts) -> Iterator[Problem]:
    """Check that backends of other distributions can serve."""
    for state in facts.report.get("backends", ()):
        own = ("transphone", "epitran", "rules")
        if state["kind"] == "g2p" and state["name"] not in own and not state["available"]:
            yield Problem(
                f"backend-{state['name']}",
                "note",
                f"G2P backend {state['name']} is not available: {state['reason']}",
                "",
                Fix(by_hand=state["fix"]),
            )


CHECKS: Final = (epitran, transphone, others)
