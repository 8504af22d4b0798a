"""Tables of kinds of words and sentences, written from the grammars before the code.

Sources: Leslau, Reference Grammar of Amharic (1995): causatives, converbs with objects, the copula,
direct speech, the passive; the spelling tables from what people write.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import coqui_amharic_ext as am
from coqui_amharic_ext.g2p.realisation import realise
from coqui_amharic_ext.settings import Settings

DATA = Path(__file__).parent / "data"
RULES = Settings(g2p_backends=("rules",))


def _rows(name: str) -> list[list[str]]:
    return [line.split("\t") for line in (DATA / name).read_text("utf-8").splitlines()]


@pytest.mark.parametrize("table", ["everyday_spelling.tsv", "causatives.tsv", "auxiliaries.tsv"])
def test_words(table: str) -> None:
    rows = _rows(table)
    assert len(rows) >= 30
    said = {row[0]: am.transcribe(row[0], settings=RULES).ipa for row in rows}
    assert said == {row[0]: row[1] for row in rows}


@pytest.mark.parametrize(("text", "word", "ipa"), _rows("contexts.tsv"))
def test_the_context_selects_the_reading(text: str, word: str, ipa: str) -> None:
    said = [
        found.ipa for found in am.transcribe(text, settings=RULES).words if found.written == word
    ]
    assert said == [ipa]


def test_the_rule_that_decided_is_named_and_the_default_stays_an_alternative() -> None:
    selected = am.transcribe("«እሺ» አለ።", settings=RULES).words[-1]
    default = am.transcribe("ሰው አለ።", settings=RULES).words[-1]
    assert selected.rule == "said after a quotation"
    assert (selected.ipa, default.ipa, default.rule) == ("ʔalə", "ʔalːə", "")
    assert selected.alternatives == (default.ipa,)


def test_context_does_not_reach_into_the_next_sentence() -> None:
    said = am.transcribe("ዝም። አለ ሰው።", settings=RULES).words
    assert [word.rule for word in said] == ["", "", ""]
    assert am.phonemize("ነገ ካሳ። ይገባል ወደ ቤት", settings=RULES).split()[2] == "jɨɡəbal"


def test_own_words_are_not_changed_by_their_context(tmp_path: Path) -> None:
    own = tmp_path / "own.tsv"
    own.write_text("አለ\tʔalːə\n", encoding="utf-8")
    settings = Settings(g2p_backends=("rules",), lexicon=str(own))
    assert am.phonemize("«እሺ» አለ", settings=settings).endswith("ʔalːə")


def test_many_texts_keep_their_contexts_apart() -> None:
    texts = ["«እሺ» አለ", "ሰው አለ", "ዝም አለ", "አለ"] * 50
    said = list(am.phonemize_many(texts, settings=RULES))
    assert [ipa.split()[-1] for ipa in said] == ["ʔalə", "ʔalːə", "ʔalə", "ʔalːə"] * 50


def test_styles_apply_to_a_selected_reading() -> None:
    narrow = Settings(g2p_backends=("rules",), narrow=True)
    assert am.phonemize("እንጀራው ይበላል", settings=narrow).endswith("jɨbːəlːal")


def test_the_usual_plural_is_not_taken_for_everyday_spelling() -> None:
    assert "wot͡ʃː" in realise("እየስርዎችን").ipa
