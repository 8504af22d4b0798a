"""What XTTS reads where Amharic and Latin script stand side by side."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import coqui_amharic_ext as am
from coqui_amharic_ext.coqui.xtts_text import to_known_letters, xtts_settings, xtts_text


@pytest.fixture(autouse=True)
def _back() -> Iterator[None]:
    yield
    am.deactivate()


@pytest.mark.parametrize(
    ("written", "ipa", "fidel"),
    [
        ("ሰላም USA", "səlam usa", "ሰላም usa"),
        ("Kenya ሰላም", "kenya səlam", "kenya ሰላም"),  # K is no labialised phone here
        ("café ሰላም።", "cafe səlam.", "cafe ሰላም."),
        ("Łódź, Straße, naïve", "lodz, strasse, naive", "lodz, strasse, naive"),
        ("ＵＳＡ", "usa", "usa"),
        ("ሰላም", "səlam", "ሰላም"),
        ("", "", ""),
    ],
)
def test_latin_words_keep_their_letters(written: str, ipa: str, fidel: str) -> None:
    assert xtts_text(written, "ipa") == ipa
    assert xtts_text(written, "fidel") == fidel


def test_a_text_policy_of_ones_own_is_followed() -> None:
    spelled = am.phonemize("USA", settings=am.Settings(text="latin=spell"))
    am.activate(am.Settings(text="hours24=on, latin=spell"))
    assert xtts_text("USA", "ipa") == spelled.replace("t͡ʃ", "ʧ") != "usa"
    assert "usa" not in xtts_text("USA", "fidel")


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("", "latin=keep"),
        ("hours24=on", "hours24=on,latin=keep"),
        ("latin=auto", "latin=auto"),
        (" hours24=on , latin = spell", " hours24=on , latin = spell"),
    ],
)
def test_only_the_latin_policy_differs(given: str, used: str) -> None:
    assert xtts_settings(am.Settings(text=given)).text == used


def test_letters_that_the_vocabulary_has_stay() -> None:
    known = set("éł").__contains__
    assert to_known_letters("éłś’", known) == "éłs'"
    assert to_known_letters("éłś’") == "els'"
    assert to_known_letters("e\u0301", known) == "é"  # composed first


@pytest.mark.parametrize("mode", ["ipa", "fidel"])
@pytest.mark.parametrize("value", [None, b"x", 3])
def test_what_is_not_text_is_refused(mode: str, value: object) -> None:
    with pytest.raises(TypeError, match=f"got {type(value).__name__}"):
        xtts_text(value, mode)  # type: ignore[arg-type]
