"""Input that is not text, or hardly: typed errors or a defined result, never a crash."""

from __future__ import annotations

import pytest

from coqui_amharic_ext.text import (
    TextPolicy,
    explain,
    fold_homophones,
    normalize,
    split_sentences,
    to_ascii_punctuation,
    words,
)

CALLS = [normalize, explain, split_sentences, to_ascii_punctuation, fold_homophones, words]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("value", [None, b"\xe1\x88\x80", 5, 1.5, ["ሀ"], object()])
def test_what_is_not_a_string_is_named(call, value):
    with pytest.raises(TypeError, match=type(value).__name__):
        call(value)


def test_a_policy_of_another_type_is_named():
    with pytest.raises(TypeError, match="str"):
        normalize("ሀ", "latin=keep")


@pytest.mark.parametrize("text", ["", " ", "\n", "\t\r\n ", "\u200b", "\ufeff"])
def test_nothing_stays_nothing(text):
    assert normalize(text) == ""
    assert explain(text).spoken == ""
    assert split_sentences(normalize(text)) == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\u0301", ""),
        ("\u135f", "\u135f"),
        ("ገ\u135fና", "ገ\u135fና"),
        ("😀", ""),
        ("👨‍👩‍👧 ሰላም", "ሰላም"),
        ("\ue000ሰላም\uf8ff", "ሰላም"),
        ("\ud800ሰላም\udfff", "ሰላም"),
        ("\x00ሰላም\x07", "ሰላም"),
        ("ሰላም\U000e0001", "ሰላም"),
        ("ሰላም\x85ለዓለም", "ሰላም\nለዓለም"),
        ("汉字 ሰላም", "ሰላም"),
        ("...", ""),
        ("።", ""),
        ("/////", ""),
        ("-", ""),
        ("()", ""),
        ("\U0001e7e0", "\U0001e7e0"),
    ],
)
def test_what_carries_no_sound_leaves_none(text, said):
    assert normalize(text) == said


def test_a_megabyte_of_plain_text_is_returned_as_it_is():
    text = "ሰላም ለዓለም። " * 60_000 + "ሰላም"
    assert normalize(text) is text


def test_policy_strings_round_trip():
    policy = TextPolicy(latin="spell", hours24="on")
    assert policy.to_string() == "latin=spell,hours24=on"
    assert TextPolicy.from_string(policy.to_string()) == policy
    assert TextPolicy().to_string() == ""
    assert TextPolicy.from_string(" latin = spell , ") == TextPolicy(latin="spell")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("latin", "name=value"),
        ("script=keep", "valid names: latin"),
        ("latin=none", "valid values: auto, keep, spell, transliterate"),
        ("latin=keep,latin=spell", "twice"),
    ],
)
def test_policy_errors_say_what_is_valid(text, says):
    with pytest.raises(ValueError, match=says):
        TextPolicy.from_string(text)


def test_policy_strings_must_be_strings():
    with pytest.raises(TypeError, match="NoneType"):
        TextPolicy.from_string(None)


def test_every_policy_describes_each_of_its_values():
    for name, values, doc in TextPolicy.describe():
        assert getattr(TextPolicy(), name) == values[0]
        for value in values:
            assert f"{value}:" in doc
            assert TextPolicy.from_string(f"{name}={value}").to_string() in ("", f"{name}={value}")


def test_a_policy_is_checked_when_it_is_made():
    with pytest.raises(ValueError, match="valid values: auto, off, on"):
        TextPolicy(hours24="yes")
