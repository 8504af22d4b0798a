"""The kinds of findings of a corpus check, and one finding."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from coqui_amharic_ext.errors import DataError as DataError

Severity = Literal["error", "warning"]
Remedy = Literal["fixed", "left out", "kept"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of finding.

    Parameters
    ----------
    severity : {"error", "warning"}
        ``error``: training stops at the row, leaves it out or learns something wrong from it.
        ``warning``: the row can be used, and should be looked at.
    summary : str
        A few words.
    remedy : {"fixed", "left out", "kept"}
        The fixed copy's treatment.
    """

    severity: Severity
    summary: str
    remedy: Remedy


KINDS: Final = MappingProxyType(
    {
        "bom": Kind("error", "byte order mark before the first name", "fixed"),
        "encoding": Kind("error", "metadata that are not UTF-8", "fixed"),
        "columns": Kind("error", "a line with too few or too many columns", "left out"),
        "no-third-column": Kind("error", "lines of name|text, without a third column", "fixed"),
        "layout": Kind("error", "a layout that upstream's formatter misreads", "fixed"),
        "missing-audio": Kind("error", "the audio file does not exist", "left out"),
        "unreadable-audio": Kind("error", "the audio cannot be read", "left out"),
        "silent-audio": Kind("error", "only silence", "left out"),
        "too-short": Kind("error", "shorter than the model takes", "left out"),
        "too-long": Kind("error", "longer than the model takes", "left out"),
        "sample-rate": Kind("error", "the model would hear it at the wrong speed", "fixed"),
        "resampled": Kind("warning", "resampled each time it is loaded", "fixed"),
        "narrow-band": Kind("warning", "recorded at a lower rate than the model uses", "kept"),
        "stereo": Kind("warning", "more than one channel", "fixed"),
        "clipping": Kind("warning", "louder than the recording could hold", "kept"),
        "edge-silence": Kind("warning", "long silence before or after the speech", "fixed"),
        "pace": Kind("warning", "far more or less text for its length than the others", "kept"),
        "empty-text": Kind("error", "no text", "left out"),
        "unreadable-text": Kind("error", "the text cannot be read out", "left out"),
        "unknown-characters": Kind("error", "characters without a symbol in the model", "left out"),
        "dropped-characters": Kind("warning", "characters that are not spoken", "fixed"),
        "too-much-text": Kind("error", "more text than the model takes", "left out"),
        "numerals": Kind("warning", "numbers in figures", "fixed"),
        "unicode": Kind(
            "warning", "Unicode that is not composed, or invisible characters", "fixed"
        ),
        "script": Kind("warning", "a text without a letter of its language's script", "kept"),
        "duplicate": Kind("error", "the same recording twice", "left out"),
        "contradiction": Kind("error", "one recording with two texts", "left out"),
        "repeated-text": Kind("warning", "one speaker says the same text again", "kept"),
        "language": Kind("error", "a language that the model does not know", "left out"),
        "speaker": Kind("error", "no speaker, but other rows have one", "left out"),
        "eval-split": Kind("warning", "too few clips for the recipe's evaluation split", "kept"),
        "endless-split": Kind("error", "upstream's evaluation split would never end", "kept"),
    }
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault, its place and its effect.

    Parameters
    ----------
    kind : str
        A key of ``KINDS``.
    message : str
        The fault in words.
    metadata : Path
        The metadata file.
    line : int
        The line, from 1; 0 for the whole file.
    audio, text : str
        The row's; empty if there is none.
    clear : bool
        Whether the case is certain: an error that is left out, whatever its kind usually is.
    """

    kind: str
    message: str
    metadata: Path
    line: int = 0
    audio: str = ""
    text: str = ""
    clear: bool = False

    @property
    def severity(self) -> Severity:
        """``error`` or ``warning``."""
        return "error" if self.clear else KINDS[self.kind].severity

    @property
    def remedy(self) -> Remedy:
        """What a fixed copy does about it."""
        return "left out" if self.clear else KINDS[self.kind].remedy

    @property
    def place(self) -> str:
        """File and line, as compilers write them."""
        return f"{self.metadata}:{self.line}" if self.line else str(self.metadata)

    def to_dict(self) -> dict[str, object]:
        """Return what ``--json`` prints."""
        return {
            "kind": self.kind,
            "severity": self.severity,
            "message": self.message,
            "file": str(self.metadata),
            "line": self.line,
            "audio": self.audio,
            "text": self.text,
            "remedy": self.remedy,
        }
