"""How good the backends and the chain are on a list of words with known pronunciations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from coqui_amharic_ext import plugins
from coqui_amharic_ext.errors import CoquiAmharicError
from coqui_amharic_ext.g2p.readers import reader
from coqui_amharic_ext.g2p.realisation import realise
from coqui_amharic_ext.g2p.scoring import ErrorRate, edits, fold, nearest, score
from coqui_amharic_ext.io.whole import read_text
from coqui_amharic_ext.settings import get_settings

if TYPE_CHECKING:
    from coqui_amharic_ext.settings import Settings

Gold = Mapping[str, Sequence[str]]
Group = Literal["all", "lexicon", "paradigm", "outside"]
GROUPS: Final[tuple[Group, ...]] = ("all", "lexicon", "paradigm", "outside")
"""``lexicon``: whole words listed in our lexicon; ``paradigm``: forms derived from a listed root;
``outside``: neither, which is what new text meets."""
CHAIN: Final = "chain"
RAW: Final = " raw"
_GROUP_OF: Final[dict[str, Group]] = {"lexicon": "lexicon", "paradigm": "paradigm"}


@dataclass(frozen=True, slots=True)
class Rates:
    """Error rates of one group of words, without and with length marks."""

    without_length: ErrorRate
    with_length: ErrorRate


@dataclass(frozen=True, slots=True)
class WordError:
    """A word that came out otherwise than in the list, length included."""

    word: str
    expected: str
    given: str
    backend: str


@dataclass(frozen=True, slots=True)
class SystemResult:
    """One system's rates by group, its commonest edits (wanted, given, count), its wrong words.

    Groups without words are left out. ``answered`` counts words by the backend that answered;
    ``{}`` for raw output.
    """

    name: str
    rates: Mapping[Group, Rates]
    answered: Mapping[str, int]
    edits: tuple[tuple[str, str, int], ...]
    errors: tuple[WordError, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All systems on one list, and those that could not serve, with the reason."""

    words: int
    systems: tuple[SystemResult, ...]
    missing: Mapping[str, str]


def read_gold(path: str | Path) -> dict[str, tuple[str, ...]]:
    """Read a list in WikiPron's format: word, tab, IPA; one pronunciation per line.

    Spaces between phones do not count; lines that begin with ``#`` are passed over.

    Raises
    ------
    ValueError
        A line has no tab, or the list has no words.
    """
    found: dict[str, list[str]] = {}
    text = read_text(Path(path))
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        cells = line.split("\t")
        if len(cells) < 2 or not cells[0].strip() or not cells[1].strip():
            raise ValueError(f"{path}, line {number}: {line!r} is not a word, a tab and its IPA")
        found.setdefault(cells[0].strip(), []).append(cells[1].replace(" ", ""))
    if not found:
        raise ValueError(f"{path} has no words")
    return {word: tuple(pronunciations) for word, pronunciations in found.items()}


def evaluate(
    gold: Gold, *, backends: Iterable[str] | None = None, settings: Settings | None = None
) -> Evaluation:
    """Score the chain, each backend alone, and the raw output of those that give segments.

    Parameters
    ----------
    gold : mapping of str to sequence of str
        Words with their pronunciations, as ``read_gold`` gives them.
    backends : iterable of str, optional
        Backends to score alone; all of them by default.
    settings : Settings, optional
        Instead of the settings in force.

    Raises
    ------
    SettingsError
        A backend's name is not known.
    """
    settings = get_settings() if settings is None else settings
    groups = _groups(gold)
    systems: list[SystemResult] = []
    missing: dict[str, str] = {}
    names = [None, *(plugins.g2p_backends() if backends is None else backends)]
    for name in names:
        try:
            found = reader(settings, name)
        except CoquiAmharicError as error:
            if name is not None and name not in plugins.g2p_backends():
                raise
            missing[name or CHAIN] = str(error)
            continue
        words = {word: found.transcribe(word) for word in gold}
        hypotheses = {word: result.ipa for word, result in words.items()}
        answered = {word: "+".join(result.backends) for word, result in words.items()}
        systems.append(_result(name or CHAIN, gold, groups, hypotheses, answered))
        if name is not None and plugins.g2p_backends()[name].gives == "segments":
            raw = _raw(name, settings)
            hypotheses = {word: raw(word) for word in gold}
            systems.append(_result(name + RAW, gold, groups, hypotheses, {}))
    return Evaluation(len(gold), tuple(systems), missing)


def _raw(name: str, settings: Settings) -> Callable[[str], str]:
    backend = plugins.g2p_backends()[name].factory(settings)
    return lambda word: " ".join(backend.transcribe(word.split()))


def _groups(gold: Gold) -> dict[Group, list[str]]:
    groups: dict[Group, list[str]] = {group: [] for group in GROUPS}
    for word in gold:
        groups["all"].append(word)
        groups[_group(word)].append(word)
    return groups


def _group(word: str) -> Group:
    """Return where our knowledge of the word comes from; of several words, the least known's."""
    found: list[Group] = []
    for part in word.split():
        try:
            found.append(_GROUP_OF.get(realise(part).source, "outside"))
        except ValueError:  # not written in Ethiopic letters alone
            found.append("outside")
    return max(found, key=GROUPS.index)


def _result(
    name: str,
    gold: Gold,
    groups: Mapping[Group, list[str]],
    hypotheses: Mapping[str, str],
    answered: Mapping[str, str],
) -> SystemResult:
    rates = {}
    for group, words in groups.items():
        if not words:
            continue
        part = {word: gold[word] for word in words}
        rates[group] = Rates(
            score(part, hypotheses, length=False), score(part, hypotheses, length=True)
        )
    counts: Counter[tuple[str, str]] = Counter()
    errors: list[WordError] = []
    for word, pronunciations in gold.items():
        guess = fold(hypotheses[word], length=True)
        best = min(pronunciations, key=lambda p: _relative(p, guess))
        wrong = edits(fold(best, length=True), guess)
        if wrong:
            counts.update(wrong)
            errors.append(WordError(word, best, hypotheses[word], answered.get(word, name)))
    table = tuple((wanted, given, count) for (wanted, given), count in counts.most_common())
    return SystemResult(name, rates, dict(Counter(answered.values())), table, tuple(errors))


def _relative(pronunciation: str, guess: Sequence[str]) -> float:
    distance, size = nearest([pronunciation], guess, length=True)
    return distance / max(1, size)
