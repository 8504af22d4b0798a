"""What ``activate()`` and ``status()`` return."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

State = Literal["applied", "changed", "pending", "off", "skipped", "upstream has it"]
Kind = Literal["g2p", "attention"]

_NOT_ACTIVE = (
    "not active here, so nothing is patched (import torch activates it unless that is switched "
    "off; coqui_amharic_ext.activate() always does)"
)


@dataclass(frozen=True, slots=True)
class PatchStatus:
    """One guarded patch: where it stands and, if it is not applied, why."""

    name: str
    target: str
    state: State
    reason: str = ""
    summary: str = ""


@dataclass(frozen=True, slots=True)
class BackendStatus:
    """One G2P backend or attention kernel: whether it can serve here and, if not, why."""

    kind: Kind
    name: str
    available: bool
    reason: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """The state of the extension in this process."""

    active: bool
    settings: dict[str, Any]
    settings_error: str
    patches: tuple[PatchStatus, ...]
    backends: tuple[BackendStatus, ...]
    chosen: dict[str, str]
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
        lines.extend(f"chosen {key}: {value}" for key, value in self.chosen.items())
        lines.extend(f"plugin: {error}" for error in self.plugin_errors)
        lines.extend(f"note: {note}" for note in self.notes)
        return "\n".join(lines)
