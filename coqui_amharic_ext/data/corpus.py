"""Writing a corpus that stock recipes read: 16-bit mono wavs and metadata in upstream's layouts."""

from __future__ import annotations

import csv
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from coqui_amharic_ext.data.audio import write_wav
from coqui_amharic_ext.data.findings import DataError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LAYOUTS: Final = ("ljspeech", "coqui")


@dataclass(frozen=True, slots=True)
class Written:
    """One clip of a corpus that is being written."""

    name: str
    written: str
    spoken: str
    speaker: str
    language: str


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
    ) -> None:
        """Write one clip.

        Parameters
        ----------
        name : str
            Of its file, without folder and ending; made unique.
        audio : ndarray or Path
            Samples at the corpus's rate, or a wav to copy as it is.
        written, spoken : str
            Its text as written and as it is read out; a ``|`` becomes a space.
        speaker, language : str
            Empty where there is none.
        """
        name = self._unique(name)
        target = self._folder / "wavs" / f"{name}.wav"
        if isinstance(audio, Path):
            shutil.copyfile(audio, target)
        else:
            write_wav(target, audio, self._rate)
        self.clips.append(
            Written(name, _one_line(written), _one_line(spoken), _one_line(speaker), language)
        )

    def _unique(self, name: str) -> str:
        plain = re.sub(r"[^\w.-]+", "_", name).strip("._") or "clip"
        found, number = plain, 1
        # Some file systems take two cases for one.
        while found.lower() in self._names:
            number += 1
            found = f"{plain}_{number}"
        self._names.add(found.lower())
        return found

    def finish(self, layout: str = "auto") -> tuple[Path, ...]:
        """Write the metadata.

        Parameters
        ----------
        layout : str
            ``ljspeech``, ``coqui``, or ``auto``: ``coqui`` where there is more than one speaker,
            since LJSpeech's layout has no place for them.

        Returns
        -------
        tuple of Path
            ``metadata.csv``; with several languages one file each, ``metadata_am.csv``, since
            upstream takes the language from the data set's config.

        Raises
        ------
        DataError
            There is not one clip.
        """
        if not self.clips:
            raise DataError("not one clip is left")
        if layout == "auto":
            layout = "coqui" if len({clip.speaker for clip in self.clips}) > 1 else "ljspeech"
        languages = list(dict.fromkeys(clip.language for clip in self.clips))
        paths = []
        for language in languages:
            name = "metadata.csv" if len(languages) == 1 else f"metadata_{language or 'none'}.csv"
            clips = [clip for clip in self.clips if clip.language == language]
            paths.append(_write_metadata(self._folder / name, clips, layout))
        return tuple(paths)


def _one_line(text: str) -> str:
    return " ".join(text.replace("|", " ").split())


def _write_metadata(path: Path, clips: list[Written], layout: str) -> Path:
    with path.open("w", encoding="utf-8", newline="") as target:
        if layout == "ljspeech":
            target.writelines(f"{c.name}|{c.written}|{c.spoken}\n" for c in clips)
            return path
        table = csv.writer(target, delimiter="|", lineterminator="\n")
        table.writerow(("audio_file", "text", "speaker_name"))
        for clip in clips:
            table.writerow((f"wavs/{clip.name}.wav", clip.spoken, clip.speaker or "unknown"))
    return path
