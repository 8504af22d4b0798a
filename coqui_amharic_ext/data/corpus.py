"""Write a corpus that stock recipes read: 16-bit mono wavs and metadata in upstream's layouts."""

from __future__ import annotations

import csv
import re
import shutil
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from coqui_amharic_ext.data.findings import DataError
from coqui_amharic_ext.data.manifest import EVAL, TRAIN, Part, write_manifest
from coqui_amharic_ext.io.wav import write_wav

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NAME_BYTES: Final = 150
UNKNOWN: Final = "unknown"
_DIGEST: Final = re.compile(r"[0-9a-f]{32,}")
"""A speaker's name that is a digest, as Common Voice's 128 digits are."""
_SHORTEST: Final = 12


@dataclass(frozen=True, slots=True)
class Written:
    """One written clip of a corpus."""

    name: str
    written: str
    spoken: str
    speaker: str
    language: str
    split: str


class CorpusWriter:
    """Fills a folder with wavs, then with metadata.

    Parameters
    ----------
    folder : Path
        An empty folder.
    rate : int
        Sample rate of the wavs.
    """

    def __init__(self, folder: Path, rate: int) -> None:
        self._folder = folder
        self._rate = rate
        self._names: set[str] = set()
        self._last: dict[str, int] = {}
        self.clips: list[Written] = []
        (folder / "wavs").mkdir()

    def add(
        self,
        name: str,
        audio: NDArray[np.float32] | Path,
        *,
        written: str,
        spoken: str,
        speaker: str = "",
        language: str = "",
        split: str = "",
    ) -> None:
        """Write one clip.

        Parameters
        ----------
        name : str
            Name of its file, without folder and ending; made unique.
        audio : ndarray or Path
            Samples at the corpus's rate, or a wav to copy as it is.
        written, spoken : str
            The text as written and as read out; a ``|`` becomes a space.
        speaker, language : str
            Empty where there is none.
        split : str
            ``train`` or ``eval`` if the corpus is already split.
        """
        name = self._unique(name)
        target = self._folder / "wavs" / f"{name}.wav"
        if isinstance(audio, Path):
            shutil.copyfile(audio, target)
        else:
            write_wav(target, audio, self._rate)
        self.clips.append(
            Written(name, one_line(written), one_line(spoken), one_line(speaker), language, split)
        )

    def _unique(self, name: str) -> str:
        plain = re.sub(r"[^\w.-]+", "_", unicodedata.normalize("NFC", name))
        # File systems limit names to 255 bytes; an Amharic letter has three.
        plain = plain.encode(errors="ignore")[:NAME_BYTES].decode(errors="ignore")
        plain = plain.strip("._") or "clip"
        # Some file systems ignore case.
        found, key = plain, plain.lower()
        while found.lower() in self._names:
            self._last[key] = self._last.get(key, 1) + 1
            found = f"{plain}_{self._last[key]}"
        self._names.add(found.lower())
        return found

    def finish(self) -> tuple[str, tuple[Path, ...]]:
        """Write the metadata, and ``corpus.json``, which the recipes read.

        Returns
        -------
        str
            Upstream's formatter: ``coqui`` for several speakers, since LJSpeech's layout has no
            column for them, else ``ljspeech``.
        tuple of Path
            ``metadata.csv``. With several languages one file each, ``metadata_am.csv``, since
            upstream takes the language from the data set's config; a corpus that is already split
            has ``metadata_train.csv`` and ``metadata_eval.csv``.

        Raises
        ------
        DataError
            There are no clips.
        """
        if not self.clips:
            raise DataError("no clip is left")
        short = short_names(clip.speaker for clip in self.clips)
        self.clips = [replace(clip, speaker=short[clip.speaker]) for clip in self.clips]
        speakers = set(short.values())
        formatter = "coqui" if len(speakers) > 1 else "ljspeech"
        languages = list(dict.fromkeys(clip.language for clip in self.clips))
        parts = []
        for language in languages:
            of_it = [clip for clip in self.clips if clip.language == language]
            # Clips only for evaluation, or only for training, are no split.
            given = {clip.split == EVAL for clip in of_it} == {False, True}
            for split in (TRAIN, EVAL) if given else ("",):
                clips = [c for c in of_it if not given or (c.split == EVAL) == (split == EVAL)]
                middle = (language or "none") if len(languages) > 1 else ""
                name = "_".join(filter(None, ("metadata", middle, split)))
                path = _write_metadata(self._folder / f"{name}.csv", clips, formatter)
                parts.append(Part(path, language, split))
        named = {speaker or UNKNOWN for speaker in speakers} if formatter == "coqui" else ()
        write_manifest(self._folder, formatter, self._rate, parts, named)
        return formatter, tuple(part.metadata for part in parts)


def short_names(speakers: Iterable[str]) -> dict[str, str]:
    """Return a name for each speaker, short where the given one is a digest of 32 digits or more.

    It is the digest's first 12 digits, or as many more as tell it from every other name of the
    corpus, so that the same speaker has the same name in every import.
    """
    names = set(speakers)
    for length in range(_SHORTEST, max(map(len, names), default=0)):
        short = {n: n[:length] if _DIGEST.fullmatch(n) else n for n in names}
        if len(set(short.values())) == len(names):
            return short
    return {name: name for name in names}


def one_line(text: str) -> str:
    """Return a text without ``|`` and line ends, which metadata cannot contain."""
    return " ".join(text.replace("|", " ").split())


def _write_metadata(path: Path, clips: list[Written], formatter: str) -> Path:
    with path.open("w", encoding="utf-8", newline="") as target:
        if formatter == "ljspeech":
            target.writelines(f"{c.name}|{c.written}|{c.spoken}\n" for c in clips)
            return path
        table = csv.writer(target, delimiter="|", lineterminator="\n")
        table.writerow(("audio_file", "text", "speaker_name"))
        for clip in clips:
            table.writerow((f"wavs/{clip.name}.wav", clip.spoken, clip.speaker or UNKNOWN))
    return path
