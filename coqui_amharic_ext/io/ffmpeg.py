"""FFmpeg's libraries: whether torchcodec can use them here, and the command that installs them."""

from __future__ import annotations

import io
import os
import platform
import shlex
import sys
import wave
from functools import lru_cache
from typing import Final

Command = tuple[str, ...]

UNKNOWN_TO_LIBSNDFILE: Final = (1, 4)
"""libsndfile's codes for a format, and an encoding in a format, that it does not know."""

_BY_FAMILY: Final[dict[str, tuple[Command, ...]]] = {
    "debian": (("apt-get", "update"), ("apt-get", "install", "-y", "ffmpeg")),
    "fedora": (("dnf", "install", "-y", "ffmpeg-free"),),
    "rhel": (("dnf", "install", "-y", "ffmpeg-free"),),
    "arch": (("pacman", "-S", "--noconfirm", "ffmpeg"),),
    "suse": (("zypper", "install", "-y", "ffmpeg"),),
    "alpine": (("apk", "add", "ffmpeg"),),
}
"""By the distribution or one it is like; Ubuntu and Mint are like Debian."""


def release() -> dict[str, str]:
    """Return what ``os-release`` says of a Linux distribution, nothing elsewhere."""
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}


def family() -> tuple[str, ...]:
    """Return the identifier of a Linux distribution and of those it is like."""
    found = release()
    return (found.get("ID", ""), *found.get("ID_LIKE", "").split())


def is_root() -> bool:
    """Return whether system packages can be installed without sudo."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def install(system: str, family: tuple[str, ...], root: bool) -> tuple[Command, ...]:
    """Return the commands that install FFmpeg with its libraries, none where none are known.

    Parameters
    ----------
    system : str
        ``sys.platform``.
    family : tuple of str
        As ``family()`` returns it.
    root : bool
        Whether sudo is not needed.
    """
    if system == "darwin":
        return (("brew", "install", "ffmpeg"),)
    if system == "win32":
        return (("conda", "install", "-y", "-c", "conda-forge", "ffmpeg"),)
    for name, commands in _BY_FAMILY.items():
        if name in family:
            return tuple(command if root else ("sudo", *command) for command in commands)
    return ()


def fix() -> str:
    """Return the command that installs FFmpeg here, or words where none is known."""
    commands = install(sys.platform, family(), is_root())
    return shlex.join(commands[-1]) if commands else "install FFmpeg with its libraries"


def needed() -> str:
    """Return one line about a sound that libsndfile cannot read: what reads it, and the command."""
    return (
        "not WAV, FLAC, OGG or MP3; another format needs FFmpeg's libraries, which torchcodec "
        f"cannot load here: {fix()}"
    )


@lru_cache(maxsize=1)
def missing() -> str:
    """Return why torchcodec cannot decode a sound in this process, ``""`` if it can."""
    try:
        from torchcodec.decoders import AudioDecoder

        AudioDecoder(_silence()).get_all_samples()
    except Exception as error:  # some releases fail at import, others at first use
        return f"{type(error).__name__}: {str(error).strip()}".split("\n", 1)[0]
    return ""


def _silence() -> bytes:
    sound = io.BytesIO()
    with wave.open(sound, "wb") as stream:
        stream.setnchannels(1)
        stream.setsampwidth(2)
        stream.setframerate(8000)
        stream.writeframes(bytes(1600))
    return sound.getvalue()
