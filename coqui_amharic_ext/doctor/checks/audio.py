"""torchaudio, torchcodec and FFmpeg, which read and write sound."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from coqui_amharic_ext.doctor.facts import Facts
from coqui_amharic_ext.doctor.pip import index_options, install, reinstall
from coqui_amharic_ext.doctor.problems import Problem, problem
from coqui_amharic_ext.io import ffmpeg

CODEC_FOR_TORCH: Final[dict[tuple[int, ...], str]] = {
    (0, 11): "2.11",
    (0, 10): "2.10",
    (0, 9): "2.9",
    (0, 8): "2.9",
    (0, 7): "2.8",
    (0, 6): "2.8",
}
"""The torch that each torchcodec is built for (its README); from 0.12 on any from 2.11."""
_READ_BY_SOUNDFILE: Final = (
    "WAV, FLAC, OGG and MP3 are read without it; M4A, WebM and the like are not"
)


def check(facts: Facts) -> Iterator[Problem]:
    """Check that sound can be read."""
    torch_serves = facts.fits("torch") and not facts.probe("torch").error
    if torch_serves:
        yield from _torchaudio(facts)
    if facts.version("torch") and facts.probe("torchcodec").error:
        yield from _torchcodec(facts, torch_serves)


def _torchaudio(facts: Facts) -> Iterator[Problem]:
    version, error = facts.version("torchaudio"), facts.error("torchaudio")
    # A torch without CUDA cannot load a torchaudio for CUDA.
    on_cpu = facts.machine.system == "linux" and not facts.probe("torch").facts.get("cuda")
    options = index_options("cpu" if on_cpu else "")
    command = install(facts, f"torchaudio{facts.wanted('torchaudio')}", options=options)
    if not version and error:
        yield problem(facts, "torchaudio-missing", command)
    elif version and not facts.fits("torchaudio"):
        reason = error or f"it is not made for torch {facts.version('torch')}"
        yield problem(facts, "torchaudio-version", command, reason=reason)
    elif error:
        again = reinstall(facts, f"torchaudio=={version}", options=options)
        yield problem(facts, "torchaudio-broken", again)


def _torchcodec(facts: Facts, torch_serves: bool) -> Iterator[Problem]:
    asked = f"torchcodec{facts.wanted('torchcodec')}"
    built_for = CODEC_FOR_TORCH.get(facts.release("torchcodec")[:2])
    majors = facts.probe("ffmpeg").facts.get("majors")
    patches = facts.report.get("patches", ())
    soundfile = any(p["name"] == "torchaudio-load" and p["state"] == "applied" for p in patches)
    milder: dict[str, Any] = {"severity": "note", "why": _READ_BY_SOUNDFILE} if soundfile else {}
    if not facts.version("torchcodec"):
        if facts.release("torch") >= (2, 9):
            yield problem(facts, "torchcodec-missing", install(facts, asked))
    elif built_for and built_for != ".".join(map(str, facts.release("torch")[:2])):
        command = install(facts, asked, options=("--upgrade",))
        yield problem(facts, "torchcodec-version", command, built_for=built_for, **milder)
    elif not majors:
        machine = facts.machine
        commands = ffmpeg.install(machine.system, machine.family, machine.root)
        yield problem(facts, "ffmpeg-missing", *commands, **milder)
    elif torch_serves:
        again = reinstall(facts, asked, options=("--upgrade",))
        found = ", ".join(map(str, majors))
        yield problem(facts, "torchcodec-broken", again, ffmpeg=found, **milder)
