"""What a G2P backend is: it transcribes words, and everything else is done around it, once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from coqui_amharic_ext.availability import Availability
from coqui_amharic_ext.contribution import Contribution
from coqui_amharic_ext.g2p import deadline
from coqui_amharic_ext.io.forking import ForkSafeLock

if TYPE_CHECKING:
    from coqui_amharic_ext.settings import Settings

Gives = Literal["segments", "surface"]
GIVES: Final[tuple[Gives, ...]] = ("segments", "surface")
B = TypeVar("B", bound="Backend")


class Backend(ABC):
    """Base class of all G2P backends.

    A backend fills in ``_transcribe`` and, if it has anything heavy to set up, ``_load``. It sees
    normalised Ethiopic words and returns raw IPA; folding of symbols, the quality check, length
    and epenthesis are the chain's. ``__init__`` must be cheap: ``_load`` runs when the backend's
    turn first comes.

    Parameters
    ----------
    settings : Settings
        The settings in force; most backends need none of them.
    """

    name: str = ""
    may_hang: bool = True
    """Whether calls are watched by ``Settings.backend_timeout``; pure local code needs no watch."""

    _loaded: bool
    _load_lock: ForkSafeLock

    def __new__(cls: type[B], *args: object, **kwargs: object) -> B:
        """Set up what ``transcribe`` needs, also under an ``__init__`` that calls no other."""
        self = super().__new__(cls)
        self._loaded = False
        self._load_lock = ForkSafeLock(rank=3)
        return self

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @abstractmethod
    def availability(self) -> Availability:
        """Return whether the backend can serve here; cheap, imports nothing heavy."""

    @abstractmethod
    def version(self) -> str:
        """Return the version of what does the work, ``""`` when it is not installed."""

    def identity(self) -> str:
        """Return what tells this backend's readings from those of another version or model."""
        return self.version()

    def transcribe(self, words: Sequence[str]) -> list[str]:
        """Transcribe normalised words.

        Parameters
        ----------
        words : sequence of str
            Ethiopic words without punctuation.

        Returns
        -------
        list of str
            Raw IPA, one item per word.

        Raises
        ------
        Exception
            Whatever the underlying library raises; the chain records it.
        """
        if not self._loaded:
            with self._load_lock:
                if not self._loaded:
                    self._load()
                    self._loaded = True
        found = self._transcribe(words)
        if len(found) != len(words):
            raise RuntimeError(f"gave {len(found)} transcriptions for {len(words)} words")
        for item in found:
            if not isinstance(item, str):
                raise TypeError(f"gave {type(item).__name__} instead of str: {item!r}")
        return found

    @property
    def loaded(self) -> bool:
        """Whether ``_load`` has come to its end; what fails before that is set-up, not a word."""
        return self._loaded

    def _load(self) -> None:  # noqa: B027  most backends have nothing to load
        """Set up what is heavy; called once, before the first transcription."""

    @abstractmethod
    def _transcribe(self, words: Sequence[str]) -> list[str]:
        """Return raw IPA for each word."""


HANG_FIX: Final = "raise backend_timeout, or leave it out of g2p_backends"
_put_aside: dict[tuple[BackendSpec, Settings], Availability] = {}


@dataclass(frozen=True, slots=True)
class BackendSpec(Contribution):
    """How a backend declares itself; returned by the ``g2p_backends`` hook.

    Attributes
    ----------
    name : str
        What the user writes in ``Settings.g2p_backends``.
    summary : str
        One line for listings.
    gives : {"segments", "surface"}
        ``segments``: consonants and vowels are used, length and ɨ come from the written word;
        ``surface``: symbols are folded, no more.
    factory : callable
        Takes ``Settings`` and returns a ``Backend``. Heavy imports belong into the backend's
        ``_load``, light ones into the factory, none into the plugin module.
    """

    hook = "g2p_backends"

    name: str
    summary: str
    gives: Gives
    factory: Callable[[Settings], Backend]

    def __post_init__(self) -> None:
        if self.gives not in GIVES:
            valid = ", ".join(GIVES)
            raise ValueError(f"gives={self.gives!r} is not valid; valid values: {valid}")
        if not self.name or not self.name.isidentifier():
            raise ValueError(f"name={self.name!r} is not a valid backend name (an identifier)")

    def availability(self, settings: Settings) -> Availability:
        """Return whether the backend can serve under these settings in this process.

        What a chain found out in use, such as that the backend hangs, counts too.

        Raises
        ------
        Exception
            Whatever the backend's factory or its own ``availability`` raises.
        """
        known = self.known_unusable(settings)
        if known is not None:
            return known
        try:
            return self.made(settings)[1]
        except deadline.NoAnswer as error:
            self.put_aside(settings, Availability(False, f"setting it up gave {error}", HANG_FIX))
            raise

    def made(self, settings: Settings) -> tuple[Backend, Availability]:
        """Make the backend and ask whether it can serve, waiting no longer than the time-out.

        Raises
        ------
        TypeError
            The factory gives no ``Backend``, or that no ``Availability``.
        Exception
            Whatever either raises; ``deadline.NoAnswer`` where one of them hangs.
        """

        def make() -> tuple[Backend, Availability]:
            backend = self.factory(settings)
            _require(backend, Backend, "its factory")
            state = backend.availability()
            _require(state, Availability, "its availability()")
            return backend, state

        return deadline.call(make, settings.backend_timeout, self.name)

    def known_unusable(self, settings: Settings) -> Availability | None:
        """Return why the backend was put aside in this process, ``None`` if it was not."""
        return _put_aside.get((self, settings))

    def put_aside(self, settings: Settings, state: Availability) -> None:
        """Remember for ``availability`` that the backend proved unusable."""
        _put_aside[self, settings] = state


def _require(given: Any, kind: type, source: str) -> None:
    if not isinstance(given, kind):
        raise TypeError(f"{source} gave {type(given).__name__}, expected {kind.__name__}")
