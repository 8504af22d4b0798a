"""Trying a kernel for what it will be called for, forward and backward, before it is trusted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from coqui_amharic_ext.attention.kernel import Demand, KernelSpec
from coqui_amharic_ext.availability import Availability


@lru_cache(maxsize=256)
def probe(spec: KernelSpec, demand: Demand) -> str:
    """Run a kernel on two short sequences; return what went wrong in words, ``""`` if nothing.

    Its output and gradients must agree with the formula computed in float64: a kernel that
    loads but ignores sequence bounds or causality must not pass.
    """
    import torch

    missing = load_failure(spec)
    if missing:
        return missing
    attend = spec.load()
    from coqui_amharic_ext.attention.kernels import eager
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
    # The trial tells right from wrong (a lost bound or mask is off by order 1), not fine from
    # finer: accuracy is measured by the parity suite.
    allowed = 64 * torch.finfo(dtype).eps
    for part, one, other in zip(("output", "dq", "dk", "dv"), found, expected, strict=True):
        difference = float((one - other).abs().max() / other.abs().max())
        if not difference <= allowed:
            return f"its {part} differs from the formula by {difference:.2g} in a trial call"
    return ""


def load_failure(spec: KernelSpec) -> str:
    """Return in words why a kernel cannot be loaded, ``""`` if it can."""
    try:
        spec.load()
    except Exception as error:
        return f"it cannot be loaded ({_words(error)})"
    return ""


@contextmanager
def _undisturbed(device: str) -> Iterator[None]:
    """Let a trial neither see the caller's modes nor move the caller's random numbers on."""
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
    """Try a kernel for XTTS's head dimension on each device and dtype it declares.

    A kernel is available when one combination works; the reasons are those of the last one tried.
    What to install is said where it would help: a kernel that this machine cannot run has no fix.
    """
    demands = list(_demands_here(spec))
    if not demands:
        return Availability(False, _unmet(spec))
    reason = fix = ""
    for demand in demands:
        if reason := spec.refusal(demand):
            continue
        if not (reason := probe(spec, demand)):
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


def _unmet(spec: KernelSpec) -> str:
    return (
        f"it runs on {' or '.join(spec.devices)}, this machine has {' and '.join(devices_here())}"
    )


def devices_here() -> tuple[str, ...]:
    """Return the device types of this machine that a model can be on."""
    import torch

    return ("cuda", "cpu") if torch.cuda.is_available() else ("cpu",)


def capability(device: str) -> tuple[int, int] | None:
    """Return a CUDA device's compute capability, ``None`` for other devices."""
    import torch

    return torch.cuda.get_device_capability(device) if device.startswith("cuda") else None
