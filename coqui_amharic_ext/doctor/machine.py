"""The machine: operating system, Python, NVIDIA devices and their driver."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from coqui_amharic_ext.io import ffmpeg

_QUERY: Final = "name,compute_cap,driver_version,memory.total"
_TIMEOUT: Final = 30


@dataclass(frozen=True, slots=True)
class Machine:
    """Where Python runs.

    Attributes
    ----------
    system : str
        ``sys.platform``.
    name : str
        The system's name, such as ``Debian GNU/Linux 12 (bookworm)``.
    family : tuple of str
        On Linux, the identifiers of the distribution and of those it is like.
    externally_managed : bool
        Whether the system's package manager forbids pip to install here.
    root : bool
        Whether system packages can be installed without sudo.
    """

    system: str
    name: str
    family: tuple[str, ...]
    architecture: str
    python: str
    executable: str
    virtual_environment: bool
    externally_managed: bool
    root: bool


@dataclass(frozen=True, slots=True)
class Gpu:
    """One NVIDIA device, as its driver describes it."""

    name: str
    capability: str
    driver: str
    memory: str


@dataclass(frozen=True, slots=True)
class Gpus:
    """The NVIDIA devices, the newest CUDA that the driver supports, and nvidia-smi's error."""

    devices: tuple[Gpu, ...] = ()
    cuda: str = ""
    error: str = ""


def machine() -> Machine:
    """Describe this machine."""
    virtual = sys.prefix != sys.base_prefix or "CONDA_PREFIX" in os.environ
    marker = Path(sysconfig.get_path("stdlib")) / "EXTERNALLY-MANAGED"
    system = f"{platform.system()} {platform.release()}"
    return Machine(
        system=sys.platform,
        name=ffmpeg.release().get("PRETTY_NAME") or system,
        family=ffmpeg.family(),
        architecture=platform.machine(),
        python=platform.python_version(),
        executable=sys.executable,
        virtual_environment=virtual,
        externally_managed=not virtual and marker.is_file(),
        root=ffmpeg.is_root(),
    )


def gpus() -> Gpus:
    """Ask ``nvidia-smi``; without it there are no devices."""
    command = shutil.which("nvidia-smi")
    if command is None:
        return Gpus()
    code, table = _run(command, f"--query-gpu={_QUERY}", "--format=csv,noheader")
    if code != 0:
        return Gpus(error=table.strip() or f"exit code {code}")
    lines = [[cell.strip() for cell in line.split(",")] for line in table.splitlines()]
    cuda = re.search(r"CUDA Version:\s*([\d.]+)", _run(command)[1])
    return Gpus(tuple(Gpu(*cells) for cells in lines if len(cells) == 4), cuda[1] if cuda else "")


def _run(*command: str) -> tuple[int, str]:
    try:
        done = subprocess.run(  # noqa: S603 - nvidia-smi
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_TIMEOUT,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return 1, str(error)
    return done.returncode, done.stdout
