"""A backend in a chain: asked in batches, and put aside when it proves unusable."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from coqui_amharic_ext.availability import Availability
from coqui_amharic_ext.g2p import deadline
from coqui_amharic_ext.g2p.backend import HANG_FIX, Backend, BackendSpec, Gives
from coqui_amharic_ext.g2p.types import Rejection

if TYPE_CHECKING:
    from coqui_amharic_ext.settings import Settings

BATCH: Final = 16
"""Words per call of a backend that may hang, so that a long list does not look like a hang."""
_FAULT_FIX: Final = "repair its installation, or leave it out of g2p_backends"
_LONGEST_REASON: Final = 300

logger = logging.getLogger("coqui_amharic_ext")


@dataclass(frozen=True, slots=True)
class BackendState:
    """The state of one backend in a chain."""

    name: str
    summary: str
    gives: Gives
    version: str
    availability: Availability


class Member:
    """A backend in a chain.

    Parameters
    ----------
    spec : BackendSpec
        The backend's declaration.
    settings : Settings
        Handed to the backend.

    Attributes
    ----------
    available : Availability
        Whether the backend can serve, as far as is known now.
    """

    def __init__(self, spec: BackendSpec, settings: Settings) -> None:
        self.spec = spec
        self.settings = settings
        self.available = Availability(True)
        self._backend: Backend | None = None
        self._warned = False
        known = spec.known_unusable(settings)
        if known is not None:  # another chain found that out; a hang would cost its time again
            self.available = known
            return
        try:
            self._backend, self.available = spec.made(settings)
        except deadline.NoAnswer as error:
            self._put_aside(f"setting it up gave {error}", HANG_FIX)
        except Exception as error:
            self._put_aside(f"setting it up failed: {_describe(error)}", _FAULT_FIX)
        else:
            if not self.available:
                logger.info("G2P backend %s is not available: %s", spec.name, self.available.reason)

    @property
    def name(self) -> str:
        """The backend's name."""
        return self.spec.name

    def state(self) -> BackendState:
        """Return the backend's state with its version."""
        spec = self.spec
        return BackendState(spec.name, spec.summary, spec.gives, self._version(), self.available)

    def _version(self) -> str:
        """Return the backend's version, ``""`` where it cannot be told."""
        try:
            return "" if self._backend is None else self._backend.version()
        except (Exception, SystemExit) as error:
            logger.debug("version of %s: %s", self.name, error)
            return ""

    def identity(self) -> str:
        """Return what tells this backend's readings from another version's."""
        try:
            return "" if self._backend is None else self._backend.identity()
        except (Exception, SystemExit) as error:
            logger.debug("identity of %s: %s", self.name, error)
            return self._version()

    def ask(self, words: Sequence[str]) -> dict[str, str | Rejection]:
        """Return raw IPA, or the reason why there is none, for each word."""
        found: dict[str, str | Rejection] = {}
        size = BATCH if self._backend is None or self._backend.may_hang else len(words)
        for start in range(0, len(words), size):
            found.update(self._ask_batch(words[start : start + size]))
        return found

    def _ask_batch(self, words: Sequence[str]) -> dict[str, str | Rejection]:
        backend = self._backend
        if backend is None or not self.available:
            return self._rejections(words, self.available.reason)
        try:
            if backend.may_hang:
                seconds = self.settings.backend_timeout
                raw = deadline.call(lambda: backend.transcribe(words), seconds, self.name)
            else:
                raw = _transcribed_here(backend, words)
        except deadline.NoAnswer as error:
            self._put_aside(str(error), HANG_FIX)
            return self._rejections(words, str(error))
        except Exception as error:
            if not backend.loaded:
                self._put_aside(f"loading it failed: {_describe(error)}", _FAULT_FIX)
                return self._rejections(words, self.available.reason)
            if len(words) > 1:  # find the words that it fails on
                return {k: v for word in words for k, v in self._ask_batch([word]).items()}
            self._warn_once(f"it fails on {words[0]!r}: {_describe(error)}")
            return self._rejections(words, _describe(error))
        return dict(zip(words, raw, strict=True))

    def _put_aside(self, reason: str, fix: str) -> None:
        """Record that the backend will not be asked again in this process."""
        if self.available:
            logger.warning("G2P backend %s is put aside: %s", self.name, reason)
            self.available = Availability(False, reason, fix)
            self.spec.put_aside(self.settings, self.available)

    def _rejections(self, words: Sequence[str], reason: str) -> dict[str, str | Rejection]:
        return dict.fromkeys(words, Rejection(self.name, "", reason))

    def _warn_once(self, message: str) -> None:
        if not self._warned:
            self._warned = True
            logger.warning("G2P backend %s: %s", self.name, message)


def _transcribed_here(backend: Backend, words: Sequence[str]) -> list[str]:
    """Ask a backend in this thread; ending the program is the user's, and Ctrl-C passes."""
    try:
        return backend.transcribe(words)
    except (SystemExit, GeneratorExit) as error:
        raise deadline.Stopped(f"it raised {type(error).__name__} {error}".rstrip()) from error


def _describe(error: Exception) -> str:
    message = str(error)
    if len(message) > _LONGEST_REASON:
        message = message[:_LONGEST_REASON] + "…"
    return f"{type(error).__name__}: {message}"
