"""The chain: the user's lexicon, what is known, then each backend in turn until one is believed.

A word that our lexicon or a verb paradigm answers asks no backend, so that a backend is loaded when
the first unknown word needs it. One that is chosen by name is asked for every word.

A word is never lost. A backend that is missing, fails, hangs or gives what the quality check does
not believe is recorded with its reason, and the next one is asked; the written word itself, read
by ``rules``, is the floor under every chain, also under one that does not name ``rules``. What
``rules`` gives is taken as it is: it follows the letters by construction, and its measures can be
read in ``Word.quality``.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import compress, takewhile
from typing import TYPE_CHECKING, Final, TypeVar

from coqui_amharic_ext import plugins
from coqui_amharic_ext.availability import Availability
from coqui_amharic_ext.errors import SettingsError, TranscriptionError, UnavailableError
from coqui_amharic_ext.g2p import deadline
from coqui_amharic_ext.g2p.backend import HANG_FIX, Backend, BackendSpec, Gives
from coqui_amharic_ext.g2p.grammar import context
from coqui_amharic_ext.g2p.letters_fit import read_as
from coqui_amharic_ext.g2p.phonology.elision import elided
from coqui_amharic_ext.g2p.phonology.inventory import LENGTH
from coqui_amharic_ext.g2p.phonology.letters import MARKS
from coqui_amharic_ext.g2p.phonology.narrow import narrowed
from coqui_amharic_ext.g2p.quality import check
from coqui_amharic_ext.g2p.realisation import Realisation, fold, realise
from coqui_amharic_ext.g2p.same_as_letters import all_same_as_letters
from coqui_amharic_ext.g2p.types import Layer, Quality, Rejection, Word
from coqui_amharic_ext.g2p.user_lexicon import UserLexicon

if TYPE_CHECKING:
    from coqui_amharic_ext.settings import Settings

RULES: Final = "rules"
LEXICON: Final = "lexicon"
LONGEST_WORD: Final = 48
"""Letters; anything longer is no word and is read in pieces, so that time stays linear."""
_LONGEST_REASON: Final = 300
BATCH: Final = 16
"""Words per call of a backend that may hang, so that a long list is not taken for a hang."""

logger = logging.getLogger("coqui_amharic_ext")
T = TypeVar("T")
Style = Callable[[str, str], str]
_answered: Counter[str] = Counter()


def answered() -> dict[str, int]:
    """Return how many different words each backend has answered in this process."""
    return dict(_answered.most_common())


@dataclass(slots=True, eq=False)
class Answer:
    """One word's transcription; its measures and other readings are made when asked for.

    Attributes
    ----------
    written, ipa, backend, layer, rejected
        As in ``Word``.
    raw : str
        What the backend gave.
    gives : {"segments", "surface"}
        What ``raw`` is.
    reading : Realisation, optional
        What the written word says, where that is where the IPA comes from.
    pieces : tuple of Answer
        Of a word that was too long to be read in one go.
    style : callable, optional
        Takes a written word and its IPA; how ``ipa`` was written, and other readings are.
    rule : str
        The rule by which the context selected this reading, "" for the default.
    others : tuple of str, optional
        The readings that the context did not select.
    """

    written: str
    ipa: str
    backend: str
    layer: Layer
    raw: str
    gives: Gives = "surface"
    rejected: tuple[Rejection, ...] = ()
    reading: Realisation | None = None
    pieces: tuple[Answer, ...] = ()
    style: Style | None = None
    rule: str = ""
    others: tuple[str, ...] | None = None
    _word: Word | None = None

    def word(self) -> Word:
        """Return the transcription with every measure of its quality and its other readings."""
        if self._word is None:
            others = self._others()
            if self.style is not None:
                others = tuple([self.style(self.written, ipa) for ipa in others])
            self._word = Word(
                self.written,
                self.ipa,
                self.backend,
                self.layer,
                self._quality(),
                self.rejected,
                others,
                self.rule,
            )
        return self._word

    def in_context(self, before: str, after: str, rules: tuple[context.Rule, ...]) -> Answer | None:
        """Return the answer that the text on both sides selects, or None for this one."""
        if self.reading is None:
            return None
        default = self.reading.ipa
        selected = context.select(rules, default, self._others(), before, after)
        if selected is None:
            return None
        ipa, rule = selected
        others = tuple([other for other in (default, *self._others()) if other != ipa])
        said = ipa if self.style is None else self.style(self.written, ipa)
        return replace(self, ipa=said, rule=rule, others=others, _word=None)

    def _others(self) -> tuple[str, ...]:
        if self.others is not None:
            return self.others
        return self.reading.alternatives if self.reading is not None else ()

    def _quality(self) -> Quality:
        """Measure; of a word in pieces, which compare in linear time, return the worst."""
        if self.pieces:
            measured = (piece._quality() for piece in self.pieces)
            return max(measured, key=lambda quality: len(quality.failed))
        return check(
            self.written,
            fold(self.raw),
            raw=self.raw,
            gives=self.gives,
            listed=self.layer == "lexicon",
        )


@dataclass(frozen=True, slots=True)
class BackendState:
    """One backend as it stands in a chain; for ``status()``."""

    name: str
    summary: str
    gives: Gives
    version: str
    availability: Availability


class _Member:
    """A backend in a chain, and whether it has been put aside."""

    def __init__(self, spec: BackendSpec, settings: Settings) -> None:
        self.spec = spec
        self.settings = settings
        self.backend: Backend | None = None
        self.state = Availability(True)
        self.told = False
        known = spec.known_unusable(settings)
        if known is not None:  # another chain found that out; a hang would cost its time again
            self.state = known
            return
        try:
            self.backend, self.state = spec.made(settings)
        except deadline.NoAnswer as error:
            self.put_aside(f"setting it up gave {error}", HANG_FIX)
        except Exception as error:
            self.put_aside(f"setting it up failed: {_describe(error)}", _FAULT_FIX)
        else:
            if not self.state:
                logger.info("G2P backend %s is not available: %s", spec.name, self.state.reason)

    def _watched(self, function: Callable[[], T]) -> T:
        return deadline.call(function, self.settings.backend_timeout, self.spec.name)

    def put_aside(self, reason: str, fix: str) -> None:
        """Record that the backend will not be asked again in this process."""
        if self.state:
            logger.warning("G2P backend %s is put aside: %s", self.spec.name, reason)
            self.state = Availability(False, reason, fix)
            self.spec.put_aside(self.settings, self.state)

    def version(self) -> str:
        """Return the backend's version, ``""`` where it cannot be told."""
        try:
            return "" if self.backend is None else self.backend.version()
        except (Exception, SystemExit) as error:
            logger.debug("version of %s: %s", self.spec.name, error)
            return ""

    def identity(self) -> str:
        """Return what tells this backend's readings from another version's."""
        try:
            return "" if self.backend is None else self.backend.identity()
        except (Exception, SystemExit) as error:
            logger.debug("identity of %s: %s", self.spec.name, error)
            return self.version()

    def ask(self, words: Sequence[str]) -> dict[str, str | Rejection]:
        """Return raw IPA or the reason why there is none, for each word."""
        found: dict[str, str | Rejection] = {}
        size = BATCH if self.backend is None or self.backend.may_hang else len(words)
        for start in range(0, len(words), size):
            found.update(self._ask_batch(words[start : start + size]))
        return found

    def _ask_batch(self, words: Sequence[str]) -> dict[str, str | Rejection]:
        backend = self.backend
        if backend is None or not self.state:
            return self._none(words, self.state.reason)
        try:
            if backend.may_hang:
                raw = self._watched(lambda: backend.transcribe(words))
            else:
                raw = _unwatched(backend, words)
        except deadline.NoAnswer as error:
            self.put_aside(str(error), HANG_FIX)
            return self._none(words, str(error))
        except Exception as error:
            if not backend.loaded:
                self.put_aside(f"loading it failed: {_describe(error)}", _FAULT_FIX)
                return self._none(words, self.state.reason)
            if len(words) > 1:  # find the words that it fails on
                return {k: v for word in words for k, v in self._ask_batch([word]).items()}
            self._tell_once(f"it fails on {words[0]!r}: {_describe(error)}")
            return self._none(words, _describe(error))
        return dict(zip(words, raw, strict=True))

    def _none(self, words: Sequence[str], reason: str) -> dict[str, str | Rejection]:
        rejection = Rejection(self.spec.name, "", reason)
        return dict.fromkeys(words, rejection)

    def _tell_once(self, message: str) -> None:
        if not self.told:
            self.told = True
            logger.warning("G2P backend %s: %s", self.spec.name, message)


