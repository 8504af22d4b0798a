from __future__ import annotations

import logging
import pickle
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from TTS.tts.utils.text import phonemizers
from TTS.tts.utils.text.phonemizers.multi_phonemizer import MultiPhonemizer

from coqui_amharic_ext.coqui.languages import VARIANTS, is_amharic
from coqui_amharic_ext.coqui.phonemizer import AmharicPhonemizer
from coqui_amharic_ext.coqui.symbols import PUNCTUATION, phone_symbols
from tests.coqui.conftest import FIDEL, SENTENCES

ETHIOPIC = re.compile(r"[\u1200-\u139f\u2d80-\u2ddf\uab00-\uab2f]|[\U0001e7e0-\U0001e7ff]")
ALLOWED = {*phone_symbols(), *PUNCTUATION, " "}


@pytest.fixture
def phonemizer() -> AmharicPhonemizer:
    found = phonemizers.get_phonemizer_by_name("amharic", language="am")
    assert type(found) is AmharicPhonemizer
    return found


@pytest.mark.parametrize("language", VARIANTS)
def test_amharic_is_the_default_for_every_spelling_of_the_language(language: str) -> None:
    # espeak claims "am", too; ours must win.
    assert phonemizers.get_default_phonemizer(language) == "amharic"
    found = phonemizers.get_phonemizer_by_name("amharic", language=language)
    assert found.language == language
    assert found.phonemize("ሰላም", "") == "səlam"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        *((code, True) for code in ("am", "AM-et", "am_ET", "amh", "am-Ethi")),
        *((code, False) for code in ("ami", "ham", "en", "", None)),
    ],
)
def test_language_codes(code: str | None, expected: bool) -> None:
    assert is_amharic(code) is expected


def test_other_languages_keep_their_phonemizers() -> None:
    assert phonemizers.get_default_phonemizer("be") == "be_phonemizer"
    with pytest.raises(RuntimeError, match='"de" is not supported by the amharic backend'):
        AmharicPhonemizer("de")


@pytest.mark.parametrize(
    ("text", "separator", "expected"),
    [
        ("ሰላም!", "|", "s|ə|l|a|m!"),
        ("ሰላም!", "", "səlam!"),
        ("ሰላም፣ ሰላም።", "|", "s|ə|l|a|m, s|ə|l|a|m."),
        ("ሰላም", " - ", "s - ə - l - a - m"),
        # Ejective, affricate and labialised phones are one symbol each.
        ("ጳውሎስ", "|", "ƥ|a|w|l|o|s"),
    ],
)
def test_separator(phonemizer: AmharicPhonemizer, text: str, separator: str, expected: str) -> None:
    assert phonemizer.phonemize(text, separator=separator) == expected


def test_keep_puncs() -> None:
    text = "ሰላም፣ ሰላም፧"
    assert AmharicPhonemizer("am", keep_puncs=True).phonemize(text, "") == "səlam, səlam?"
    assert AmharicPhonemizer("am", keep_puncs=False).phonemize(text, "") == "səlam səlam"
    assert AmharicPhonemizer("am", punctuations="?").phonemize(text, "") == "səlam səlam?"


@pytest.mark.parametrize(
    ("mark", "ascii_mark"),
    [("።", "."), ("፡፡", "."), ("፣", ","), ("፤", ";"), ("፧", "?"), ("!", "!"), ("?", "?")],
)
def test_ethiopic_punctuation_becomes_what_the_vocabulary_has(
    phonemizer: AmharicPhonemizer, mark: str, ascii_mark: str
) -> None:
    assert phonemizer.phonemize(f"ሰላም{mark} ሰላም", "") == f"səlam{ascii_mark} səlam"


def test_word_space_mark_is_a_space(phonemizer: AmharicPhonemizer) -> None:
    assert phonemizer.phonemize("ሰላም፡ሰላም", "") == "səlam səlam"


@pytest.mark.parametrize("text", [*SENTENCES, FIDEL, " ".join(FIDEL)])
def test_only_symbols_of_the_vocabulary_come_out(phonemizer: AmharicPhonemizer, text: str) -> None:
    assert set(phonemizer.phonemize(text, "")) <= ALLOWED


