"""Sound is streamed once, errors come before the player, nothing outside is read."""

from __future__ import annotations

import io
import json
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coqui_amharic_ext.webui.speech import (
    IDLE_SECONDS,
    KEPT,
    Sound,
    Speech,
    SpeechError,
    wav_header,
)
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


def test_the_sound_is_a_wav_for_every_player_that_asks(speech: Speech) -> None:
    import soundfile

    token = address(speech.player("ሰላም", "model", ""))
    sound = speech.sound(token)
    assert sound is not None
    streamed = b"".join(sound.stream())
    assert b"".join(sound.stream()) == streamed
    whole = sound.whole()
    assert whole is not None and whole[44:] == streamed[44:]
    for data in (streamed, whole):
        audio, rate = soundfile.read(io.BytesIO(data), dtype="int16")
        assert rate == 8000
        assert [int(audio[i]) for i in (0, 100, 200, 299)] == [8191, -8191, 32767, 32767]
    assert speech.sound("made-up") is None


def test_the_sounds_of_many_texts_are_not_all_kept(speech: Speech) -> None:
    tokens = [address(speech.player("ሰላም", "model", "")) for _ in range(KEPT + 2)]
    assert [speech.sound(token) is None for token in tokens] == [True] * 2 + [False] * KEPT


def test_a_player_hears_pieces_before_the_last_is_made() -> None:
    sound = Sound()
    sound.rate = 8000
    sound.add(b"ab")
    heard = sound.stream()
    assert (len(next(heard)), next(heard)) == (44, b"ab")
    assert sound.whole() is None
    threading.Timer(0.05, lambda: (sound.add(b"cd"), sound.end())).start()
    assert list(heard) == [b"cd"]


def test_a_text_that_breaks_off_is_never_whole() -> None:
    sound = Sound()
    sound.add(b"ab")
    sound.end(RuntimeError("no memory"))
    assert sound.whole() is None
    with pytest.raises(SpeechError, match="broke off: no memory"):
        list(sound.stream())


def test_a_text_is_given_up_when_nobody_has_listened_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [0.0]
    monkeypatch.setattr("coqui_amharic_ext.webui.speech.time.monotonic", lambda: clock[0])
    sound = Sound()
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


def test_the_header_says_the_length_where_it_is_known() -> None:
    assert struct.unpack("<I", wav_header(24000, 10)[40:44]) == (10,)
    (unknown,) = struct.unpack("<I", wav_header(24000)[40:44])
    assert unknown > 2**31 and unknown % 2 == 0


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
        Speech(work).player("ሰላም", "model", "")


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
        Speech(work).player("ሰላም", "model", "")


def test_a_checkpoint_that_is_a_link_out_is_not_loaded(tmp_path: Path) -> None:
    work = WorkFolder.at(tmp_path / "work")
    (work.root / "model").mkdir()
    (work.root / "model" / "config.json").write_text('{"output_path": "/home/somebody/else"}')
    (tmp_path / "model.pth").touch()
    (work.root / "model" / "model.pth").symlink_to(tmp_path / "model.pth")
    with pytest.raises(WorkFolderError, match=r"model.pth.*outside the work folder"):
        Speech(work).player("ሰላም", "model", "")


def test_a_text_that_took_too_long_is_given_up_at_its_first_sound() -> None:
    sound = Sound()
    with pytest.raises(SpeechError, match="no sound after"):
        sound.wait(0.01)
    sound.add(b"ab")
    assert sound.abandoned
