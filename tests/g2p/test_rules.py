"""The rules backend, and what the whole of it scores on the development list."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from coqui_amharic_ext.g2p import scoring
from coqui_amharic_ext.g2p.backends.rules import RulesBackend
from coqui_amharic_ext.g2p.grammar import lexicon, nouns
from coqui_amharic_ext.g2p.realisation import realise
from coqui_amharic_ext.settings import Settings


def test_it_is_always_available_and_keeps_the_order() -> None:
    backend = RulesBackend(Settings())
    assert backend.availability()
    words = ["ሰላም", "ይፈልጋል", "ሰላም"]
    assert backend.transcribe(words) == [realise(word).ipa for word in words]


def test_it_needs_nothing_that_is_not_in_the_standard_library() -> None:
    code = (
        "import sys; from coqui_amharic_ext.g2p.realisation import realise; realise('ይፈልጋል');"
        "print(sorted({m.split('.')[0] for m in sys.modules} - set(sys.stdlib_module_names)))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONUTF8": "1"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "['__main__', 'coqui_amharic_ext']"


@pytest.fixture(scope="module")
def gold() -> dict[str, list[str]]:
    beside = Path(__file__).parents[2].parent / "shared" / "data"
    folder = Path(os.environ.get("COQUI_AMHARIC_DEV_DATA", beside))
    path = folder / "g2p" / "wikipron_amh_dev.tsv"
    if not path.exists():
        pytest.skip(f"no development list at {path}; COQUI_AMHARIC_DEV_DATA names its folder")
    found: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            word, phones = line.split("\t")
            found.setdefault(word, []).append(phones.replace(" ", ""))
    return found


def rates(gold: dict[str, list[str]]) -> tuple[float, float]:
    """Return the phone error rate in per cent, without and with length."""
    mine = {word: "".join(realise(part).ipa for part in word.split("፡")) for word in gold}
    return (
        scoring.score(gold, mine, length=False).per,
        scoring.score(gold, mine, length=True).per,
    )


def test_the_development_list_is_read_well(gold: dict[str, list[str]]) -> None:
    without_length, with_length = rates(gold)
    assert without_length <= 1.8
    assert with_length <= 3.0


def test_rules_and_roots_alone_beat_the_tables_of_others(
    gold: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With every word of the list taken out of our lexicon."""
    for word in gold:
        for part in word.split("፡"):
            for table in (lexicon.words(), nouns.table()):
                monkeypatch.delitem(table, lexicon.key(part), raising=False)  # type: ignore[arg-type]
    without_length, with_length = rates(gold)
    assert without_length <= 3.0
    assert with_length <= 9.0
