"""The report that ``activate()`` and ``status()`` return."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from coqui_amharic_ext.availability import Demand

State = Literal["applied", "changed", "pending", "off", "skipped", "upstream has it"]
Kind = Literal["g2p", "attention"]

_NOT_ACTIVE = (
    "not active here, so nothing is patched (import torch activates it unless that is switched "
    "off; coqui_amharic_ext.activate() always does)"
)


@dataclass(frozen=True, slots=True)
class PatchStatus:
    """The state of one guarded patch and, if it is not applied, the reason."""

    name: str
    target: str
    state: State
    reason: str = ""
    summary: str = ""


@dataclass(frozen=True, slots=True)
class BackendStatus:
    """Whether one G2P backend or attention kernel can serve here and, if not, why."""

    kind: Kind
    name: str
    available: bool
    reason: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class KernelChoice:
    """The attention kernel that was chosen for the models of one kind.

    Parameters
    ----------
    kernel : str
        The kernel's name, ``""`` where no kernel can serve and upstream's own attention runs.
    asked_for : str
        ``Settings.attention``: ``"auto"`` or a kernel's name.
    demand : Demand
        What the models ask of a kernel.
    calls : int
        Calls of this kernel in this process, whatever the demand; recomputation in backward
        counts.
    passed_over : tuple of (str, str)
        The kernels that ``"auto"`` tried before, each with the reason against it.
    """

    kernel: str
    asked_for: str
    demand: Demand
    calls: int
    passed_over: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        used = f"{self.kernel}, {self.calls} calls" if self.kernel else "upstream's own"
        reasons = why_not(self.passed_over) if self.kernel else "no kernel can serve"
        why = f"; {reasons}" if reasons else ""
        return f"{used} (asked for: {self.asked_for}{why})"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What has served in this process.

    Parameters
    ----------
    g2p : dict of str to int
        How many different words each G2P backend answered.
    kernels : tuple of KernelChoice
        The attention kernel for each kind of model that has run.
    """

    g2p: dict[str, int] = field(default_factory=dict)
    kernels: tuple[KernelChoice, ...] = ()

    def calls(self, kernel: str) -> int:
        """Return the number of calls of a kernel."""
        return max((choice.calls for choice in self.kernels if choice.kernel == kernel), default=0)

    def lines(self) -> list[str]:
        """Describe each choice in a line."""
        words = ", ".join(f"{name} {count} words" for name, count in self.g2p.items())
        lines = [f"chosen g2p: {words}"] if words else []
        return lines + [f"chosen attention ({c.demand}): {c}" for c in self.kernels]


def why_not(passed_over: Iterable[tuple[str, str]]) -> str:
    """Describe why kernels were passed over; those with the same reason share it."""
    names: dict[str, list[str]] = {}
    for name, reason in passed_over:
        names.setdefault(reason, []).append(name)
    return "; ".join(f"not {', '.join(some)}: {reason}" for reason, some in names.items())


@dataclass(frozen=True, slots=True)
class Report:
    """The state of the extension in this process."""

    active: bool
    settings: dict[str, Any]
    settings_error: str
    patches: tuple[PatchStatus, ...]
    backends: tuple[BackendStatus, ...]
    chosen: Chosen
    plugin_errors: tuple[str, ...]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain dictionaries and lists, for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        lines = [f"coqui-amharic-ext: {'active' if self.active else _NOT_ACTIVE}"]
        if self.active and not self.patches:
            lines.append("patches: listed when TTS is imported")
        if self.settings_error:
            lines.append(f"settings error: {self.settings_error}")
        for patch in self.patches:
            reason = f" ({patch.reason})" if patch.reason else ""
            lines.append(f"patch {patch.name}: {patch.state}{reason}")
        for backend in self.backends:
            state = "available" if backend.available else f"not available ({backend.reason})"
            lines.append(f"{backend.kind} {backend.name}: {state}")
        lines.extend(self.chosen.lines())
        lines.extend(f"plugin: {error}" for error in self.plugin_errors)
        lines.extend(f"note: {note}" for note in self.notes)
        return "\n".join(lines)
