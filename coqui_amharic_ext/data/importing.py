"""Import a corpus from elsewhere into the layout that stock recipes read."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from coqui_amharic_ext.coqui.languages import AMHARIC
from coqui_amharic_ext.data.audio import AudioError
from coqui_amharic_ext.data.corpus import CorpusWriter
from coqui_amharic_ext.data.findings import DataError
from coqui_amharic_ext.data.folder import new_folder, require_new
from coqui_amharic_ext.data.languages import language_code
from coqui_amharic_ext.data.sources import SourceClip, open_source

LEFT_OUT: Final = "left_out.tsv"
RATES: Final = range(8000, 192001)


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import wrote.

    Parameters
    ----------
    folder : Path
        The corpus.
    metadata : tuple of Path
        Its metadata files, one for each language.
    layout : str
        Name of upstream's formatter for them.
    clips : int
        How many there are.
    seconds : float
        Their length.
    left_out : tuple of str
        Place and reason of each clip that is not there.
    """

    folder: Path
    metadata: tuple[Path, ...]
    layout: str
    clips: int
    seconds: float
    left_out: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        """Return what ``--json`` prints."""
        return {
            "folder": str(self.folder),
            "metadata": [str(path) for path in self.metadata],
            "layout": self.layout,
            "clips": self.clips,
            "seconds": round(self.seconds, 2),
            "left_out": list(self.left_out),
        }


def import_corpus(
    source: Path,
    folder: Path,
    *,
    layout: str = "auto",
    language: str = AMHARIC,
    split: str | None = None,
    text_column: str | None = None,
    audio_column: str | None = None,
    rate: int = 22050,
    skip_bad: bool = False,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> Imported:
    """Write a source's clips as 16-bit mono wavs with metadata beside them.

    The folder appears when all is written. Texts are taken as they are; ``check`` says what is
    wrong with them.

    Parameters
    ----------
    source : Path
        As in ``open_source``.
    folder : Path
        New folder.
    layout, split, text_column, audio_column
        As in ``open_source``.
    language : str
        Of clips whose source does not name one.
    rate : int
        Sample rate of the wavs.
    skip_bad : bool
        Whether a clip without text or readable audio is left out and listed in ``left_out.tsv``,
        or ends the import.
    tell : callable
        Is told how many of how many clips are done.

    Raises
    ------
    DataError
        The source cannot be read, a clip is unusable (the message names file and line or row), or
        the folder exists.
    UnavailableError
        pyarrow is needed and not installed.
    """
    if rate not in RATES:
        raise DataError(f"rate={rate} is not a sample rate from {RATES[0]} to {RATES[-1]} Hz")
    require_new(folder)
    opened = open_source(
        source,
        layout=layout,
        split=split,
        text_column=text_column,
        audio_column=audio_column,
    )
    if opened.defects and not skip_bad:
        raise DataError(
            f"{opened.defects[0]} ({len(opened.defects)} in all). Mend it, or leave such lines "
            "out: --skip-bad"
        )
    left_out = list(opened.defects)
    seconds = 0.0
    with new_folder(folder) as partial:
        writer = CorpusWriter(partial, rate)
        for number, clip in enumerate(opened.clips(), 1):
            try:
                seconds += _add(writer, clip, rate, language)
            except AudioError as error:
                if not skip_bad:
                    raise DataError(
                        f"{clip.place}: {error}. Mend it, or leave such clips out: --skip-bad"
                    ) from error
                left_out.append(f"{clip.place}: {error}")
            tell(number, opened.total)
        if not writer.clips:
            raise DataError(f"{source}: not one clip can be imported; {_first(left_out)}")
        formatter, paths = writer.finish()
        if left_out:
            _list(partial / LEFT_OUT, left_out)
    return Imported(
        folder,
        tuple(folder / path.name for path in paths),
        formatter,
        len(writer.clips),
        seconds,
        tuple(left_out),
    )


def _add(writer: CorpusWriter, clip: SourceClip, rate: int, language: str) -> float:
    if not clip.text.strip():
        raise AudioError("it has no text")
    audio = clip.load(rate)
    if not len(audio):
        raise AudioError("its audio is empty")
    writer.add(
        clip.name,
        audio,
        written=clip.written or clip.text,
        spoken=clip.text,
        speaker=clip.speaker,
        language=clip.language or language_code(language),
        split=clip.split,
    )
    return len(audio) / rate


def _first(left_out: list[str]) -> str:
    return f"the first: {left_out[0]}" if left_out else "it has none"


def _list(path: Path, left_out: list[str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as target:
        table = csv.writer(target, delimiter="\t", lineterminator="\n")
        table.writerow(("what",))
        table.writerows((line,) for line in left_out)
