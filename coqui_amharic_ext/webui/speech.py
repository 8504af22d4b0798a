"""Speech that starts to play before it is all made: a made-up address per request, read once."""

from __future__ import annotations

import json
import os
import queue
import secrets
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

from coqui_amharic_ext.errors import CoquiAmharicError
from coqui_amharic_ext.webui.markup import Markup
from coqui_amharic_ext.webui.workfolder import WorkFolder

if TYPE_CHECKING:
    from coqui_amharic_ext.coqui.synthesis import Synthesizer

ADDRESS: Final = "/speech/{token}.wav"
FIRST_SECONDS: Final = 600.0
KEPT_SECONDS: Final = 300.0
"""How long a player may wait before it asks for its sound."""
MOST_CHARACTERS: Final = 2000


class SpeechError(CoquiAmharicError, RuntimeError):
    """Nothing can be said: no text, no checkpoint, or the model stopped with an error."""


@dataclass(slots=True)
class _Job:
    """One text on its way to sound; ends with ``None``, or with what went wrong."""

    rate: int = 0
    made: float = field(default_factory=time.monotonic)
    pieces: queue.Queue[bytes | Exception | None] = field(default_factory=queue.Queue)
    cancelled: threading.Event = field(default_factory=threading.Event)


class Speech:
    """Speaks through checkpoints of the work folder, one text at a time."""

    def __init__(self, work: WorkFolder, uploads: Path | None = None) -> None:
        self._work = work
        self._uploads = None if uploads is None else WorkFolder.at(uploads)
        self._lock = threading.Lock()
        self._speaking = threading.Lock()
        self._jobs: dict[str, tuple[_Job, bytes | None]] = {}
        self._voice: tuple[tuple[Path, int], Synthesizer] | None = None

    def player(self, text: str, folder: str, speaker: str, upload: str | None = None) -> Markup:
        """Start to speak; return a player when the first sound is there.

        Parameters
        ----------
        text : str
            Amharic.
        folder : str
            The checkpoint's folder, inside the work folder.
        speaker : str
            Reference recording inside the work folder; may be empty.
        upload : str, optional
            A recording that the page took in, instead of ``speaker``.

        Raises
        ------
        SpeechError, WorkFolderError
            Nothing can be said; the message says why.
        """
        if not text.strip():
            raise SpeechError("give a text to speak")
        if len(text) > MOST_CHARACTERS:
            raise SpeechError(f"the text has {len(text)} characters; give up to {MOST_CHARACTERS}")
        place = self._work.folder(folder, "checkpoint folder")
        reference: Path | None = None
        if upload:
            if self._uploads is None:
                raise SpeechError("recordings are not taken in here; name one in the work folder")
            reference = self._uploads.file(upload, "recording")
        elif speaker.strip():
            reference = self._work.file(speaker, "reference speaker")
        job = _Job()
        threading.Thread(target=self._run, args=(job, place, text, reference), daemon=True).start()
        try:
            first = job.pieces.get(timeout=FIRST_SECONDS)
        except queue.Empty:
            job.cancelled.set()
            raise SpeechError(f"no sound after {FIRST_SECONDS:.0f} s") from None
        if isinstance(first, Exception):
            raise first
        if first is None:
            raise SpeechError("the checkpoint made no sound of this text")
        token = secrets.token_urlsafe(18)
        with self._lock:
            self._forget()
            self._jobs[token] = (job, first)
        address = ADDRESS.format(token=token)
        label = escape(f"speech: {text[:60]}")
        return Markup(
            f'<audio class="am-player" controls autoplay aria-label="{label}" src="{address}">'
            "</audio>"
        )

    def sound(self, token: str) -> Iterator[bytes] | None:
        """Return a wav as it comes, once; ``None`` if there is none of that address."""
        with self._lock:
            found = self._jobs.pop(token, None)
        if found is None:
            return None
        return _wav(*found)

    def _forget(self) -> None:
        old = time.monotonic() - KEPT_SECONDS
        for token in [t for t, (job, _) in self._jobs.items() if job.made < old]:
            self._jobs.pop(token)[0].cancelled.set()

    def _run(self, job: _Job, place: Path, text: str, reference: Path | None) -> None:
        import numpy as np

        try:
            with self._speaking:
                voice = self._open(place)
                job.rate = voice.sample_rate
                for chunk in voice.stream(
                    text, speaker_wav=() if reference is None else (reference,)
                ):
                    if job.cancelled.is_set():
                        return
                    samples = (np.clip(chunk.samples, -1.0, 1.0) * 32767).astype("<i2")
                    job.pieces.put(samples.tobytes())
            job.pieces.put(None)
        except Exception as error:
            job.pieces.put(error)

    def _open(self, place: Path) -> Synthesizer:
        from coqui_amharic_ext.coqui.synthesis import Synthesizer

        changed = max(path.stat().st_mtime_ns for path in (place, *place.glob("*.pth")))
        key = (place, changed)
        if self._voice is None or self._voice[0] != key:
            self._voice = None  # two models at once may not fit
            require_config_inside(self._work, place)
            self._voice = (key, Synthesizer.load(place))
        return self._voice[1]


def _wav(job: _Job, first: bytes | None) -> Iterator[bytes]:
    yield wav_header(job.rate)
    piece: bytes | Exception | None = first
    try:
        while isinstance(piece, bytes):
            yield piece
            piece = job.pieces.get()
        if piece is not None:
            raise SpeechError(f"the sound broke off: {piece}")
    finally:
        job.cancelled.set()


def require_config_inside(work: WorkFolder, place: Path) -> None:
    """Refuse a checkpoint whose config names a file outside the work folder.

    Raises
    ------
    SpeechError
        It does; or there is no config that can be read.
    """
    path = work.file(str(place / "config.json"), "checkpoint's config")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SpeechError(f"{work.shown(path)} cannot be read: {error}") from error
    for value in _strings(config):
        # What was trained elsewhere names files that are not here; those are not read either.
        if (
            ("/" in value or "\\" in value)
            and os.path.isfile(value)
            and not work.holds(Path(value))
        ):
            raise SpeechError(
                f"{work.shown(path)} names {value}, which is outside the work folder {work.root}; "
                "put a copy into the checkpoint's folder and name that"
            )


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def wav_header(rate: int) -> bytes:
    """Return the header of a 16-bit wav of one channel whose length nobody knows yet."""
    unknown = 0xFFFFFFFF
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        unknown,
        b"WAVE",
        b"fmt ",
        16,
        1,
        1,
        rate,
        rate * 2,
        2,
        16,
        b"data",
        unknown - 36,
    )
