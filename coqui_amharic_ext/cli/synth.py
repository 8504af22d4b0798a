"""``synth``."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coqui_amharic_ext.cli.output import InputError, emit, lines, show
from coqui_amharic_ext.cli.progress import meter
from coqui_amharic_ext.io.files import explained, naming, only_writer, replacing, require_folder

if TYPE_CHECKING:
    from coqui_amharic_ext.coqui.sound_file import SoundSink
    from coqui_amharic_ext.coqui.synthesis import Chunk


def synth(
    checkpoint: Annotated[
        Path, typer.Option(help="A VITS or XTTS checkpoint, or the folder of a training run.")
    ],
    text: Annotated[str | None, typer.Option(help="The text to speak, of any length.")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="A UTF-8 file with the text to speak.")
    ] = None,
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            help="The file to write, in the format of its extension (wav, flac, mp3, ogg, ...); "
            "- writes a wav to standard output.",
        ),
    ] = Path("speech.wav"),
    speaker_wav: Annotated[
        list[Path] | None,
        typer.Option(help="XTTS: a recording of the voice; may be repeated."),
    ] = None,
    speaker: Annotated[str | None, typer.Option(help="One of the model's speakers.")] = None,
    language: Annotated[str, typer.Option(help="Language of the text.")] = "am",
    stream: Annotated[
        bool,
        typer.Option(
            "--stream",
            help="Write the speech while it is generated, not when it is complete. An existing "
            "file is replaced at the end.",
        ),
    ] = False,
    config: Annotated[
        Path | None, typer.Option(help="The model's config. Default: config.json in its folder.")
    ] = None,
    vocab: Annotated[
        Path | None, typer.Option(help="XTTS's vocabulary. Default: vocab.json in its folder.")
    ] = None,
    pause: Annotated[float, typer.Option(help="Seconds of silence between sentences.")] = 0.3,
    speed: Annotated[float | None, typer.Option(help="XTTS: 1 is the speed of the voice.")] = None,
    temperature: Annotated[
        float | None, typer.Option(help="XTTS: lower is calmer. Default: that of the config.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Reproduces the same speech on the same machine.")
    ] = None,
    device: Annotated[
        str, typer.Option(help="cpu, cuda, ...; auto uses CUDA if available.")
    ] = "auto",
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document with the pieces spoken.")
    ] = False,
) -> None:
    """Speak a text with a trained model; without --text and --file, standard input is read.

    Long text is spoken piece by piece, in order. Example: coqui-amharic synth --checkpoint
    runs/RUN --speaker-wav voice.wav --text "ሰላም፣ እንዴት ነህ?" --out hello.wav
    """
    whole = "\n".join(lines(None if text is None else [text], file))
    to_stdout = str(out) == "-"
    if to_stdout and json:
        raise InputError("--json and --out - both write to standard output; give --out FILE")
    if not to_stdout:
        _require_writable(out, stream=stream)
    if not pause >= 0:
        raise InputError(f"--pause must be 0 or more seconds, got {pause}")
    if seed is not None and not -(1 << 63) <= seed < 1 << 64:
        raise InputError(f"--seed {seed} has more than 64 bits")
    given: dict[str, Any] = {"speed": speed, "temperature": temperature}
    options = {name: value for name, value in given.items() if value is not None}
    sink = sys.stdout.buffer
    writing = contextlib.nullcontext() if to_stdout else only_writer(out)
    # Upstream's output must not get into the wav or the JSON.
    with writing, contextlib.redirect_stdout(sys.stderr):
        from coqui_amharic_ext.coqui.request import ModelFiles, usable_device
        from coqui_amharic_ext.coqui.sound_file import open_sound
        from coqui_amharic_ext.coqui.synthesis import Synthesizer
        from coqui_amharic_ext.io.wav import WavStream

        files = ModelFiles.find(checkpoint, config, vocab)
        files.check(whole, language, speaker_wav or (), speaker, options)
        synthesizer = Synthesizer.from_files(files, usable_device(device))
        if seed is not None:
            import torch

            torch.manual_seed(seed)
        started = time.perf_counter()
        make = synthesizer.stream if stream else synthesizer.speak
        chunks = make(
            whole,
            language=language,
            speaker_wav=speaker_wav or (),
            speaker=speaker,
            pause=pause,
            **options,
        )
        chunks = _shown(chunks, len(synthesizer.pieces(whole, language)))
        rate = synthesizer.sample_rate
        if to_stdout:
            said = _write(chunks, WavStream(sink, rate), rate, started)
        elif stream and not out.is_file():
            with naming(out), out.open("wb") as target:
                said = _write(chunks, WavStream(target, rate), rate, started)
        else:  # an existing file stays complete until it is replaced
            with replacing(out) as partial, partial.open("wb") as target:
                said = _write(chunks, open_sound(target, rate, out), rate, started)
    if json:
        emit({"out": str(out), "sample_rate": synthesizer.sample_rate, **said})
    elif not to_stdout:
        show(
            f"{out}: {said['seconds']:.2f} s of speech; the first sound after "
            f"{said['first_sound']:.2f} s, {said['real_time_factor']:.2f} s of work a second\n"
        )


def _require_writable(out: Path, *, stream: bool) -> None:
    """Refuse a file that cannot be written, or not in its format, before the model is loaded."""
    from coqui_amharic_ext.coqui.sound_file import is_wav, require_format

    require_folder(out)
    if out.is_dir():
        raise InputError(f"--out {out} is a folder; give a file in it")
    if not os.access(out if out.exists() else out.parent, os.W_OK):
        raise explained(PermissionError(errno.EACCES, "Permission denied"), out)
    require_format(out)
    if stream and not is_wav(out):
        raise InputError(
            f"--stream writes a wav, which can be played while it is written; {out} is not one"
        )


def _shown(chunks: Iterator[Chunk], pieces: int) -> Iterator[Chunk]:
    """Yield the chunks and show how many pieces are done."""
    with meter(f"of {pieces} pieces", pieces) as step:
        for chunk in chunks:
            yield chunk
            if chunk.last:
                step()


def _write(chunks: Iterator[Chunk], sink: SoundSink, rate: int, started: float) -> dict[str, Any]:
    """Write the chunks; return the pieces spoken and the speed."""
    pieces: list[dict[str, Any]] = []
    first = 0.0
    with sink as sound:
        for chunk in chunks:
            if not sound.samples:
                first = time.perf_counter() - started
            if chunk.piece == len(pieces):
                pieces.append({"text": chunk.text, "start": sound.samples / rate})
            sound.write(chunk.samples)
    seconds = sound.samples / rate
    took = time.perf_counter() - started
    return {
        "seconds": round(seconds, 3),
        "first_sound": round(first, 3),
        "real_time_factor": round(took / seconds, 3) if seconds else 0.0,
        "pieces": [{**piece, "start": round(piece["start"], 3)} for piece in pieces],
    }
