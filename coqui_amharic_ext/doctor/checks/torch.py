"""PyTorch, and whether it can use the GPU."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from coqui_amharic_ext.doctor.facts import Facts
from coqui_amharic_ext.doctor.pip import install_torch, reinstall
from coqui_amharic_ext.doctor.problems import Command, Problem, problem
from coqui_amharic_ext.doctor.versions import release

DRIVERS: Final = {12: "525", 13: "580"}
"""The oldest driver on Linux for each major version of CUDA (CUDA's compatibility guide)."""
_OLDER_CUDA: Final = "cu126"
"""PyTorch's builds that older drivers and older devices can run."""


def check(facts: Facts) -> Iterator[Problem]:
    """Check that a supported torch is installed and can use the GPU."""
    version, probe = facts.version("torch"), facts.probe("torch")
    if not version and probe.error:
        yield problem(facts, "torch-missing", install_torch(facts))
    elif version and not facts.fits("torch"):
        yield problem(facts, "torch-version", install_torch(facts), reason=_why_not(version))
    elif probe.error:
        yield problem(facts, "torch-broken", reinstall(facts, f"torch=={version}"))
    if facts.gpus.error:
        yield problem(facts, "nvidia-driver-broken", says=facts.gpus.error.splitlines()[0])
    if facts.gpus.devices and not probe.error and not probe.facts.get("cuda_available"):
        yield _unused(facts)
    else:
        yield from _architectures(facts)


def _why_not(version: str) -> str:
    if release(version)[:2] >= (2, 15):
        return "torchaudio 2.11 is the last release and cannot be loaded with it"
    if release(version) == (2, 13, 0):
        return "some builds of 2.13.0 have no CUDA, and torchaudio 2.11 cannot be loaded with them"
    return "coqui-tts 0.28 and the attention kernels are not made for it"


def _unused(facts: Facts) -> Problem:
    """Return why torch does not use the GPU."""
    device, supported = facts.gpus.devices[0], facts.gpus.cuda
    cuda = facts.probe("torch").facts.get("cuda")
    if not cuda:
        command = _with_cuda(facts, _OLDER_CUDA if _major(supported) == 12 else "")
        return problem(facts, "torch-without-cuda", command, gpu=device.name)
    if supported and _major(cuda) > _major(supported):
        needed = DRIVERS.get(_major(cuda), "a newer one")
        command = _with_cuda(facts, _OLDER_CUDA)
        return problem(facts, "driver-too-old", command, gpus=facts.gpus, cuda=cuda, needed=needed)
    return problem(facts, "gpu-not-seen", gpu=device.name)


def _with_cuda(facts: Facts, index: str) -> Command:
    return install_torch(facts, "--force-reinstall", index=index)


def _architectures(facts: Facts) -> Iterator[Problem]:
    found = facts.probe("torch").facts
    built = [name for name in found.get("architectures", ()) if name.startswith("sm_")]
    for device in found.get("devices", ()):
        if built and not any(_runs(name, device["capability"]) for name in built):
            command = _with_cuda(facts, _OLDER_CUDA)
            yield problem(facts, "gpu-architecture", command, gpu=device, built=", ".join(built))


def _runs(name: str, capability: str) -> bool:
    """Return whether a device runs code for an architecture: that of an earlier minor version."""
    major, minor = map(int, capability.split("."))
    digits = "".join(letter for letter in name.removeprefix("sm_") if letter.isdigit())
    return int(digits[:-1]) == major and int(digits[-1]) <= minor


def _major(version: str) -> int:
    return (release(version) or (0,))[0]
