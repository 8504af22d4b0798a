"""Import a corpus into the layout that stock recipes read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from coqui_amharic_ext.coqui.languages import AMHARIC
from coqui_amharic_ext.data.audio import AudioError
from coqui_amharic_ext.data.corpus import CorpusWriter, one_line
from coqui_amharic_ext.data.findings import DataError
from coqui_amharic_ext.data.folder import new_folder, require_new
from coqui_amharic_ext.data.languages import language_code
from coqui_amharic_ext.data.manifest import is_language_code
from coqui_amharic_ext.data.reports import LEFT_OUT, write_report
from coqui_amharic_ext.data.rows import NOT_TEXT, usable
from coqui_amharic_ext.data.source import SourceClip
from coqui_amharic_ext.data.sources import open_source

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LISTED: Final = 100
"""Number of unusable clips that an error names; the rest are counted."""

RATES: Final = range(8000, 192001)


@dataclass(frozen=True, slots=True)
class Imported:
    """Result of an import.

    Parameters
    ----------
    folder : Path
        The corpus.
    metadata : tuple of Path
        Its metadata files, one for each language.
    layout : str
        Name of upstream's formatter for them.
    clips : int
        Their number.
    seconds : float
        Their length.
    left_out : tuple of str
        Place and reason of each clip that was left out.
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

    The folder appears when everything is written. Texts are copied unchanged; ``check`` finds their
    faults.

    Parameters
    ----------
    source : Path
        As in ``open_source``.
    folder : Path
        New folder.
    layout, split, text_column, audio_column
        As in ``open_source``.
    language : str
        Language of clips whose source names none.
    rate : int
        Sample rate of the wavs.
    skip_bad : bool
        Leave out clips without text or readable audio and list them in ``left_out.tsv``; otherwise
        they end the import, after all clips were checked.
    tell : callable
        Called with the number of finished and of all clips.

    Raises
    ------
    DataError
        The source cannot be read, clips are unusable (the message names file and line or row of
        each), or the folder exists.
    UnavailableError
        The datasets library is needed and not installed.
    """
    if rate not in RATES:
        raise DataError(f"rate={rate} is not a sample rate from {RATES[0]} to {RATES[-1]} Hz")
    language = language_code(language)
    if not is_language_code(language):
        raise DataError(f"language={language!r} is no language's code, such as am, en or zh-cn")
    require_new(folder)
    opened = open_source(
        source,
        layout=layout,
        split=split,
        text_column=text_column,
        audio_column=audio_column,
    )
    left_out = list(opened.defects)
    seconds = 0.0
    with new_folder(folder) as partial:
        writer = CorpusWriter(partial, rate)
        for number, clip in enumerate(opened.clips(), 1):
            try:
                audio = _load(clip, rate)
            except AudioError as error:
                left_out.append(f"{clip.place}: {error}")
            else:
                # After a fault there will be no corpus: the other clips are only checked.
                if skip_bad or not left_out:
                    _write(writer, clip, audio, language)
                    seconds += len(audio) / rate
            tell(number, opened.total)
        if left_out and not skip_bad:
            raise DataError(_listed(left_out))
        if not writer.clips:
            raise DataError(f"{source}: no clip can be imported; {_first(left_out)}")
        left_out += opened.repeated
        formatter, paths = writer.finish()
        if left_out:
            write_report(partial / LEFT_OUT, ("what",), ((line,) for line in left_out))
    return Imported(
        folder,
        tuple(folder / path.name for path in paths),
        formatter,
        len(writer.clips),
        seconds,
        tuple(left_out),
    )


def _load(clip: SourceClip, rate: int) -> NDArray[np.float32]:
    """Return a clip's audio; any fault of the clip is an ``AudioError``."""
    if not usable((clip.text, clip.written, clip.speaker, clip.language)):
        raise AudioError(NOT_TEXT)
    if not one_line(clip.text):
        raise AudioError("it has no text")
    if clip.language and not is_language_code(clip.language):
        raise AudioError(f"its language {clip.language!r} is no language's code")
    try:
        audio = clip.load(rate)
    except AudioError:
        raise
    except Exception as error:  # a clip can have any fault
        raise AudioError(f"it cannot be read ({type(error).__name__}: {error})") from error
    if not len(audio):
        raise AudioError("its audio is empty")
    return audio


def _write(
    writer: CorpusWriter, clip: SourceClip, audio: NDArray[np.float32], language: str
) -> None:
    writer.add(
        clip.name,
        audio,
        written=clip.written or clip.text,
        spoken=clip.text,
        speaker=clip.speaker,
        language=clip.language or language,
        split=clip.split,
    )


def _listed(bad: list[str]) -> str:
    """Return a message with unusable clips, up to ``LISTED``, one per line."""
    if len(bad) == 1:
        return f"{bad[0]}. Correct it, or leave such clips out: --skip-bad"
    more = [f"and {len(bad) - LISTED} more"] if len(bad) > LISTED else []
    found = "\n".join([*bad[:LISTED], *more])
    fix = "Correct them, or leave such clips out: --skip-bad"
    return f"{len(bad)} clips cannot be used:\n{found}\n{fix}"


def _first(left_out: list[str]) -> str:
    return f"the first: {left_out[0]}" if left_out else "it has none"
