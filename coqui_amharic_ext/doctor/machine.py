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
        ``sys.platform``: ``linux``, ``darwin`` or ``win32``.
    name : str
        What people call it, such as ``Debian GNU/Linux 12 (bookworm)``.
    family : tuple of str
        On Linux the distribution's identifier and those it is like.
    architecture : str
        Such as ``x86_64``.
    python, executable : str
        Version and interpreter.
    virtual_environment : bool
        Whether packages go to an environment of their own.
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
    """One NVIDIA device, as its driver tells."""

    name: str
    capability: str
    driver: str
    memory: str


@dataclass(frozen=True, slots=True)
class Gpus:
    """The NVIDIA devices, the newest CUDA that the driver serves, and why they are not told."""

    devices: tuple[Gpu, ...] = ()
    cuda: str = ""
    error: str = ""


def machine() -> Machine:
    """Describe this machine."""
    release = ffmpeg.release()
    name = release.get("PRETTY_NAME") or f"{platform.system()} {platform.release()}"
    own = sys.prefix != sys.base_prefix or "CONDA_PREFIX" in os.environ
    marker = Path(sysconfig.get_path("stdlib")) / "EXTERNALLY-MANAGED"
    return Machine(
        system=sys.platform,
        name=name,
        family=ffmpeg.family(),
        architecture=platform.machine(),
        python=platform.python_version(),
        executable=sys.executable,
        virtual_environment=own,
        externally_managed=not own and marker.is_file(),
        root=ffmpeg.is_root(),
    )


def gpus() -> Gpus:
    """Ask ``nvidia-smi``; without it there are none."""
    command = shutil.which("nvidia-smi")
    if command is None:
        return Gpus()
    code, table = _run([command, f"--query-gpu={_QUERY}", "--format=csv,noheader"])
    if code != 0:
        return Gpus(error=table.strip() or f"nvidia-smi ended with exit code {code}")
    devices = []
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.split(",")]
        if len(cells) == 4:
            devices.append(Gpu(*cells))
    _, page = _run([command])
    match = re.search(r"CUDA Version:\s*([\d.]+)", page)
    return Gpus(tuple(devices), match[1] if match else "")


def _run(command: list[str]) -> tuple[int, str]:
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
    except subprocess.TimeoutExpired:
        return 1, f"nvidia-smi gave no answer within {_TIMEOUT} s"
    except OSError as error:
        return 1, f"nvidia-smi cannot be run: {error}"
    return done.returncode, done.stdout
