"""A machine without FFmpeg's libraries, its programs and espeak-ng, as a mount namespace."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache

import pytest

NAMESPACE = ("unshare", "-rm")
_HIDE = r"""
for file in "$@"; do
  [ "$file" = -- ] && { shift; break; }
  mount --bind /dev/null "$file" || exit 97
  shift
done
exec "$@"
"""
_LIBRARIES = ("avutil", "avcodec", "avformat", "avfilter", "avdevice", "swresample", "swscale")
_PROGRAMS = ("ffmpeg", "ffprobe", "espeak-ng", "espeak")


@cache
def hidden() -> tuple[str, ...]:
    """Return the files that a machine with nothing but Python does not have."""
    cached = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True).stdout
    found = {os.path.realpath(line.split()[-1]) for line in cached.splitlines() if "=>" in line}
    starts = tuple(f"lib{name}.so" for name in (*_LIBRARIES, "espeak-ng"))
    libraries = sorted(f for f in found if os.path.basename(f).startswith(starts))
    programs = [shutil.which(name) for name in _PROGRAMS]
    return (*libraries, *(p for p in programs if p is not None))


@cache
def missing() -> str:
    """Return why they cannot be hidden here, ``""`` if they can or are not there."""
    if not hidden():
        return ""
    if shutil.which(NAMESPACE[0]) is None:
        return "there is no unshare command"
    tried = subprocess.run([*bare(), "true"], capture_output=True, text=True)
    return tried.stderr.strip() or f"exit code {tried.returncode}" if tried.returncode else ""


def bare(*options: str) -> list[str]:
    """Return the beginning of a command line that runs the rest on such a machine."""
    if not hidden() and not options:
        return []
    return [*NAMESPACE, *options, "bash", "-c", _HIDE, "bare", *hidden(), "--"]


def require_bare() -> None:
    """Skip the test where the libraries cannot be hidden."""
    if missing():
        pytest.skip(f"FFmpeg's libraries cannot be hidden: {missing()}")
