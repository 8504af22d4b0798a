"""Homographs in context: which reading of a spelling the words beside it select.

``data/contexts.tsv`` has the rules, ``data/context_classes.tsv`` the lists of words they name as
``{name}``. A rule is tried where its word stands; the first whose ``before`` and ``after`` both
match decides, and where none does the default reading stays. Patterns are regular expressions over
the normalised text with homophone letters folded, so each spelling of a word is met.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final, NamedTuple

from coqui_amharic_ext.io.tables import rows
from coqui_amharic_ext.text.homophones import fold_homophones

REACH: Final = 12
"""How many words before and after a homograph a rule sees."""
_CHANGE: Final = ">"
_CLASS: Final = re.compile(r"\{([a-z_]+)\}")


class Rule(NamedTuple):
    """One row of ``data/contexts.tsv``.

    Attributes
    ----------
    name : str
        What the rule finds; ``Word.rule`` names it.
    word : str
        Pattern of the whole written word.
    reading : str
        Pattern in the IPA of the selected reading.
    change : tuple of (str, str), optional
        What becomes of the default reading instead: the phones to replace, and by what.
    before, after : str
        Pattern in the text before the word, and after it; ``""`` for any text.
    """

    name: str
    word: str
    reading: str
    change: tuple[str, str] | None
    before: str
    after: str


@lru_cache(maxsize=1)
def _rules() -> tuple[Rule, ...]:
    """Return the rules, in the order in which they are tried."""
    classes = {
        name: "(?:" + "|".join(re.escape(fold_homophones(word)) for word in words.split()) + ")"
        for name, words in rows("g2p/data/context_classes.tsv", "name", "words")
    }

    def pattern(cell: str) -> str:
        return _CLASS.sub(lambda name: classes[name[1]], fold_homophones(cell))

    found = []
    columns = ("rule", "word", "reading", "before", "after")
    for name, word, reading, before, after in rows("g2p/data/contexts.tsv", *columns):
        old, change, new = reading.partition(_CHANGE)
        found.append(
            Rule(
                name,
                pattern(word),
                re.escape(old) if change else reading,
                (old, new) if change else None,
                pattern(before),
                pattern(after),
            )
        )
    return tuple(found)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern when a homograph first needs it; all of them take 10 ms."""
    return re.compile(pattern)


def _found(pattern: str, text: str) -> bool:
    return not pattern or _compiled(pattern).search(text) is not None


@lru_cache(maxsize=1)
def _any_word() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{rule.word})" for rule in _rules()))


def rules_for(word: str) -> tuple[Rule, ...]:
    """Return the rules about a written word, in the order in which they are tried."""
    folded = fold_homophones(word)
    if _any_word().fullmatch(folded) is None:
        return ()
    return tuple([rule for rule in _rules() if _compiled(rule.word).fullmatch(folded)])


def select(
    rules: tuple[Rule, ...], ipa: str, others: tuple[str, ...], before: str, after: str
) -> tuple[str, str] | None:
    """Return the reading that the context selects and the name of the rule, or None.

    Parameters
    ----------
    rules : tuple of Rule
        What :func:`rules_for` gives for the word.
    ipa : str
        The default reading.
    others : tuple of str
        The other readings, the likelier first.
    before, after : str
        The text on both sides, words apart by one space.
    """
    before, after = fold_homophones(before), fold_homophones(after)
    for rule in rules:
        if not _found(rule.before, before) or not _found(rule.after, after):
            continue
        if rule.change is not None:
            if _found(rule.reading, ipa):
                return ipa.replace(*rule.change, 1), rule.name
            continue
        for reading in (ipa, *others):
            if _found(rule.reading, reading):
                return reading, rule.name
    return None
