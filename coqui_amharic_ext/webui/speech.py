"""Speech that a browser plays while the model still makes it.

``gr.Audio(streaming=True)`` needs the program ``ffmpeg``, without which it stays silent, sends AAC,
which not every browser takes, and stalls between pieces. A plain wav that grows needs none of it.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup
from starlette.responses import FileResponse, Response, StreamingResponse

from coqui_amharic_ext.errors import CoquiAmharicError
from coqui_amharic_ext.io.wav import WavStream
from coqui_amharic_ext.webui.inside import require_config_inside, require_links_inside
from coqui_amharic_ext.webui.workfolder import WorkFolder

if TYPE_CHECKING:
    from coqui_amharic_ext.coqui.synthesis import Synthesizer

ADDRESS: Final = "/speech/{token}.wav"
FIRST_SECONDS: Final = 600.0
KEPT: Final = 8
"""How many sounds are kept, so that a player can ask for one again."""
IDLE_SECONDS: Final = 60.0
"""How long a text is spoken that nobody listens to."""
MOST_CHARACTERS: Final = 2000


class SpeechError(CoquiAmharicError, RuntimeError):
    """There is no text, no checkpoint, or the model stopped with an error."""


class Sound:
    """The sound of one text: a wav file that grows; any number of players read it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self.ended = False
        self.error: Exception | None = None
        self._changed = threading.Condition()
        self._given_up = False
        self._listeners = 0
        self._listened = time.monotonic()

    @property
    def whole(self) -> bool:
        """Whether all of it is made."""
        return self.ended and self.error is None

    @property
    def abandoned(self) -> bool:
        """Whether nobody has listened for a while."""
        idle = time.monotonic() - self._listened > IDLE_SECONDS
        return self._given_up or (not self._listeners and idle)

    def grow(self, size: int) -> None:
        """Tell the players how long the file is now."""
        with self._changed:
            if not self.size:  # loading a model may take minutes, in which nobody can listen
                self._listened = time.monotonic()
            self.size = size
            self._changed.notify_all()

    def end(self, error: Exception | None = None) -> None:
        """Tell the players that the file is complete, or will not be."""
        with self._changed:
            self.ended, self.error = True, error
            self._changed.notify_all()

    def wait(self, seconds: float) -> None:
        """Wait for the first piece; raise the error that the model stopped with before."""
        with self._changed:
            if not self._changed.wait_for(lambda: self.size or self.ended, seconds):
                self._given_up = True
                raise SpeechError(f"no sound after {seconds:.0f} s")
            if not self.size:
                raise self.error or SpeechError("the checkpoint made no sound of this text")

    def stream(self) -> Iterator[bytes]:
        """Return the file's bytes as they are written."""
        self._listeners += 1
        try:
            with self.path.open("rb") as file:
                while True:
                    sent = file.tell()
                    with self._changed:
                        while self.size == sent and not self.ended:
                            self._changed.wait()
                    if self.size == sent:
                        break
                    yield file.read(self.size - sent)
        finally:
            self._listeners -= 1
            self._listened = time.monotonic()
        if self.error is not None:
            raise SpeechError(f"the sound broke off: {self.error}")


class Speech:
    """Speaks through checkpoints of the work folder, one text at a time."""

    def __init__(self, work: WorkFolder, uploads: Path) -> None:
        self._work = work
        self._uploads = WorkFolder.at(uploads)
        self._speaking = threading.Lock()
        self._sounds: dict[str, Sound] = {}
        self._voice: tuple[tuple[Path, int], Synthesizer] | None = None

    def player(self, text: str, folder: str, speaker: str, upload: str | None = None) -> Markup:
        """Start to speak; return a player as soon as there is a sound.

        Parameters
        ----------
        text : str
            Amharic.
        folder, speaker : str
            The checkpoint's folder and a reference recording, which may be empty, inside the work
            folder.
        upload : str, optional
            An uploaded recording, used instead of ``speaker``.
        """
        if not text.strip():
            raise SpeechError("give a text to speak")
        if len(text) > MOST_CHARACTERS:
            raise SpeechError(f"the text has {len(text)} characters; give up to {MOST_CHARACTERS}")
        place = self._work.folder(folder, "checkpoint folder")
        reference: Path | None = None
        if upload:
            reference = self._uploads.file(upload, "recording")
        elif speaker.strip():
            reference = self._work.file(speaker, "reference speaker")
        token = secrets.token_urlsafe(18)
        sound = Sound(self._uploads.root / f"{token}.wav")
        speaking = (sound, place, text, reference)
        threading.Thread(target=self._speak, args=speaking, daemon=True).start()
        sound.wait(FIRST_SECONDS)
        self._sounds[token] = sound
        for old in list(self._sounds)[:-KEPT]:
            with contextlib.suppress(KeyError, OSError):  # another session does the same
                self._sounds.pop(old).path.unlink()
        return Markup(
            '<audio class="am-player" controls autoplay aria-label="speech: {}" src="{}"></audio>'
        ).format(text[:60], ADDRESS.format(token=token))

    def answer(self, token: str) -> Any:
        """Answer a player that asks for a sound."""
        sound = self._sounds.get(token)
        if sound is None:
            return Response("This sound is no longer kept: speak again.", status_code=404)
        headers = {"content-disposition": 'inline; filename="speech.wav"'}
        if sound.whole:  # some players ask for parts of it
            return FileResponse(sound.path, media_type="audio/wav", headers=headers)
        return StreamingResponse(sound.stream(), media_type="audio/wav", headers=headers)

    def _speak(self, sound: Sound, place: Path, text: str, reference: Path | None) -> None:
        try:
            with self._speaking:
                voice = self._open(place)
                speakers = () if reference is None else (reference,)
                with sound.path.open("wb") as file, WavStream(file, voice.sample_rate) as wav:
                    for chunk in voice.stream(text, speaker_wav=speakers):
                        wav.write(chunk.samples)
                        sound.grow(file.tell())
                        if sound.abandoned:
                            raise SpeechError("nobody listens any more")
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
