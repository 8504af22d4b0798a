"""PyTorch, and whether it reaches the GPU."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from coqui_amharic_ext.doctor.facts import Facts
from coqui_amharic_ext.doctor.installing import install_torch, reinstall
from coqui_amharic_ext.doctor.problems import Fix, Problem
from coqui_amharic_ext.doctor.versions import fits, release

DRIVERS: Final = {12: "525", 13: "580"}
"""The oldest driver on Linux for each major version of CUDA (CUDA's compatibility guide)."""
_OLDER_CUDA: Final = "cu126"
"""PyTorch's builds that older drivers and older devices can run."""


def installed(facts: Facts) -> Iterator[Problem]:
    """Check that torch is there, in a version that torchaudio and we can be used with."""
    version = facts.version("torch")
    wanted = facts.wanted("torch")
    if not version and facts.probe("torch").error:
        yield Problem(
            "torch-missing",
            "error",
            "torch is not installed",
            "Coqui TTS cannot be imported",
            Fix((install_torch(facts),)),
            about=("torch", "torchaudio"),
        )
    elif version and not fits(version, wanted):
        yield Problem(
            "torch-version",
            "error",
            f"torch {version} is installed; {wanted} is needed",
            _why_not(version),
            Fix((install_torch(facts),), replaces_torch=True),
            about=("torch", "torchaudio"),
        )
    elif facts.probe("torch").error:
        yield Problem(
            "torch-broken",
            "error",
            f"torch {version} cannot be imported: {facts.probe('torch').first_line}",
            "Coqui TTS cannot be imported",
            Fix((reinstall(facts, f"torch=={version}"),), replaces_torch=True),
            about=("torch",),
        )


def _why_not(version: str) -> str:
    if release(version)[:2] >= (2, 15):
        return "torchaudio 2.11 is the last release there is, and it cannot be loaded with it"
    if release(version) == (2, 13, 0):
        return "some builds of 2.13.0 have no CUDA; torchaudio 2.11 cannot be loaded with them"
    return "coqui-tts 0.28 and our kernels are not made for it"


def gpu(facts: Facts) -> Iterator[Problem]:
    """Check that a GPU that is there can be used."""
    if facts.gpus.error:
        yield Problem(
            "nvidia-driver-broken",
            "warning",
            f"nvidia-smi fails: {facts.gpus.error.splitlines()[0]}",
            "the GPU cannot be used",
            Fix(by_hand="reboot after a driver update; else reinstall the NVIDIA driver"),
        )
    probe = facts.probe("torch")
    devices = facts.gpus.devices
    if not devices or probe.error or probe.facts.get("cuda_available"):
        yield from _architecture(facts)
        return
    version, cuda = facts.version("torch"), probe.facts.get("cuda")
    if not cuda:
        index = _OLDER_CUDA if _major(facts.gpus.cuda) == 12 else ""
        yield Problem(
            "torch-without-cuda",
            "warning",
            f"torch {version} is built without CUDA; this machine has {devices[0].name}",
            "training runs on the CPU, tens of times slower",
            Fix(
                (reinstall_with_cuda(facts, index),),
                replaces_torch=True,
            ),
            about=("torch",),
        )
        return
    if facts.gpus.cuda and _major(cuda) > _major(facts.gpus.cuda):
        needed = DRIVERS.get(_major(cuda), "a newer one")
        yield Problem(
            "driver-too-old",
            "warning",
            f"torch {version} is built for CUDA {cuda}; driver {devices[0].driver} serves CUDA "
            f"{facts.gpus.cuda} at most",
            "the GPU cannot be used",
            Fix(
                (reinstall_with_cuda(facts, _OLDER_CUDA),),
                by_hand=f"best: update the NVIDIA driver to {needed} or later. Otherwise take a "
                "torch that is built for an older CUDA",
                replaces_torch=True,
            ),
            about=("torch",),
        )
        return
    yield Problem(
        "gpu-not-seen",
        "warning",
        f"torch {version} does not see {devices[0].name}",
        "training runs on the CPU",
        Fix(
            by_hand="look at CUDA_VISIBLE_DEVICES, the container's GPU option (--gpus all) and "
            "what python -c 'import torch; torch.cuda.init()' says"
        ),
    )


def reinstall_with_cuda(facts: Facts, index: str) -> tuple[str, ...]:
    """Return the command that puts a torch with CUDA in place of the installed one."""
    command = install_torch(facts, index)
    verb = command.index("install") + 1
    return (*command[:verb], "--force-reinstall", *command[verb:])


def _architecture(facts: Facts) -> Iterator[Problem]:
    found = facts.probe("torch").facts
    built = [name for name in found.get("architectures", ()) if name.startswith("sm_")]
    for device in found.get("devices", ()):
        major, minor = (int(part) for part in device["capability"].split("."))
        # Code for one minor version runs on later ones of the same major.
        if built and not any(_runs(name, major, minor) for name in built):
            yield Problem(
                "gpu-architecture",
                "warning",
                f"torch {facts.version('torch')} has no code for {device['name']} (compute "
                f"capability {device['capability']}; it has {', '.join(built)})",
                "kernels fail with 'no kernel image is available'",
                Fix((reinstall_with_cuda(facts, _OLDER_CUDA),), replaces_torch=True),
                about=("torch",),
            )


def _runs(name: str, major: int, minor: int) -> bool:
    digits = "".join(letter for letter in name.removeprefix("sm_") if letter.isdigit())
    return int(digits[:-1]) == major and int(digits[-1]) <= minor


def _major(version: str) -> int:
    return (release(version) or (0,))[0]


CHECKS: Final = (installed, gpu)
