"""Sound is streamed once, errors come before the player, nothing outside is read."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coqui_amharic_ext.webui.speech import Speech, SpeechError, wav_header
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


def test_the_sound_is_a_wav_that_can_be_had_once(speech: Speech) -> None:
    import soundfile

    token = address(speech.player("ሰላም", "model", ""))
    sound = speech.sound(token)
    assert sound is not None
    data = b"".join(sound)
    audio, rate = soundfile.read(io.BytesIO(data), dtype="int16")
    assert rate == 8000
    assert [int(audio[i]) for i in (0, 100, 200, 299)] == [8191, -8191, 32767, 32767]
    assert speech.sound(token) is None
    assert speech.sound("made-up") is None


def test_the_header_stands_for_any_length() -> None:
    assert len(wav_header(24000)) == 44
    assert wav_header(24000)[40:44] > b"\x00\x00\x00\x00"


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
    with pytest.raises(SpeechError, match=r"vocab.json, which is outside the work folder"):
        Speech(work).player("ሰላም", "model", "")
