"""Make the corpus's audio and ``metadata.csv`` from ``sentences.txt``.

Needs ``espeak-ng`` on the PATH and the ``soundfile`` package (a dependency of coqui-tts).
Run it in this folder: ``python make_corpus.py``.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import soundfile

HERE = Path(__file__).resolve().parent
SAMPLE_RATE = 22050


def main() -> None:
    """Synthesise every sentence and write LJSpeech's metadata beside the audio."""
    espeak = shutil.which("espeak-ng")
    if espeak is None:
        sys.exit("espeak-ng is not on the PATH; on Debian: apt-get install espeak-ng")
    lines = (HERE / "sentences.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.split("|") for line in lines]
    (HERE / "wavs").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "sentence.wav"
        for name, text in rows:
            command = [espeak, "-v", "am", "-s", "150", "-w", str(wav), text]
            subprocess.run(command, check=True)  # noqa: S603 - one program, a list
            audio, rate = soundfile.read(wav, dtype="int16")
            if rate != SAMPLE_RATE or audio.ndim != 1:
                sys.exit(f"espeak-ng wrote {rate} Hz, {audio.ndim} channels, not 22050 Hz mono")
            soundfile.write(HERE / "wavs" / f"{name}.flac", audio, rate, subtype="PCM_16")
    metadata = "".join(f"{name}|{text}|{text}\n" for name, text in rows)
    (HERE / "metadata.csv").write_text(metadata, encoding="utf-8")


if __name__ == "__main__":
    main()