BAD_INPUT = {
    "empty": "",
    "spaces": " \t\n ",
    "marks alone": "።፣፤",
    "lone gemination mark": "\u135f",
    "lone combining mark": "\u0301\u0300",
    "emoji": "ሰላም 😀👩‍👩‍👧 ሰላም",
    "emoji alone": "😀",
    "private use": "ሰላም \ue000\uf8ff",
    "mixed scripts": "ሰላም hello мир 世界 مرحبا",
    "bidi and zero width": "ሰ\u200bላም \u202eሰላም\u202c",
    "NUL": "ሰላም\x00ሰላም",
    "lone surrogate": "ሰላም \ud800",
    "unassigned": "\U000e1234 ሰላም",
    "Ethiopic extended": "ⶀⶁ ꬁꬂ \U0001e7e0",
}


@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_text_gives_phones_or_nothing(phonemizer: AmharicPhonemizer, name: str) -> None:
    found = phonemizer.phonemize(BAD_INPUT[name], "")
    assert set(found) <= ALLOWED
    assert not ETHIOPIC.search(found)
    # What can be read is still read.
    assert found.count("səlam") == BAD_INPUT[name].replace("\u200b", "").count("ሰላም")


@pytest.mark.parametrize("value", [None, b"abc", 7, ["ሰላም"]])
def test_what_is_not_text_is_refused_with_its_type(
    phonemizer: AmharicPhonemizer, value: object
) -> None:
    with pytest.raises(TypeError, match=f"got {type(value).__name__}"):
        phonemizer.phonemize(value)  # type: ignore[arg-type]


def test_separator_must_be_text(phonemizer: AmharicPhonemizer) -> None:
    with pytest.raises(TypeError, match="separator must be a str, got int"):
        phonemizer.phonemize("ሰላም", separator=1)  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60) | st.text(alphabet=FIDEL + " .,?", max_size=60))
def test_no_string_crashes_or_leaks_letters(text: str) -> None:
    assert set(AmharicPhonemizer("am").phonemize(text, "")) <= ALLOWED


def test_a_megabyte_takes_linear_time(phonemizer: AmharicPhonemizer) -> None:
    sentence = "ልጆቹ ከትምህርት ቤት ተመለሱ፣ እናታቸውም ተደሰተች። "
    small = sentence * 300
    large = sentence * 3000
    assert len(large.encode()) > 250_000
    phonemizer.phonemize(small, "")
    seconds = []
    for text in (small, large):
        start = time.process_time()
        phonemizer.phonemize(text, "")
        seconds.append(time.process_time() - start)
    # Ten times the text; quadratic work would take a hundred times as long.
    assert seconds[1] < 30 * max(seconds[0], 0.01), seconds


def test_in_the_multi_phonemizer() -> None:
    multi = MultiPhonemizer({"am": "", "am-ET": "amharic", "be": ""})
    assert multi.phonemize("ሰላም!", separator="", language="am") == "səlam!"
    assert multi.phonemize("ሰላም!", separator="", language="am-ET") == "səlam!"


def test_print_logs_names_language_phonemizer_and_backends(
    phonemizer: AmharicPhonemizer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        phonemizer.print_logs(level=1)
    text = "\n".join(record.getMessage() for record in caplog.records)
    assert "\t| phoneme language: am" in text
    assert "\t| phoneme backend: amharic" in text
    assert "rules" in text


def test_pickled_phonemizer_transcribes_alike(phonemizer: AmharicPhonemizer) -> None:
    again = pickle.loads(pickle.dumps(phonemizer))
    assert again.phonemize(SENTENCES[0]) == phonemizer.phonemize(SENTENCES[0])


def test_a_default_that_the_user_sets_stays() -> None:
    previous = phonemizers.DEF_LANG_TO_PHONEMIZER["am"]
    phonemizers.DEF_LANG_TO_PHONEMIZER["am"] = "be_phonemizer"
    try:
        assert phonemizers.get_default_phonemizer("am") == "be_phonemizer"
    finally:
        phonemizers.DEF_LANG_TO_PHONEMIZER["am"] = previous
