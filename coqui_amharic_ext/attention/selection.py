"""Which kernel serves a model: ``auto`` looks down a list, an explicit name must be able to."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from coqui_amharic_ext.attention.kernel import Demand, KernelSpec, PackedAttention
from coqui_amharic_ext.attention.probing import capability, load_failure, probe
from coqui_amharic_ext.errors import UnavailableError

if TYPE_CHECKING:
    from torch import Tensor

logger = logging.getLogger(__name__)
run_log: Final = logging.getLogger("trainer.coqui_amharic_ext")
"""Below the trainer's logger, to whose console and file a run's log goes."""

ORDER: Final = ("flash_attn", "flash_attn_4", "varlen", "xformers", "blockwise", "sdpa", "eager")
"""The order in which ``auto`` asks kernels; third-party kernels are asked only by name."""


@dataclass(frozen=True, slots=True)
class Selection:
    """A kernel that was chosen for a demand, and why those before it were not."""

    spec: KernelSpec
    attend: PackedAttention
    demand: Demand
    passed_over: tuple[tuple[str, str], ...] = ()


_made: dict[tuple[str, Demand], Selection | None] = {}


def select(name: str, demand: Demand) -> Selection | None:
    """Return the kernel for a demand; remembered, so that it costs a dictionary look-up a step.

    Parameters
    ----------
    name : str
        A kernel's name or ``"auto"``.
    demand : Demand
        What the model asks of it.

    Returns
    -------
    Selection or None
        ``None`` where ``"auto"`` found no kernel that works: upstream's own attention is left.

    Raises
    ------
    UnavailableError
        The kernel that was named cannot serve; the message says why and what to install or change.
    """
    if (name, demand) not in _made:
        _made[name, demand] = _automatic(demand) if name == "auto" else _explicit(name, demand)
    return _made[name, demand]


def _specs() -> dict[str, KernelSpec]:
    from coqui_amharic_ext import plugins

    return plugins.attention_backends()


def _reason(spec: KernelSpec, demand: Demand) -> str:
    return spec.refusal(demand) or probe(spec, demand)


def _explicit(name: str, demand: Demand) -> Selection:
    spec = _specs().get(name)
    if spec is None:
        raise UnavailableError(
            f"attention={name!r} is not a kernel that is registered; registered: "
            + ", ".join(_specs())
        )
    reason = _reason(spec, demand)
    if reason:
        missing = load_failure(spec)
        if missing and missing not in reason:
            reason = f"{reason}, and {missing}"
        fix = f"; install it with: {spec.install}" if missing and spec.install else ""
        raise UnavailableError(
            f"attention={name!r} cannot serve this model ({_asked(demand)}): {reason}{fix}; "
            'or choose attention="auto"'
        )
    run_log.info(" > coqui-amharic-ext: attention kernel %s for %s", name, _asked(demand))
    return Selection(spec, spec.load(), demand)


def _automatic(demand: Demand) -> Selection | None:
    specs = _specs()
    passed_over: list[tuple[str, str]] = []
    for name in ORDER:
        spec = specs.get(name)
        if spec is None:
            continue
        reason = _reason(spec, demand)
        if not reason:
            said = _why_not(passed_over) or "first choice"
            run_log.info(
                " > coqui-amharic-ext: attention kernel %s for %s (%s)", name, _asked(demand), said
            )
            return Selection(spec, spec.load(), demand, tuple(passed_over))
        passed_over.append((name, reason))
    logger.warning(
        "no attention kernel can serve this model (%s), it trains as upstream has it: %s",
        _asked(demand),
        _why_not(passed_over),
    )
    return None


def _why_not(passed_over: Iterable[tuple[str, str]]) -> str:
    """Say why kernels were passed over, those with one reason together."""
    names: dict[str, list[str]] = {}
    for name, reason in passed_over:
        names.setdefault(reason, []).append(name)
    return "; ".join(f"not {', '.join(some)}: {reason}" for reason, some in names.items())


def _asked(demand: Demand) -> str:
    dropout = "with" if demand.dropout else "without"
    return f"{demand.device}, {demand.dtype}, head dimension {demand.head_dim}, {dropout} dropout"


def demand_of(parameter: Tensor, head_dim: int, dropout: float) -> Demand:
    """Describe what attention over a parameter's device is asked for now, autocast counted."""
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
    """Forget what was chosen, as when the extension is switched off."""
    from coqui_amharic_ext.attention import counting

    _made.clear()
    counting.reset()


def chosen() -> dict[str, str]:
    """Return what was chosen in this process, for ``status()``."""
    from coqui_amharic_ext.attention import counting

    result = {}
    for (name, demand), selection in _made.items():
        if selection is None:
            kernel, why = "upstream's own", "no kernel can serve"
        else:
            kernel, why = selection.spec.name, _why_not(selection.passed_over)
        result[f"attention ({_asked(demand)})"] = (
            f"{kernel} (asked for: {name}{'; ' + why if why else ''})"
        )
    for name, calls in counting.calls().items():
        if calls:
            result[f"calls of attention kernel {name}"] = str(calls)
    return result
