"""The interpreter and its package installer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from coqui_amharic_ext.doctor.facts import Facts
from coqui_amharic_ext.doctor.problems import Fix, Problem
from coqui_amharic_ext.doctor.versions import fits
from coqui_amharic_ext.io.utf8_mode import is_utf8

SUPPORTED: Final = ">=3.10,<3.15"


def version(facts: Facts) -> Iterator[Problem]:
    """Check that Python is one that we and PyTorch are tested with."""
    if not fits(facts.machine.python, SUPPORTED):
        yield Problem(
            "python-version",
            "error",
            f"Python {facts.machine.python} is not supported",
            "PyTorch and Coqui TTS have no builds for it that fit together",
            Fix(by_hand="make a virtual environment with Python 3.10 to 3.14 and install into it"),
        )


def installer(facts: Facts) -> Iterator[Problem]:
    """Check that packages can be installed."""
    if not facts.pip:
        yield Problem(
            "no-pip",
            "warning",
            "neither pip nor uv is there",
            "nothing can be installed or mended",
            Fix(((facts.machine.executable, "-m", "ensurepip", "--upgrade"),)),
        )
    elif facts.machine.externally_managed:
        yield Problem(
            "externally-managed-python",
            "note",
            "this Python belongs to the operating system",
            "pip refuses to install into it",
            Fix(
                by_hand="use a virtual environment: python3 -m venv ~/coqui && "
                "~/coqui/bin/pip install coqui-amharic-ext"
            ),
        )


def encoding(facts: Facts) -> Iterator[Problem]:
    """Check that programs read, write and print UTF-8 where they name no encoding."""
    found = facts.probe("encoding").facts
    wrong = sorted({name for name in found.values() if name and not is_utf8(name)})
    if wrong:
        yield Problem(
            "encoding",
            "warning",
            f"Python's default encoding is {', '.join(wrong)} here, not UTF-8",
            "programs such as tts cannot take or print Amharic, and read files as something else; "
            "coqui-amharic itself is not affected",
            Fix(
                by_hand="set PYTHONUTF8=1 for every program (export PYTHONUTF8=1 in ~/.profile, on "
                "Windows: setx PYTHONUTF8 1), or a UTF-8 locale such as C.UTF-8"
            ),
        )


CHECKS: Final = (version, encoding, installer)
