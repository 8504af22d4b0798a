"""Written Amharic to spoken Amharic: settle the Unicode, run the rules over what is left, settle the punctuation."""

from __future__ import annotations

import re
from typing import Final

from coqui_amharic_ext.text import abbreviations, fidel, numerals
from coqui_amharic_ext.text.affixes import DETACHABLE, free_prefixes, glued_prefixes
from coqui_amharic_ext.text.policy import DEFAULT_POLICY, TextPolicy
from coqui_amharic_ext.text.punctuation import tidy
from coqui_amharic_ext.text.scanner import GEEZ, MARK, NUMBER, SPACE, WORD, Line, Reading
from coqui_amharic_ext.text.unicode_cleanup import clean

_NEEDS_WORK: Final = re.compile(rf"[^{fidel.LETTERS} ።፣፤]| (?=[ ።፣፤])|[።፣፤](?! |$)")
_LETTER: Final = re.compile(rf"[{fidel.LETTERS}A-Za-z0-9\u1369-\u137c]")
_SEGMENT: Final = re.compile(r"[^።\n]*[።\n]+|[^።\n]+")


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
        Words separated by single spaces, punctuation joined to the word before it, lines kept. Normalising it again
        changes nothing.

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
    if policy is None:
        policy = DEFAULT_POLICY
    elif not isinstance(policy, TextPolicy):
        raise TypeError(f"policy must be a TextPolicy, got {type(policy).__name__}")
    if _NEEDS_WORK.search(text) is None:
        return text.strip(" ")
    text = clean(text, policy)
    out: list[str] = []
    for segment in _SEGMENT.findall(text):
        if _NEEDS_WORK.search(segment) is None:
            out.append(segment)
        else:
            speak(Line(segment, policy), out)
    return tidy("".join(out))


def _read(line: Line, i: int) -> Reading | None:
    kind = line.kinds[i]
    if kind == NUMBER or kind == GEEZ:
        return numerals.read_ordinal(line, i) or numerals.read_number(line, i)
    if kind == WORD:
        return abbreviations.read_before_number(line, i) or abbreviations.read_abbreviation(line, i)
    return None


def speak(line: Line, out: list[str]) -> None:
    """Append the spoken form of a line to ``out``."""
    tokens, kinds = line.tokens, line.kinds
    i = 0
    glue = False
    previous_read = False
    while i < line.size:
        reading = _read(line, i)
        if reading is None:
            token = tokens[i]
            if previous_read and kinds[i] == WORD:
                out.append(" ")
            out.append(token)
            previous_read = False
            glue = False
            if kinds[i] == WORD:
                after = kinds[i + 1]
                if after in (NUMBER, GEEZ):
                    glue = token in glued_prefixes()
                    previous_read = not glue
                elif after == SPACE and kinds[i + 2] in (NUMBER, GEEZ) and token in DETACHABLE:
                    glue = True
                    i += 1
            i += 1
            continue
        if previous_read and not glue:
            out.append(" ")
        out.append(reading.spoken)
        i = reading.end
        previous_read = True
        glue = False
