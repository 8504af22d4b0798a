"""Errors that the package raises on purpose; each message names what was given and what to do."""

from __future__ import annotations


class CoquiAmharicError(Exception):
    """Base class of the package's own errors."""


class SettingsError(CoquiAmharicError, ValueError):
    """A setting has a value that is not valid; the message lists the valid ones."""


class DataError(CoquiAmharicError, ValueError):
    """A file of texts or a corpus cannot be used; the message names file and line."""


class UnavailableError(CoquiAmharicError, RuntimeError):
    """Something chosen explicitly cannot serve here; the message names the reason and the fix."""


class TranscriptionError(CoquiAmharicError, RuntimeError):
    """No configured G2P backend gave an acceptable transcription of a word."""


class SynthesisError(CoquiAmharicError, RuntimeError):
    """A model cannot be loaded or cannot speak; the message says what to change."""
