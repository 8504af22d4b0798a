"""Small corpora made on the spot: tones, with whatever is wrong with them on purpose."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

RATE = 22050


def tone(seconds: float, frequency: float = 220.0, rate: int = RATE, level: float = 0.5) -> Any:
    time = np.arange(int(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * frequency * time)).astype(np.float32)


def silence(seconds: float, rate: int = RATE) -> Any:
    return np.zeros(int(seconds * rate), dtype=np.float32)


def noise(path: Path, seed: int, rate: int = RATE, **options: Any) -> Path:
    """Write a second of noise and a little more, unlike any other seed's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.random.default_rng(seed).normal(0, 0.1, int(rate * (1 + seed / 20)))
    soundfile.write(path, samples.astype(np.float32), rate, **options)
    return path


Corpus = Callable[..., Path]


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """Write a corpus in LJSpeech's layout; a clip is samples, or ``None`` for a missing file."""

    def make(
        clips: dict[str, Any] | None = None,
        texts: dict[str, str] | None = None,
        *,
        lines: list[str] | None = None,
        rate: int = RATE,
        name: str = "corpus",
    ) -> Path:
        folder = tmp_path / name
        (folder / "wavs").mkdir(parents=True)
        clips = {"one": tone(2.0)} if clips is None else clips
        for number, (stem, audio) in enumerate(clips.items()):
            if isinstance(audio, bytes):
                (folder / "wavs" / f"{stem}.wav").write_bytes(audio)
            elif audio is not None:
                # Each clip has a sample of its own, so that none is another's copy by chance.
                audio = np.concatenate([audio, np.full((1, *audio.shape[1:]), number / 1000, "f")])
                soundfile.write(folder / "wavs" / f"{stem}.wav", audio, rate, subtype="FLOAT")
        texts = texts or {}
        if lines is None:
            lines = [f"{s}|{texts.get(s, s)}|{texts.get(s, f'ሰላም {s}')}" for s in clips]
        path = folder / "metadata.csv"
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return path

    return make


def tree(folder: Path) -> dict[str, str]:
    """Return a digest of every file, hidden ones too."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
