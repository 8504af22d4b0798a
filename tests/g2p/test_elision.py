"""Fluent speech, on request."""

from __future__ import annotations

from pathlib import Path

import pytest

import coqui_amharic_ext as am
from coqui_amharic_ext.g2p.phonology.elision import elided
from coqui_amharic_ext.g2p.realisation import realise
from coqui_amharic_ext.settings import Settings


# The spelling without እ or አ shows how the other is said: የኔ beside የእኔ (Leslau 1995, elision).
@pytest.mark.parametrize(
    ("full", "contracted"),
    [("የእኔ", "የኔ"), ("ከእናት", "ከናት"), ("ለአንተ", "ላንተ"), ("በአገር", "ባገር"), ("ስለአገር", "ስላገር")],
)
def test_it_is_said_as_the_contracted_spelling_is_written(full: str, contracted: str) -> None:
    assert elided(full, realise(full).ipa).replace("ː", "") == (
        realise(contracted).ipa.replace("ː", "")
    )


@pytest.mark.parametrize("word", ["ሰአት", "የት", "በር", "መእመን", "አእምሮ", "ቤተእስራኤል"])
def test_nothing_else_is_touched(word: str) -> None:
    assert elided(word, realise(word).ipa) == realise(word).ipa


RULES = Settings(g2p_backends=("rules",))
FLUENT = RULES.replace(elision=True)


@pytest.mark.parametrize(
    ("text", "full", "fluent"),
    [
        ("የእኔ ቤት።", "jəʔɨne bet.", "jəne bet."),
        ("ከአገር መጣ", "kəʔaɡəɾ mətʼːa", "kaɡəɾ mətʼːa"),
        ("ሰዓት ነው", "səʔat nəw", "səʔat nəw"),
    ],
)
def test_sentences_are_read_in_full_unless_the_setting_says_otherwise(
    text: str, full: str, fluent: str
) -> None:
    assert am.phonemize(text, settings=RULES) == full
    assert am.phonemize(text, settings=FLUENT) == fluent
    assert am.transcribe(text, settings=FLUENT).ipa == fluent
    assert am.transcribe(text, settings=RULES).ipa == full


def test_the_other_readings_are_elided_as_well() -> None:
    for word in am.transcribe("ከአለ ከአለች ለእሱ", settings=FLUENT).words:
        assert word.ipa != ""
        assert not any("əʔ" in ipa for ipa in (word.ipa, *word.alternatives))


def test_words_of_the_users_lexicon_are_said_as_they_stand_there(tmp_path: Path) -> None:
    lexicon = tmp_path / "own.tsv"
    lexicon.write_text("የእኔ\tjəʔɨne\n", encoding="utf-8")
    settings = FLUENT.replace(lexicon=str(lexicon))
    assert am.phonemize("የእኔ የእሱ", settings=settings) == "jəʔɨne jəsːu"
    assert am.transcribe("የእኔ የእሱ", settings=settings).ipa == "jəʔɨne jəsːu"


def test_the_environment_switches_it_on() -> None:
    assert Settings.from_environment({"COQUI_AMHARIC_ELISION": "1"}).elision
    assert not Settings.from_environment({}).elision
