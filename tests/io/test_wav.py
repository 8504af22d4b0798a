"""A wav that is played while it is written."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from coqui_amharic_ext.io.wav import WavStream


def test_a_wav_can_be_played_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "out.wav"
    samples = np.linspace(-1, 1, 1000, dtype=np.float32)
    with path.open("wb") as target, WavStream(target, 24000) as wav:
        for number in range(1, 4):
            wav.write(samples)
            audio, rate = soundfile.read(path)
            assert (len(audio), rate) == (number * 1000, 24000)
    audio, _ = soundfile.read(path)
    assert audio[:1000] == pytest.approx(samples, abs=1e-4)
    header = path.read_bytes()[:44]
    assert struct.unpack("<I", header[4:8])[0] == path.stat().st_size - 8
    assert struct.unpack("<I", header[40:44])[0] == 6000


def test_what_is_beyond_full_scale_is_cut_off(tmp_path: Path) -> None:
    target = io.BytesIO()
    with WavStream(target, 8000) as wav:
        wav.write(np.array([-3.0, 3.0], dtype=np.float32))
    assert np.frombuffer(target.getvalue()[44:], dtype="<i2").tolist() == [-32767, 32767]


def test_a_pipe_is_written_without_rewinding() -> None:
    class Pipe(io.RawIOBase):
        data = b""

        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            self.data += bytes(data)
            return len(data)

    pipe = Pipe()
    with WavStream(pipe, 24000) as wav:  # type: ignore[arg-type]
        wav.write(np.zeros(10, dtype=np.float32))
    assert len(pipe.data) == 44 + 20
    assert struct.unpack("<I", pipe.data[40:44])[0] == 0xFFFFFFFF
