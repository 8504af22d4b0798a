"""The chain: the user's lexicon, known words, then each backend in turn until one is believed.

A word that our lexicon or a verb paradigm answers asks no backend, so that a backend is loaded when
the first unknown word needs it. One that is chosen by name is asked for every word.

A word is never lost. A backend that is missing, fails, hangs or gives what the quality check
rejects is recorded with its reason, and the next one is asked. The written word itself, read by
``rules``, is the floor under every chain, also under one that does not name ``rules``. Its output
is taken as it is: it follows the letters by construction, and its measures can be read in
``Word.quality``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import compress, takewhile
from typing import TYPE_CHECKING, Final

from coqui_amharic_ext import plugins
from coqui_amharic_ext.errors import SettingsError, TranscriptionError, UnavailableError
from coqui_amharic_ext.g2p.answer import Answer, Style
from coqui_amharic_ext.g2p.backend import BackendSpec
from coqui_amharic_ext.g2p.letters_fit import phones_of_letters
from coqui_amharic_ext.g2p.member import BackendState, Member
from coqui_amharic_ext.g2p.phonology.elision import elided
from coqui_amharic_ext.g2p.phonology.folding import fold
from coqui_amharic_ext.g2p.phonology.inventory import LENGTH
from coqui_amharic_ext.g2p.phonology.letters import MARKS
from coqui_amharic_ext.g2p.phonology.narrow import narrowed
from coqui_amharic_ext.g2p.quality import measure
from coqui_amharic_ext.g2p.realisation import Realisation, realise
from coqui_amharic_ext.g2p.same_as_letters import all_same_as_letters
from coqui_amharic_ext.g2p.types import Quality, Rejection
from coqui_amharic_ext.g2p.user_lexicon import UserLexicon

if TYPE_CHECKING:
    from coqui_amharic_ext.settings import Settings

RULES: Final = "rules"
LEXICON: Final = "lexicon"
LONGEST_WORD: Final = 48
"""Letters; anything longer is no word and is read in pieces, so that time stays linear."""

_answered: Counter[str] = Counter()


def answered() -> dict[str, int]:
    """Return how many different words each backend has answered in this process."""
    return dict(_answered.most_common())


class Chain:
    """Backends in order, for one choice of settings.

    Parameters
    ----------
    settings : Settings
        Order of the backends, timeout, lexicon, narrow output.
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
        self.members = tuple(Member(spec, settings) for spec in chosen_specs(settings, backend))
        self._lexicon = UserLexicon(settings.lexicon) if settings.lexicon else None
        self._style = _style(settings)
        self._require_one()

    def _require_one(self) -> None:
        if any(member.available for member in self.members):
            return
        reasons = "; ".join(
            f"{m.name}: {m.available.reason} ({m.available.fix})" for m in self.members
        )
        verb = "is" if len(self.members) == 1 else "are all"
        names = ", ".join(member.name for member in self.members)
        raise UnavailableError(f"G2P backend {names} {verb} not available. {reasons}")

    @cached_property
    def _identities(self) -> tuple[str, ...]:
        return tuple(member.identity() for member in self.members)

    def identity(self) -> tuple[object, ...]:
        """Return what decides how this chain reads: backends that serve, versions, own words."""
        serving = tuple(bool(member.available) for member in self.members)
        names = tuple(member.name for member in self.members)
        own_words = () if self._lexicon is None else tuple(self._lexicon.items())
        return (self.explicit, names, self._identities, serving, own_words)

    def states(self) -> tuple[BackendState, ...]:
        """Return each backend's state, in the order in which they are asked."""
        return tuple(member.state() for member in self.members)

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
            if ipa is not None:  # in every style as the user wrote it
                settled[word] = Answer(word, ipa, LEXICON, "lexicon", ipa)
            elif len(word) > LONGEST_WORD:
                settled[word] = self._answer_in_pieces(word)
            else:
                reading = _realise(word)
                if reading.source == "rules" or self.explicit is not None:
                    unknown[word] = reading
                else:
                    found[word] = Answer.of_letters(word, reading, reading.source)
        found |= self._ask(unknown)
        if self._style is not None:
            for word, answer in found.items():
                answer.ipa, answer.style = self._style(word, answer.ipa), self._style
        found |= settled
        _answered.update([answer.backend for answer in found.values()])
        return found

    def _ask(self, readings: dict[str, Realisation]) -> dict[str, Answer]:
        """Ask the backends in turn; what none of them reads credibly is read by the rules."""
        found: dict[str, Answer] = {}
        rejections: dict[str, tuple[Rejection, ...]] = dict.fromkeys(readings, ())
        for member in self._asked():
            pending = {word: reading for word, reading in readings.items() if word not in found}
            if not pending:
                break
            for word, result in self._ask_member(member, pending).items():
                if isinstance(result, Rejection):
                    rejections[word] += (result,)
                else:
                    result.rejected = rejections[word]
                    found[word] = result
        for word, reading in readings.items():
            if word not in found:
                found[word] = Answer.of_letters(word, reading, RULES, rejections[word])
        return found

    def _asked(self) -> Iterator[Member]:
        """Yield the backends before rules, which has an answer to everything."""
        return takewhile(lambda member: member.name != RULES, self.members)

    def _ask_member(
        self, member: Member, readings: dict[str, Realisation]
    ) -> dict[str, Answer | Rejection]:
        """Return one backend's answers, and why others of its outputs are not believed."""
        outputs: dict[str, str | Rejection]
        if member.available:
            outputs = member.ask(list(readings))
        else:
            reason = f"not available: {member.available.reason}"
            outputs = dict.fromkeys(readings, Rejection(member.name, "", reason))
        if self.explicit is not None:
            self._require_one()
        segments = member.spec.gives == "segments"
        same = _same_as_letters(outputs) if segments else frozenset()
        found: dict[str, Answer | Rejection] = {}
        for word, output in outputs.items():
            if isinstance(output, Rejection):
                found[word] = output
            elif word in same:
                reading = readings[word]
                found[word] = Answer(
                    word, reading.ipa, member.name, "segments", output, "segments", (), reading
                )
            else:
                found[word] = _judged(member.spec, word, output)
        return found

    def _answer_in_pieces(self, word: str) -> Answer:
        pieces = _pieces(word)
        known = self.answers(pieces)
        answers = [known[piece] for piece in pieces]
        rejected = tuple(dict.fromkeys(r for answer in answers for r in answer.rejected))
        ipa = "".join([answer.ipa for answer in answers])
        first = answers[0]
        return Answer(
            word, ipa, first.backend, first.layer, ipa, rejected=rejected,
            pieces=tuple(known.values()),
        )  # fmt: skip


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


