"""Sound is streamed once, errors come before the player, nothing outside is read."""

from __future__ import annotations

import asyncio
import io
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coqui_amharic_ext.webui.speech import IDLE_SECONDS, KEPT, Sound, Speech, SpeechError
from coqui_amharic_ext.webui.workfolder import WorkFolder, WorkFolderError


@dataclass
class Chunk:
    samples: Any


class Voice:
    """Stands for a loaded checkpoint."""

    sample_rate = 8000

    def stream(self, text: str, *, speaker_wav: Any) -> Iterator[Chunk]:
        if text == "bad":
            raise SpeechError("cannot say this")
        for value in (0.25, -0.25, 2.0):
            yield Chunk(np.full(100, value, dtype=np.float32))


@pytest.fixture
def speech(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Speech:
    work = WorkFolder.at(tmp_path / "work")
    (work.root / "model").mkdir()
    speech = Speech(work, tmp_path / "uploads")
    monkeypatch.setattr(speech, "_open", lambda place: Voice())
    return speech


def address(html: str) -> str:
    return html.partition('src="/speech/')[2].partition(".wav")[0]


async def body(answer: Any) -> bytes:
    if hasattr(answer, "path"):
        return Path(answer.path).read_bytes()
    return b"".join([piece async for piece in answer.body_iterator])


def test_the_sound_is_a_wav_for_every_player_that_asks(speech: Speech) -> None:
    import soundfile

    token = address(speech.player("ሰላም", "model", ""))
    for _ in range(3):
        answer = speech.answer(token)
        assert answer.status_code == 200 and answer.media_type == "audio/wav"
        audio, rate = soundfile.read(io.BytesIO(asyncio.run(body(answer))), dtype="int16")
        assert rate == 8000
        assert [int(audio[i]) for i in (0, 100, 200, 299)] == [8192, -8192, 32767, 32767]
    assert speech.answer("made-up").status_code == 404


def test_the_sounds_of_many_texts_are_not_all_kept(speech: Speech, tmp_path: Path) -> None:
    tokens = [address(speech.player("ሰላም", "model", "")) for _ in range(KEPT + 2)]
    kept = [speech.answer(token).status_code == 200 for token in tokens]
    assert kept == [False] * 2 + [True] * KEPT
    assert len(list((tmp_path / "uploads").glob("*.wav"))) == KEPT


class Growing(Sound):
    """A sound that the test makes piece by piece."""

    def add(self, piece: bytes) -> None:
        with self.path.open("ab") as file:
            file.write(piece)
        self.grow(self.path.stat().st_size)


def test_a_player_hears_pieces_before_the_last_is_made(tmp_path: Path) -> None:
    sound = Growing(tmp_path / "a.wav")
    sound.add(b"ab")
    heard = sound.stream()
    assert next(heard) == b"ab" and not sound.whole
    threading.Timer(0.05, lambda: (sound.add(b"cd"), sound.end())).start()
    assert b"".join(heard) == b"cd" and sound.whole


def test_a_text_that_breaks_off_is_never_whole(tmp_path: Path) -> None:
    sound = Growing(tmp_path / "a.wav")
    sound.add(b"ab")
    sound.end(RuntimeError("no memory"))
    assert not sound.whole
    with pytest.raises(SpeechError, match="broke off: no memory"):
        list(sound.stream())


def test_a_text_is_given_up_when_nobody_has_listened_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr("coqui_amharic_ext.webui.speech.time.monotonic", lambda: clock[0])
    sound = Growing(tmp_path / "a.wav")
    clock[0] += 600  # a model is loaded
    sound.add(b"ab")
    assert not sound.abandoned
    clock[0] += IDLE_SECONDS + 1
    assert sound.abandoned
    heard = sound.stream()
    next(heard)
    assert not sound.abandoned
    clock[0] += 600  # heard slowly
    assert not sound.abandoned
    heard.close()
    clock[0] += IDLE_SECONDS + 1
    assert sound.abandoned


@pytest.mark.parametrize(
    ("text", "folder", "said"),
    [
        (" ", "model", "give a text"),
        ("ሀ" * 3000, "model", "3000 characters"),
        ("ሰላም", "", "give the checkpoint folder"),
        ("ሰላም", "../..", "outside the work folder"),
        ("bad", "model", "cannot say this"),
    ],
)
def test_what_cannot_be_said_is_told_before_there_is_a_player(
    speech: Speech, text: str, folder: str, said: str
) -> None:
    with pytest.raises((SpeechError, WorkFolderError), match=said):
        speech.player(text, folder, "")


def test_an_upload_is_taken_from_the_uploads_alone(speech: Speech) -> None:
    with pytest.raises(WorkFolderError, match="outside"):
        speech.player("ሰላም", "model", "", "/etc/hostname")


def test_a_config_that_names_a_file_outside_is_not_loaded(tmp_path: Path) -> None:
    work = WorkFolder.at(tmp_path / "work")
    (work.root / "model").mkdir()
    outside = tmp_path / "vocab.json"
    outside.write_text("{}")
    config = {"model": "xtts", "model_args": {"tokenizer_file": str(outside)}, "x": [{"y": "/no"}]}
    (work.root / "model" / "config.json").write_text(json.dumps(config))
    (work.root / "model" / "model.pth").touch()
    with pytest.raises(WorkFolderError, match=r"vocab.json, which is outside the work folder"):
        Speech(work, tmp_path / "uploads").player("ሰላም", "model", "")


@pytest.mark.parametrize(
    "config",
    [
        {"model_args": {"speaker_encoder_model_path": "https://evil.example/x.pth"}},
        {"model_args": {"speakers_file": "file:///etc/hostname"}},
        {"model_args": {"speakers_file": "here.pth"}},
    ],
)
def test_a_config_that_names_an_address_or_a_file_beside_the_page_is_not_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: dict[str, Any]
) -> None:
    (tmp_path / "here.pth").touch()
    monkeypatch.chdir(tmp_path)
    work = WorkFolder.at(tmp_path / "work")
    (work.root / "model").mkdir()
    (work.root / "model" / "config.json").write_text(json.dumps(config))
    with pytest.raises(WorkFolderError, match="outside the work folder"):
        Speech(work, tmp_path / "uploads").player("ሰላም", "model", "")


def test_a_checkpoint_that_is_a_link_out_is_not_loaded(tmp_path: Path) -> None:
    work = WorkFolder.at(tmp_path / "work")
    (work.root / "model").mkdir()
    (work.root / "model" / "config.json").write_text('{"output_path": "/home/somebody/else"}')
    (tmp_path / "model.pth").touch()
    (work.root / "model" / "model.pth").symlink_to(tmp_path / "model.pth")
    with pytest.raises(WorkFolderError, match=r"model.pth.*outside the work folder"):
        Speech(work, tmp_path / "uploads").player("ሰላም", "model", "")


def test_a_text_that_took_too_long_is_given_up_at_its_first_sound(tmp_path: Path) -> None:
    sound = Growing(tmp_path / "a.wav")
    with pytest.raises(SpeechError, match="no sound after"):
        sound.wait(0.01)
    sound.add(b"ab")
    assert sound.abandoned
