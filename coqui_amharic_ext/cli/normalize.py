"""``normalize``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coqui_amharic_ext.cli.output import emit
from coqui_amharic_ext.cli.source import Source
from coqui_amharic_ext.cli.tables import aligned
from coqui_amharic_ext.settings import get_settings

if TYPE_CHECKING:
    from coqui_amharic_ext.text import Explanation


def normalize(
    texts: Annotated[
        list[str] | None,
        typer.Argument(help="Texts; without any, lines of --file or standard input."),
    ] = None,
    file: Annotated[
        list[Path] | None,
        typer.Option("--file", "-f", help="A UTF-8 file, read line by line; may be repeated."),
    ] = None,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain",
            help="Below each text, show which rule changed which characters (counted from 1), as "
            "written → normalised.",
        ),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document per line.")] = False,
) -> None:
    """Write numbers, dates, abbreviations and the like as they are spoken.

    Example: coqui-amharic normalize --explain "በ2015 ዓ.ም 25% ጨመረ"
    """
    from coqui_amharic_ext.text import explain as explain_text
    from coqui_amharic_ext.text import normalize as normalize_text
    from coqui_amharic_ext.text.policy import TextPolicy

    policy = TextPolicy.from_string(get_settings().text)
    for _, lines in Source(texts, file).parts():
        for line in lines:
            if not explain:
                spoken = normalize_text(line, policy)
                if json:
                    emit({"text": line, "normalised": spoken})
                else:
                    sys.stdout.write((spoken if texts else _one_line(spoken)) + "\n")
                continue
            found = explain_text(line, policy)
            if json:
                changes = [asdict(change) for change in found]
                emit({"text": line, "normalised": found.spoken, "changes": changes})
            else:
                sys.stdout.writelines(f"{line}\n" for line in _shown(found))


def _one_line(spoken: str) -> str:
    """Keep the result one line, so that line N of the output is line N of the input."""
    return spoken.replace("\n", " ")


def _shown(found: Explanation) -> Iterator[str]:
    """Yield the normalised text and one indented line for each change, in columns."""
    yield found.spoken
    rows = [
        (
            "",
            f"{change.start + 1}-{change.end}",
            change.rule,
            f"{_visible(change.written)} → {_visible(change.spoken) or '∅'}",
        )
        for change in found
    ]
    yield from aligned(rows)


def _visible(text: str) -> str:
    """Return the text, quoted and escaped if it is not printable."""
    return text if text.isprintable() and text == text.strip() else ascii(text)
