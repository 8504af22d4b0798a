"""Write the corpus as files that upstream's recipes read."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path


def sentences() -> list[str]:
    """Return the corpus's sentences as written."""
    table = files(__package__).joinpath("corpus/metadata.csv").read_text(encoding="utf-8")
    return [line.split("|")[1] for line in table.splitlines() if line]


def unpack_corpus(folder: Path) -> Path:
    """Write the corpus in LJSpeech's layout, with FLAC decoded to wav."""
    import soundfile

    (folder / "wavs").mkdir(parents=True)
    with as_file(files(__package__).joinpath("corpus")) as corpus:
        for flac in sorted((corpus / "wavs").glob("*.flac")):
            audio, rate = soundfile.read(flac, dtype="int16")
            soundfile.write(folder / "wavs" / f"{flac.stem}.wav", audio, rate, subtype="PCM_16")
        (folder / "metadata.csv").write_bytes((corpus / "metadata.csv").read_bytes())
    return folder
