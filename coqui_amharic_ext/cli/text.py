"""``normalize`` and ``phonemize``."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from coqui_amharic_ext.cli.output import emit, lines

Texts = Annotated[
    list[str] | None, typer.Argument(help="Texts; without any, lines of --file or standard input.")
]
File = Annotated[Path | None, typer.Option("--file", "-f", help="A UTF-8 text file, line by line.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document per line.")]


def normalize(
    texts: Texts = None,
    file: File = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show which rule changed which span.")
    ] = False,
    json: Json = False,
) -> None:
    """Write out numbers, dates, abbreviations and the like as they are spoken.

    Example: coqui-amharic normalize "በ2015 ዓ.ም 25% ጨመረ"
    """
    from coqui_amharic_ext import settings
    from coqui_amharic_ext.text import explain as explain_text
    from coqui_amharic_ext.text import normalize as normalize_text
    from coqui_amharic_ext.text.policy import TextPolicy

    policy = TextPolicy.from_string(settings.get_settings().text)
    for line in lines(texts, file):
        spoken = normalize_text(line, policy)
        changes = [asdict(change) for change in explain_text(line, policy)] if explain else None
        if json:
            emit({"text": line, "normalised": spoken} | ({"changes": changes} if explain else {}))
            continue
        sys.stdout.write(spoken + "\n")
        for change in changes or ():
            sys.stdout.write("  " + "  ".join(f"{k}={v!r}" for k, v in change.items()) + "\n")


def phonemize(
    texts: Texts = None,
    file: File = None,
    backend: Annotated[
        str | None,
        typer.Option("--backend", "-b", help="Only this backend, not the configured chain."),
    ] = None,
    json: Json = False,
) -> None:
    """Transcribe Amharic text to IPA.

    Example: coqui-amharic phonemize --backend rules "ሰላም፣ እንዴት ነህ?"
    """
    from coqui_amharic_ext.g2p.api import phonemize as phonemize_text
    from coqui_amharic_ext.g2p.api import transcribe

    for line in lines(texts, file):
        if json:
            emit(asdict(transcribe(line, backend=backend)))
        else:
            sys.stdout.write(phonemize_text(line, backend=backend) + "\n")