_FAULT_FIX: Final = "mend its installation, or leave it out of g2p_backends"


class Chain:
    """Backends in order, for one choice of settings.

    Parameters
    ----------
    settings : Settings
        Order of the backends, time-out, lexicon, narrow output.
    backend : str, optional
        One backend chosen explicitly instead of the settings' order.

    Raises
    ------
    SettingsError
        ``backend`` is not known, or the lexicon cannot be read.
    UnavailableError
        The chosen backend cannot serve here, or none of the configured ones can.
    """

    def __init__(self, settings: Settings, backend: str | None = None) -> None:
        self.settings = settings
        self.explicit = backend
        self._members = [_Member(spec, settings) for spec in chosen_specs(settings, backend)]
        self._lexicon = UserLexicon(settings.lexicon) if settings.lexicon else None
        self._style = _style(settings)
        self._require_one()

    def _require_one(self) -> None:
        if any(member.state for member in self._members):
            return
        reasons = "; ".join(
            f"{m.spec.name}: {m.state.reason} ({m.state.fix})" for m in self._members
        )
        chosen = "is" if len(self._members) == 1 else "are all"
        names = ", ".join(m.spec.name for m in self._members)
        raise UnavailableError(f"G2P backend {names} {chosen} not available. {reasons}")

    @cached_property
    def _identities(self) -> tuple[str, ...]:
        return tuple(member.identity() for member in self._members)

    @cached_property
    def _own_words(self) -> str:
        words = self._lexicon.items() if self._lexicon is not None else []
        return hashlib.sha256(repr(words).encode()).hexdigest()

    def identity(self) -> tuple[object, ...]:
        """Return what decides how this chain reads: backends that serve, versions, own words."""
        serving = tuple(bool(member.state) for member in self._members)
        names = tuple(member.spec.name for member in self._members)
        return (self.explicit, names, self._identities, serving, self._own_words)

    def states(self) -> tuple[BackendState, ...]:
        """Return each backend's state, in the order in which they are asked."""
        return tuple(
            BackendState(m.spec.name, m.spec.summary, m.spec.gives, m.version(), m.state)
            for m in self._members
        )

    def answers(self, words: Iterable[str]) -> dict[str, Answer]:
        """Transcribe words.

        Parameters
        ----------
        words : iterable of str
            Normalised Ethiopic words without punctuation.

        Raises
        ------
        TranscriptionError
            A word is not made of Ethiopic letters.
        UnavailableError
            The explicitly chosen backend broke down.
        """
        settled: dict[str, Answer] = {}
        found: dict[str, Answer] = {}
        unknown: dict[str, Realisation] = {}
        for word in dict.fromkeys(words):
            ipa = self._lexicon.get(word) if self._lexicon is not None else None
            if ipa is not None:  # said as the user wrote it, in every style
                settled[word] = Answer(word, ipa, LEXICON, "lexicon", ipa)
            elif len(word) > LONGEST_WORD:
                settled[word] = self._in_pieces(word)
            else:
                reading = self._realise(word)
                if reading.source == "rules" or self.explicit is not None:
                    unknown[word] = reading
                else:
                    found[word] = _known(word, reading, reading.source)
        found |= self._ask(unknown)
        if self._style is not None:
            for word, answer in found.items():
                answer.ipa, answer.style = self._style(word, answer.ipa), self._style
        found |= settled
        _answered.update([answer.backend for answer in found.values()])
        return found

    def _realise(self, word: str) -> Realisation:
        try:
            return realise(word)
        except ValueError as error:
            raise TranscriptionError(f"{word!r} cannot be transcribed: {error}") from error

    def _ask(self, readings: dict[str, Realisation]) -> dict[str, Answer]:
        """Ask the backends in turn; what none of them reads credibly is read by the rules."""
        found: dict[str, Answer] = {}
        rejected: dict[str, tuple[Rejection, ...]] = {}
        pending = readings
        for member in self._asked():
            if not pending:
                break
            found |= self._ask_member(member, pending, rejected)
            pending = {word: reading for word, reading in pending.items() if word not in found}
        for word, reading in pending.items():
            found[word] = _known(word, reading, RULES, rejected.get(word, ()))
        return found

    def _asked(self) -> Iterator[_Member]:
        """Yield the backends before rules, which has an answer to everything."""
        return takewhile(lambda member: member.spec.name != RULES, self._members)

    def _ask_member(
        self,
        member: _Member,
        readings: dict[str, Realisation],
        rejected: dict[str, tuple[Rejection, ...]],
    ) -> dict[str, Answer]:
        """Ask one backend; return what it gave that is believed, and record what is not."""
        if member.state:
            outputs = member.ask(list(readings))
            if not member.state and self.explicit is not None:
                self._require_one()
        else:
            if self.explicit is not None:
                self._require_one()
            reason = f"not available: {member.state.reason}"
            outputs = dict.fromkeys(readings, Rejection(member.spec.name, "", reason))
        same = _same_as_letters(outputs) if member.spec.gives == "segments" else {}
        found: dict[str, Answer] = {}
        for word, output in outputs.items():
            before = rejected.get(word, ())
            if isinstance(output, Rejection):
                result: Answer | Rejection = output
            elif word in same:
                reading = readings[word]
                result = Answer(
                    word, reading.ipa, member.spec.name, "segments", output, "segments", before,
                    reading,
                )  # fmt: skip
            else:
                result = self._judge(member.spec, word, output, before)
            if isinstance(result, Rejection):
                rejected[word] = (*before, result)
            else:
                found[word] = result
        return found

    def _judge(
        self, spec: BackendSpec, word: str, raw: str, rejected: tuple[Rejection, ...]
    ) -> Answer | Rejection:
        if not raw:
            return Rejection(spec.name, raw, "it gave nothing")
        if len(raw) > LONGEST_WORD * (1 + len(word)):
            return Rejection(spec.name, raw[:LONGEST_WORD], f"it gave {len(raw)} characters")
        phones = fold(raw)
        quality = check(word, phones, raw=raw, gives=spec.gives)
        if not quality.ok:
            return Rejection(spec.name, raw, _failure(quality))
        if spec.gives == "surface":
            return Answer(word, "".join(phones), spec.name, "surface", raw, "surface", rejected)
        own = read_as(word, [phone for phone in phones if phone != LENGTH])
        try:
            reading = realise(word, segments=own or phones)
        except ValueError as error:
            return Rejection(spec.name, raw, str(error))
        return Answer(word, reading.ipa, spec.name, "segments", raw, "segments", rejected, reading)

    def _in_pieces(self, word: str) -> Answer:
        pieces = _cut(word)
        known = self.answers(pieces)
        answers = [known[piece] for piece in pieces]
        rejected = tuple(dict.fromkeys(r for answer in answers for r in answer.rejected))
        ipa = "".join([answer.ipa for answer in answers])
        first = answers[0]
        return Answer(
            word, ipa, first.backend, first.layer, ipa, rejected=rejected,
            pieces=tuple(known.values()),
        )  # fmt: skip


