"""Speech that starts to play before it is all made, at an address made up for it."""

from __future__ import annotations

import itertools
import secrets
import struct
import threading
import time
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

from coqui_amharic_ext.errors import CoquiAmharicError
from coqui_amharic_ext.webui.inside import require_config_inside, require_links_inside
from coqui_amharic_ext.webui.markup import Markup
from coqui_amharic_ext.webui.workfolder import WorkFolder

if TYPE_CHECKING:
    from coqui_amharic_ext.coqui.synthesis import Synthesizer

ADDRESS: Final = "/speech/{token}.wav"
FIRST_SECONDS: Final = 600.0
KEPT: Final = 8
"""Of how many texts the sound is kept, so that a player can ask for it again."""
IDLE_SECONDS: Final = 60.0
"""After so long without anybody who listens, an unfinished text is given up."""
MOST_CHARACTERS: Final = 2000


class SpeechError(CoquiAmharicError, RuntimeError):
    """Nothing can be said: no text, no checkpoint, or the model stopped with an error."""


class Sound:
    """The sound of one text, from its first piece on; any number of players may read it."""

    def __init__(self) -> None:
        self.rate = 0
        self._pieces: list[bytes] = []
        self._ended = False
        self._error: Exception | None = None
        self._changed = threading.Condition()
        self._given_up = False
        self._listeners = 0
        self._listened = time.monotonic()

    @property
    def abandoned(self) -> bool:
        """Whether nobody listens, and nobody has for a while."""
        idle = time.monotonic() - self._listened > IDLE_SECONDS
        return self._given_up or (not self._listeners and idle)

    def add(self, piece: bytes) -> None:
        """Add samples: 16-bit, little-endian, one channel."""
        with self._changed:
            if not self._pieces:
                # A model may take minutes to load; nobody can listen before.
                self._listened = time.monotonic()
            self._pieces.append(piece)
            self._changed.notify_all()

    def end(self, error: Exception | None = None) -> None:
        """Say that no more will come, and why if that is not the end of the text."""
        with self._changed:
            self._ended, self._error = True, error
            self._changed.notify_all()

    def wait(self, seconds: float) -> None:
        """Wait for the first piece.

        Raises
        ------
        SpeechError
            None came in that time, or none at all.
        Exception
            What the model stopped with before it.
        """
        with self._changed:
            came = self._changed.wait_for(lambda: self._pieces or self._ended, seconds)
            if not came:
                self._given_up = True
                raise SpeechError(f"no sound after {seconds:.0f} s")
            if not self._pieces:
                raise self._error or SpeechError("the checkpoint made no sound of this text")
            self._listened = time.monotonic()

    def whole(self) -> bytes | None:
        """Return the wav if all of it is made."""
        with self._changed:
            if not self._ended or self._error is not None:
                return None
            samples = b"".join(self._pieces)
        return wav_header(self.rate, len(samples)) + samples

    def stream(self) -> Iterator[bytes]:
        """Return a wav as it comes."""
        self._listeners += 1
        try:
            yield wav_header(self.rate)
            for number in itertools.count():
                with self._changed:
                    while number == len(self._pieces) and not self._ended:
                        self._changed.wait()
                    if number == len(self._pieces):
                        break
                yield self._pieces[number]
        finally:
            self._listeners -= 1
            self._listened = time.monotonic()
        if self._error is not None:
            raise SpeechError(f"the sound broke off: {self._error}")


class Speech:
    """Speaks through checkpoints of the work folder, one text at a time."""

    def __init__(self, work: WorkFolder, uploads: Path | None = None) -> None:
        self._work = work
        self._uploads = None if uploads is None else WorkFolder.at(uploads)
        self._lock = threading.Lock()
        self._speaking = threading.Lock()
        self._sounds: dict[str, Sound] = {}
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
        sound = Sound()
        threading.Thread(
            target=self._run, args=(sound, place, text, reference), daemon=True
        ).start()
        sound.wait(FIRST_SECONDS)
        token = secrets.token_urlsafe(18)
        with self._lock:
            self._sounds[token] = sound
            for old in list(self._sounds)[:-KEPT]:
                del self._sounds[old]
        address = ADDRESS.format(token=token)
        label = escape(f"speech: {text[:60]}")
        return Markup(
            f'<audio class="am-player" controls autoplay aria-label="{label}" src="{address}">'
            "</audio>"
        )

    def sound(self, token: str) -> Sound | None:
        """Return the sound of an address; ``None`` if there is none."""
        with self._lock:
            return self._sounds.get(token)

    def _run(self, sound: Sound, place: Path, text: str, reference: Path | None) -> None:
        import numpy as np

        try:
            with self._speaking:
                voice = self._open(place)
                sound.rate = voice.sample_rate
                for chunk in voice.stream(
                    text, speaker_wav=() if reference is None else (reference,)
                ):
                    samples = (np.clip(chunk.samples, -1.0, 1.0) * 32767).astype("<i2")
                    sound.add(samples.tobytes())
                    if sound.abandoned:
                        raise SpeechError("nobody listened any more")
            sound.end()
        except Exception as error:
            sound.end(error)

    def _open(self, place: Path) -> Synthesizer:
        from coqui_amharic_ext.coqui.synthesis import Synthesizer

        changed = max(path.stat().st_mtime_ns for path in (place, *place.glob("*.pth")))
        key = (place, changed)
        if self._voice is None or self._voice[0] != key:
            self._voice = None  # two models at once may not fit
            require_links_inside(self._work, place)
            require_config_inside(self._work, place / "config.json")
            self._voice = (key, Synthesizer.load(place))
        return self._voice[1]


def wav_header(rate: int, size: int | None = None) -> bytes:
    """Return the header of a 16-bit wav of one channel.

    Parameters
    ----------
    rate : int
        Samples per second.
    size : int, optional
        Bytes of samples; without it, a length that nobody knows yet.
    """
    # What players take for "until it ends", and even, as blocks of two bytes have to be.
    size = 0xFFFFFFFE - 36 if size is None else size
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        size + 36,
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
        size,
    )
