"""Fluent speech, on request."""

from __future__ import annotations

import pytest

from coqui_amharic_ext.g2p.elision import elided
from coqui_amharic_ext.g2p.phonology import realise


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


def test_it_is_off_by_default() -> None:
    assert "ʔ" in realise("ከአገር").ipa
