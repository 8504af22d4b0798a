"""torchaudio, torchcodec and FFmpeg: what reads and writes sound."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from coqui_amharic_ext.doctor.facts import Facts
from coqui_amharic_ext.doctor.installing import INDEX, install, install_ffmpeg, reinstall
from coqui_amharic_ext.doctor.problems import Fix, Problem, Severity
from coqui_amharic_ext.doctor.versions import fits

CODEC_FOR_TORCH: Final[dict[tuple[int, ...], tuple[int, int]]] = {
    (0, 11): (2, 11),
    (0, 10): (2, 10),
    (0, 9): (2, 9),
    (0, 8): (2, 9),
    (0, 7): (2, 8),
    (0, 6): (2, 8),
}
"""Which torch each torchcodec is built for (its README); from 0.12 on it is any from 2.11."""


def torchaudio(facts: Facts) -> Iterator[Problem]:
    """Check that torchaudio is there and can be loaded with the installed torch."""
    if not _torch_is_right(facts):
        return  # said already, and mended by the same command
    version, wanted = facts.version("torchaudio"), facts.wanted("torchaudio")
    probe = facts.probe("torchaudio")
    asked = "torchaudio" + wanted
    if not version and probe.error:
        yield Problem(
            "torchaudio-missing",
            "error",
            "torchaudio is not installed",
            "Coqui TTS cannot be imported",
            Fix((install(facts, asked, options=_index(facts)),)),
            about=("torchaudio",),
        )
    elif version and not fits(version, wanted):
        yield Problem(
            "torchaudio-version",
            "error",
            f"torchaudio {version} is installed; {wanted} is needed",
            probe.first_line or f"it is not made for torch {facts.version('torch')}",
            Fix((install(facts, asked, options=_index(facts)),)),
            about=("torchaudio",),
        )
    elif probe.error:
        yield Problem(
            "torchaudio-broken",
            "error",
            f"torchaudio {version} cannot be loaded with torch {facts.version('torch')}: "
            f"{probe.first_line}",
            "Coqui TTS cannot be imported",
            Fix((reinstall(facts, f"torchaudio=={version}", options=_index(facts)),)),
            about=("torchaudio",),
        )


def _torch_is_right(facts: Facts) -> bool:
    return fits(facts.version("torch") or "0", facts.wanted("torch")) and not (
        facts.probe("torch").error
    )


def _index(facts: Facts) -> tuple[str, ...]:
    """Choose the index: a torch without CUDA cannot load a torchaudio built for CUDA."""
    if facts.machine.system == "linux" and not facts.probe("torch").facts.get("cuda"):
        return ("--index-url", INDEX + "cpu")
    return ()


def torchcodec(facts: Facts) -> Iterator[Problem]:
    """Check that torchcodec is there and can decode a sound."""
    version, probe = facts.version("torchcodec"), facts.probe("torchcodec")
    torch = facts.version("torch")
    if not torch or not probe.error:
        return
    asked = "torchcodec" + facts.wanted("torchcodec")
    severity, follows = _without_torchcodec(facts)
    if not version:
        if facts.release("torch") >= (2, 9):
            yield Problem(
                "torchcodec-missing",
                "error",
                "torchcodec is not installed",
                "Coqui TTS reads sound with it from torch 2.9 on and cannot be imported",
                Fix((install(facts, asked),)),
                about=("torchcodec",),
            )
        return
    built_for = CODEC_FOR_TORCH.get(facts.release("torchcodec")[:2])
    if built_for is not None and built_for != facts.release("torch")[:2]:
        yield Problem(
            "torchcodec-version",
            severity,
            f"torchcodec {version} is built for torch {built_for[0]}.{built_for[1]}; torch {torch} "
            "is installed",
            follows,
            Fix((install(facts, asked, options=("--upgrade",)),)),
            about=("torchcodec",),
        )
    elif not facts.probe("ffmpeg").facts.get("majors"):
        yield Problem(
            "ffmpeg-missing",
            severity,
            "FFmpeg's libraries are not there",
            follows,
            Fix(install_ffmpeg(facts), by_hand="install FFmpeg with its libraries"),
            about=("torchcodec",),
        )
    elif _torch_is_right(facts):
        majors = ", ".join(map(str, facts.probe("ffmpeg").facts["majors"]))
        yield Problem(
            "torchcodec-broken",
            severity,
            f"torchcodec {version} cannot decode (FFmpeg {majors} is there): {probe.first_line}",
            follows,
            Fix((reinstall(facts, asked, options=("--upgrade",)),)),
            about=("torchcodec",),
        )


def _without_torchcodec(facts: Facts) -> tuple[Severity, str]:
    """Return how bad it is that torchcodec cannot decode, and what follows from it."""
    patches = facts.report.get("patches", ())
    if any(p["name"] == "torchaudio-load" and p["state"] == "applied" for p in patches):
        return "note", "WAV, FLAC, OGG and MP3 are read without it; M4A, WebM and the like are not"
    return "error", "sound files cannot be read"


CHECKS: Final = (torchaudio, torchcodec)
