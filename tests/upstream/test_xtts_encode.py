"""XTTS's tokenizer for its seventeen languages: cleaned text, ids, limits."""

from __future__ import annotations

import importlib.util
import logging
from pathlib import Path

import pytest

pytest.importorskip("TTS")

from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer

import coqui_amharic_ext as am
from coqui_amharic_ext.demo import tiny
from tests.upstream.texts import LANGUAGES, NEEDS, READ

TAGS = tuple("zh-cn" if language == "zh" else language for language in LANGUAGES)
LIMITS = {"en": 250, "de": 253, "fr": 273, "es": 239, "it": 213, "pt": 203, "pl": 224, "zh": 82,
          "ar": 166, "cs": 186, "ru": 182, "nl": 251, "tr": 226, "ja": 71, "hu": 224, "ko": 95,
          "hi": 150}  # fmt: skip


def _needs(language: str) -> None:
    module = NEEDS.get(language)
    if module is not None and importlib.util.find_spec(module) is None:
        pytest.skip(f"upstream reads {language} with {module}, which is not installed")


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One token per character of the texts as they are read, and a tag per language."""
    symbols = "".join(read for _, read in READ.values())
    path = tmp_path_factory.mktemp("vocabulary") / "vocab.json"
    return tiny.write_vocab(path, symbols.replace(" ", ""), TAGS)


@pytest.fixture
def tokenizer(either: str, vocabulary: Path) -> VoiceBpeTokenizer:
    return VoiceBpeTokenizer(vocabulary)


@pytest.mark.parametrize("language", LANGUAGES)
def test_numbers_and_abbreviations_are_read_out(
    tokenizer: VoiceBpeTokenizer, language: str
) -> None:
    _needs(language)
    written, read = READ[language]
    assert tokenizer.preprocess_text(written, language) == read


@pytest.mark.parametrize("language", LANGUAGES)
def test_ids_are_the_languages_tag_and_the_text_as_it_is_read(
    tokenizer: VoiceBpeTokenizer, language: str
) -> None:
    _needs(language)
    written, read = READ[language]
    tag = "zh-cn" if language == "zh" else language
    ids = tokenizer.encode(written, language)
    known = tokenizer.tokenizer.get_vocab()
    assert ids == [
        known[f"[{tag}]"],
        *(known["[SPACE]" if char == " " else char] for char in read),
    ]
    assert tokenizer.decode(ids) == f"[{tag}]{read}"


@pytest.mark.parametrize(("code", "tag"), [("en-us", "[en]"), ("pt-br", "[pt]"), ("de", "[de]")])
def test_a_region_does_not_count(tokenizer: VoiceBpeTokenizer, code: str, tag: str) -> None:
    assert tokenizer.encode("a", code)[0] == tokenizer.tokenizer.token_to_id(tag)


def test_what_the_vocabulary_lacks_is_the_unknown_token_and_decodes_to_nothing(
    tokenizer: VoiceBpeTokenizer,
) -> None:
    ids = tokenizer.encode("a ☃ b", "en")
    assert tokenizer.tokenizer.token_to_id("[UNK]") in ids
    assert tokenizer.decode(ids) == "[en]a  b"


def test_it_counts_its_tokens(tokenizer: VoiceBpeTokenizer) -> None:
    ids = tokenizer.tokenizer.get_vocab().values()
    assert len(tokenizer) == len(ids)
    assert tokenizer.get_number_tokens() == max(ids) + 1


@pytest.mark.parametrize("language", ["xx", "amharic", ""])
def test_a_language_that_nobody_knows_is_refused(
    tokenizer: VoiceBpeTokenizer, language: str
) -> None:
    with pytest.raises(NotImplementedError, match=f"'{language}'"):
        tokenizer.encode("text", language)


@pytest.mark.parametrize(("language", "limit"), LIMITS.items())
def test_text_beyond_a_languages_limit_is_warned_of(
    tokenizer: VoiceBpeTokenizer, language: str, limit: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        tokenizer.check_input_length("a" * limit, language)
        assert not caplog.records
        tokenizer.check_input_length("a" * (limit + 1), language)
    (record,) = caplog.records
    assert f"limit of {limit} for language '{language}'" in record.getMessage()


def test_the_limits_of_other_languages_are_upstreams(either: str) -> None:
    limits = dict(VoiceBpeTokenizer().char_limits)
    assert (limits.pop("am", None) is not None) is (either == "extended")
    assert limits == LIMITS


def test_amharic_alone_differs(vocabulary: Path) -> None:
    am.deactivate()
    with pytest.raises(NotImplementedError):
        VoiceBpeTokenizer(vocabulary).encode("ሰላም", "am")
