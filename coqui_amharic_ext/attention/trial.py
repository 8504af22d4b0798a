"""The trial of a kernel, forward and backward, before a model runs on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from coqui_amharic_ext.attention.kernel import KernelSpec
from coqui_amharic_ext.attention.kernels import eager
from coqui_amharic_ext.availability import Availability, Demand


@lru_cache(maxsize=256)
def trial(spec: KernelSpec, demand: Demand) -> str:
    """Run a kernel on two short sequences; return what failed, ``""`` if nothing did.

    Its output and gradients must agree with the formula computed in float64, so that a kernel
    that loads but ignores sequence bounds or causality fails.
    """
    import torch

    missing = load_failure(spec)
    if missing:
        return missing
    attend = spec.load()
    from coqui_amharic_ext.attention.layout import PackedLayout

    dtype = getattr(torch, demand.dtype)
    scale = demand.head_dim**-0.5
    lengths = (9, 15)

    def run(function: object, device: str, kind: torch.dtype, dropout: float) -> list[torch.Tensor]:
        generator = torch.Generator().manual_seed(0)
        shape = (4, sum(lengths), 2, demand.head_dim)
        numbers = torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype)
        layout = PackedLayout.of(lengths, device)
        *inputs, weight = (x.detach().to(device, kind) for x in numbers)
        for x in inputs:
            x.requires_grad_()
        out = function(*inputs, layout, dropout=dropout, scale=scale)  # type: ignore[operator]
        grads = torch.autograd.grad(out, inputs, weight)
        return [x.detach().double().cpu() for x in (out, *grads)]

    try:
        with _undisturbed(demand.device):
            expected = run(eager.attend, "cpu", torch.float64, 0.0)
            found = run(attend, demand.device, dtype, 0.0)
            if demand.dropout:
                run(attend, demand.device, dtype, 0.5)
    except Exception as error:
        return f"a trial call failed: {_words(error)}"
    # The trial tells right from wrong (a lost bound or mask is off by order 1). The parity suite
    # measures accuracy.
    allowed = 64 * torch.finfo(dtype).eps
    for part, one, other in zip(("output", "dq", "dk", "dv"), found, expected, strict=True):
        difference = float((one - other).abs().max() / other.abs().max())
        if not difference <= allowed:
            return f"its {part} differs from the formula by {difference:.2g} in a trial call"
    return ""


def load_failure(spec: KernelSpec) -> str:
    """Return why a kernel cannot be loaded, ``""`` if it can."""
    try:
        spec.load()
    except Exception as error:
        return f"it cannot be loaded ({_words(error)})"
    return ""


@contextmanager
def _undisturbed(device: str) -> Iterator[None]:
    """Isolate a trial from the caller's modes, and the caller's random state from the trial."""
    import torch

    devices = [torch.cuda.current_device()] if device == "cuda" else []
    with (
        torch.inference_mode(False),
        torch.enable_grad(),
        torch.autocast(device, enabled=False),
        torch.device("cpu"),
        torch.random.fork_rng(devices),
    ):
        yield


def _words(error: BaseException) -> str:
    first = str(error).strip().splitlines()
    return f"{type(error).__name__}: {first[0] if first else ''}".rstrip(": ")


def availability(spec: KernelSpec) -> Availability:
    """Return whether a kernel can serve any XTTS model on this machine.

    It is tried with XTTS's head dimension on each device and dtype that it declares, and is
    available when one combination works. The reason is that of the last combination. The fix is
    empty where installing a package would not help.
    """
    demands = list(_demands_here(spec))
    if not demands:
        here = " and ".join(devices_here())
        return Availability(
            False, f"it runs on {' or '.join(spec.devices)}, this machine has {here}"
        )
    reason = fix = ""
    for demand in demands:
        if reason := spec.refusal(demand):
            continue
        if not (reason := trial(spec, demand)):
            return Availability(True)
        fix = spec.install
    return Availability(False, reason, fix)


def _demands_here(spec: KernelSpec) -> list[Demand]:
    head_dim = 64 if 64 in spec.head_dims else spec.head_dims.start
    return [
        Demand(device, dtype, head_dim, False, capability(device))
        for device in devices_here()
        if device in spec.devices
        for dtype in ("float32", "bfloat16", "float16")
        if dtype in spec.dtypes
    ]


def devices_here() -> tuple[str, ...]:
    """Return the types of devices that a model can be on here."""
    import torch

    return ("cuda", "cpu") if torch.cuda.is_available() else ("cpu",)


def capability(device: str) -> tuple[int, int] | None:
    """Return a CUDA device's compute capability, ``None`` for other devices."""
    import torch

    return torch.cuda.get_device_capability(device) if device.startswith("cuda") else None
