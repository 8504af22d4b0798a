"""Which kernel serves a model: ``auto`` takes the first that can, a name must be able to."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from coqui_amharic_ext import plugins
from coqui_amharic_ext.attention import counting
from coqui_amharic_ext.attention.kernel import KernelSpec, PackedAttention
from coqui_amharic_ext.attention.trial import capability, load_failure, trial
from coqui_amharic_ext.availability import Demand
from coqui_amharic_ext.errors import UnavailableError
from coqui_amharic_ext.report import KernelChoice, why_not

if TYPE_CHECKING:
    from torch import Tensor

logger = logging.getLogger(__name__)
run_log: Final = logging.getLogger("trainer.coqui_amharic_ext")
"""A child of the trainer's logger, so that messages appear in the run's log."""

ORDER: Final = ("flash_attn", "flash_attn_4", "varlen", "xformers", "blockwise", "sdpa", "eager")
"""The order in which ``auto`` tries kernels; third-party kernels are used only by name."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The kernel chosen for a demand, and why those before it in the order were not."""

    spec: KernelSpec
    attend: PackedAttention
    demand: Demand
    passed_over: tuple[tuple[str, str], ...] = ()


_selections: dict[tuple[str, Demand], Selection | None] = {}


def select(name: str, demand: Demand) -> Selection | None:
    """Return the kernel for a demand; a repeated call costs one dictionary look-up.

    Parameters
    ----------
    name : str
        A kernel's name or ``"auto"``.
    demand : Demand
        What the model asks of it.

    Returns
    -------
    Selection or None
        ``None`` where ``"auto"`` found no kernel that works: upstream's own attention runs.

    Raises
    ------
    UnavailableError
        The named kernel cannot serve; the message says why and what to install or change.
    """
    key = name, demand
    if key not in _selections:
        _selections[key] = _automatic(demand) if name == "auto" else _explicit(name, demand)
    return _selections[key]


def _reason_against(spec: KernelSpec, demand: Demand) -> str:
    return spec.refusal(demand) or trial(spec, demand)


def _explicit(name: str, demand: Demand) -> Selection:
    kernels = plugins.attention_backends()
    spec = kernels.get(name)
    if spec is None:
        raise UnavailableError(
            f"attention={name!r} is not a registered kernel; registered: {', '.join(kernels)}"
        )
    reason = _reason_against(spec, demand)
    if reason:
        missing = load_failure(spec)
        if missing and missing not in reason:
            reason = f"{reason}, and {missing}"
        fix = f"; install it with: {spec.install}" if missing and spec.install else ""
        raise UnavailableError(
            f"attention={name!r} cannot serve this model ({demand}): {reason}{fix}; "
            'or choose attention="auto"'
        )
    run_log.info(" > coqui-amharic-ext: attention kernel %s for %s", name, demand)
    return Selection(spec, spec.load(), demand)


def _automatic(demand: Demand) -> Selection | None:
    kernels = plugins.attention_backends()
    passed_over: list[tuple[str, str]] = []
    for name in ORDER:
        spec = kernels.get(name)
        if spec is None:
            continue
        reason = _reason_against(spec, demand)
        if not reason:
            why = why_not(passed_over) or "first choice"
            run_log.info(" > coqui-amharic-ext: attention kernel %s for %s (%s)", name, demand, why)
            return Selection(spec, spec.load(), demand, tuple(passed_over))
        passed_over.append((name, reason))
    logger.warning(
        "no attention kernel can serve this model (%s), it trains on upstream's attention: %s",
        demand,
        why_not(passed_over),
    )
    return None


def demand_of(parameter: Tensor, head_dim: int, dropout: float) -> Demand:
    """Return what a model with this parameter asks of a kernel under the current autocast."""
    import torch

    device = parameter.device.type
    dtype = parameter.dtype
    if torch.is_autocast_enabled(device) and dtype != torch.float64:
        dtype = torch.get_autocast_dtype(device)
    return Demand(
        device,
        str(dtype).removeprefix("torch."),
        head_dim,
        dropout > 0,
        capability(str(parameter.device)),
    )


def forget() -> None:
    """Discard all selections and counts."""
    _selections.clear()
    counting.reset()


def choices() -> tuple[KernelChoice, ...]:
    """Return the selections of this process, for ``status()``."""
    counts = counting.calls()
    found = []
    for (asked_for, demand), selection in _selections.items():
        kernel = selection.spec.name if selection else ""
        passed_over = selection.passed_over if selection else ()
        found.append(KernelChoice(kernel, asked_for, demand, counts.get(kernel, 0), passed_over))
    return tuple(found)
