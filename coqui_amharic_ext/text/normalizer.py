"""Settle the Unicode, say what the rules can read, settle the punctuation."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from coqui_amharic_ext.text import fidel
from coqui_amharic_ext.text.alignment import AlignedText
from coqui_amharic_ext.text.policy import DEFAULT_POLICY, TextPolicy
from coqui_amharic_ext.text.punctuation import tidy
from coqui_amharic_ext.text.rules import RULES
from coqui_amharic_ext.text.scanner import Line
from coqui_amharic_ext.text.speaker import speak
from coqui_amharic_ext.text.trace import Change, Explanation
from coqui_amharic_ext.text.unicode_cleanup import SPACES, STEPS, clean, settle

#: Anything but Ethiopic words parted by single spaces, with ordinary punctuation joined to them.
_NEEDS_WORK: Final = re.compile(
    rf"[^{fidel.LETTERS} ።፣፤?!]|\A[።፣፤?! ]| (?=[ ።፣፤?!]|\Z)|[።፣፤?!](?! |\Z)"
)
_SEGMENT: Final = re.compile(r"[^።\n]*[።\n]+|[^።\n]+")
#: What is left in a spoken text only by policy, or as a full stop; without these a second pass has
#: nothing to do.
_OPEN: Final = re.compile(r"[^\W\d_\u1200-\u139f\u2d80-\u2ddf\uab01-\uab2f]|[0-9./]")
_MAX_PASSES: Final = 4
#: Training reads the same sentences over and over; these bounds keep the memory of them small.
_REMEMBERED: Final = 4096
_LONGEST_REMEMBERED: Final = 400
_CHUNK: Final = re.compile(r"\S+|\s+")


def _policy(policy: TextPolicy | None) -> TextPolicy:
    if policy is None:
        return DEFAULT_POLICY
    if not isinstance(policy, TextPolicy):
        raise TypeError(f"policy must be a TextPolicy, got {type(policy).__name__}")
    return policy


def normalize(text: str, policy: TextPolicy | None = None) -> str:
    """Rewrite written Amharic as it is read aloud, in Ethiopic script.

    Parameters
    ----------
    text : str
        Any text.
    policy : TextPolicy, optional
        Choices where speakers differ; the defaults are documented there.

    Returns
    -------
    str
        Words separated by single spaces, punctuation joined to the word before it, lines kept.
        Normalising it again changes nothing.

    Raises
    ------
    TypeError
        If ``text`` is not a string or ``policy`` not a ``TextPolicy``.

    Examples
    --------
    >>> normalize("በ2015 ዓ.ም 3ኛ ወጣ።")
    'በሁለት ሺህ አሥራ አምስት ዓመተ ምሕረት ሦስተኛ ወጣ።'
    """
    if not isinstance(text, str):
        raise TypeError(f"normalize() takes a str, got {type(text).__name__}")
    policy = _policy(policy)
    if _NEEDS_WORK.search(text) is None:
        return text
    return _settled(_once(text, policy), policy)


@lru_cache(maxsize=8)
def _reader(policy: TextPolicy) -> Callable[[str], str]:
    """Return what says a segment under a policy, remembering the sentences it met last."""

    def read(segment: str) -> str:
        out: list[str] = []
        speak(Line(segment, policy), out)
        return "".join(out)

    remembering = lru_cache(maxsize=_REMEMBERED)(read)
    return lambda segment: (remembering if len(segment) <= _LONGEST_REMEMBERED else read)(segment)


def _once(text: str, policy: TextPolicy) -> str:
    out: list[str] = []
    read = _reader(policy)
    for segment in _SEGMENT.findall(clean(text, policy)):
        out.append(segment if _NEEDS_WORK.search(segment) is None else read(segment))
    said = "".join(out)
    return said if _NEEDS_WORK.search(said) is None else tidy(said)


def _settled(text: str, policy: TextPolicy) -> str:
    """Process the result again where removing something joined new parts."""
    for _ in range(_MAX_PASSES):
        if _OPEN.search(text) is None:
            break
        after = _once(text, policy)
        if after == text:
            break
        text = after
    return text


def explain(text: str, policy: TextPolicy | None = None) -> Explanation:
    """Normalise a text and report each change: where, and by which rule.

    Parameters
    ----------
    text, policy
        As for :func:`normalize`.

    Returns
    -------
    Explanation
        The source, the spoken form, and the changes with their spans in the source. Characters are
        settled first (rules ``unicode`` and ``punctuation``), so a span can appear again with the
        rule that read it.

    Raises
    ------
    TypeError
        As for :func:`normalize`.

    Examples
    --------
    >>> [(c.written, c.rule, c.spoken) for c in explain("በ2015 ወጣ።")]
    [('2015', 'number', 'ሁለት ሺህ አሥራ አምስት')]
    """
    if not isinstance(text, str):
        raise TypeError(f"explain() takes a str, got {type(text).__name__}")
    policy = _policy(policy)
    if _NEEDS_WORK.search(text) is None:
        return Explanation(text, text, ())
    aligned = AlignedText(text)
    changes = aligned.sub(_CHUNK, lambda match: settle(match[0], policy), "unicode")
    for step in STEPS:
        changes += aligned.sub(step.pattern, step.replacement, "punctuation")
    changes += aligned.sub(SPACES, lambda _: " ", "punctuation")
    out: list[str] = []
    offset = 0
    for segment in _SEGMENT.findall(aligned.text):
        line = Line(segment, policy)

        def note(
            first: int, end: int, rule: str, spoken: str, line: Line = line, base: int = offset
        ) -> None:
            start, stop = aligned.span(base + line.start(first), base + line.start(end))
            changes.append(Change(start, stop, rule, text[start:stop], spoken))

        if _NEEDS_WORK.search(segment) is None:
            out.append(segment)
        else:
            speak(line, out, note)
        offset += len(segment)
    changes.sort(key=lambda change: (change.start, change.end))
    return Explanation(text, _settled(tidy("".join(out)), policy), tuple(changes))


def rule_names() -> tuple[str, ...]:
    """Names of the rules, in the order in which they are tried."""
    return tuple(rule.name for rule in RULES)