def _style(settings: Settings) -> Style | None:
    """Return how phones are written, beyond what every transcription has; ``None`` for as they are.

    It comes last, so that quality is measured on phones of the inventory.
    """
    if settings.narrow and settings.elision:
        return lambda word, ipa: elided(word, narrowed(ipa))
    if settings.narrow:
        return lambda word, ipa: narrowed(ipa)
    return elided if settings.elision else None


def _known(
    word: str, reading: Realisation, backend: str, rejected: tuple[Rejection, ...] = ()
) -> Answer:
    """Return an answer of the written word itself."""
    return Answer(
        word, reading.ipa, backend, reading.source, reading.ipa, "surface", rejected, reading
    )


def _same_as_letters(outputs: dict[str, str | Rejection]) -> dict[str, None]:
    """Return the words that were read letter by letter."""
    said = {word: output for word, output in outputs.items() if isinstance(output, str)}
    return dict.fromkeys(compress(said, all_same_as_letters(list(said), list(said.values()))))


def chosen_specs(settings: Settings, backend: str | None) -> tuple[BackendSpec, ...]:
    """Return the backends of a chain, in order.

    Raises
    ------
    SettingsError
        A name is not known; the message lists the valid ones.
    """
    known = plugins.g2p_backends()
    names = settings.g2p_backends if backend is None else (backend,)
    for name in names:
        if name not in known:
            valid = ", ".join(known)
            raise SettingsError(f"backend={name!r} is not known; valid names: {valid}")
    return tuple(known[name] for name in names)


def _cut(word: str) -> list[str]:
    """Cut an endless word into pieces, none of which begins with a mark."""
    pieces: list[str] = []
    start = 0
    while start < len(word):
        end = start + LONGEST_WORD
        while end < len(word) and word[end] in MARKS:
            end -= 1
        end = end if end > start else start + LONGEST_WORD
        pieces.append(word[start:end])
        start = end
    return pieces


def _failure(quality: Quality) -> str:
    values = ", ".join(f"{name} {quality.measures[name]:.3g}" for name in quality.failed)
    return f"failed the quality check: {values}"


def _unwatched(backend: Backend, words: Sequence[str]) -> list[str]:
    """Ask a backend in this thread; ending the program is the user's, and Ctrl-C passes."""
    try:
        return backend.transcribe(words)
    except (SystemExit, GeneratorExit) as error:
        raise deadline.Stopped(f"it raised {type(error).__name__} {error}".rstrip()) from error


def _describe(error: Exception) -> str:
    try:
        said = str(error)
    except Exception as fault:
        said = f"it has no text ({type(fault).__name__})"
    if len(said) > _LONGEST_REASON:
        said = said[:_LONGEST_REASON] + "…"
    return f"{type(error).__name__}: {said}"