def _style(settings: Settings) -> Style | None:
    """Return how phones are written, beyond what every transcription has; ``None`` for as they are.

    It comes last, so that quality is measured on phones of the inventory.
    """
    if settings.narrow and settings.elision:
        return lambda word, ipa: elided(word, narrowed(ipa))
    if settings.narrow:
        return lambda word, ipa: narrowed(ipa)
    return elided if settings.elision else None


def _realise(word: str) -> Realisation:
    try:
        return realise(word)
    except ValueError as error:
        raise TranscriptionError(f"{word!r} cannot be transcribed: {error}") from error


def _same_as_letters(outputs: dict[str, str | Rejection]) -> frozenset[str]:
    """Return the words that were read letter by letter."""
    raw = {word: output for word, output in outputs.items() if isinstance(output, str)}
    return frozenset(compress(raw, all_same_as_letters(list(raw), list(raw.values()))))


def _judged(spec: BackendSpec, word: str, raw: str) -> Answer | Rejection:
    """Return the answer that a backend's output gives, or why the output is not believed."""
    if not raw:
        return Rejection(spec.name, raw, "it gave nothing")
    if len(raw) > LONGEST_WORD * (1 + len(word)):
        return Rejection(spec.name, raw[:LONGEST_WORD], f"it gave {len(raw)} characters")
    phones = fold(raw)
    quality = measure(word, phones, raw=raw, gives=spec.gives)
    if not quality.ok:
        return Rejection(spec.name, raw, _failure(quality))
    if spec.gives == "surface":
        return Answer(word, "".join(phones), spec.name, "surface", raw)
    own = phones_of_letters(word, [phone for phone in phones if phone != LENGTH])
    try:
        reading = realise(word, segments=own or phones)
    except ValueError as error:
        return Rejection(spec.name, raw, str(error))
    return Answer(word, reading.ipa, spec.name, "segments", raw, "segments", (), reading)


def _failure(quality: Quality) -> str:
    values = ", ".join(f"{name} {quality.measures[name]:.3g}" for name in quality.failed)
    return f"failed the quality check: {values}"


def _pieces(word: str) -> list[str]:
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
