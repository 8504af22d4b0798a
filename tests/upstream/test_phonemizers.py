"""Phonemizers: the registry, language codes, separators, punctuation."""

from __future__ import annotations

import importlib.util
import shutil
from typing import Any

import pytest

pytest.importorskip("TTS")

from TTS.tts.utils.text import phonemizers
from TTS.tts.utils.text.phonemizers.base import BasePhonemizer
from TTS.tts.utils.text.phonemizers.multi_phonemizer import MultiPhonemizer

import coqui_amharic_ext as am
from tests.patched import stock_only

needs_espeak = pytest.mark.skipif(
    not (shutil.which("espeak-ng") or shutil.which("espeak")), reason="espeak-ng is not installed"
)
needs_gruut = pytest.mark.skipif(
    importlib.util.find_spec("gruut") is None, reason="gruut is not installed"
)


class Spelling(BasePhonemizer):
    """The least that upstream's base class asks for."""

    @staticmethod
    def name() -> str:
        return "spelling"

    @classmethod
    def is_available(cls) -> bool:
        return True

    def version(self) -> str:
        return "1"

    @staticmethod
    def supported_languages() -> dict[str, str]:
        return {"xx": "Somewhere"}

    def _phonemize(self, text: str, separator: str) -> str:
        return separator.join(text)


def _tables() -> tuple[dict[str, Any], dict[str, str]]:
    phonemizers.get_default_phonemizer("be")
    return dict(phonemizers.PHONEMIZERS), dict(phonemizers.DEF_LANG_TO_PHONEMIZER)


@stock_only
def test_the_registry_gains_amharic_and_keeps_everything_else() -> None:
    am.deactivate()
    stock, languages = _tables()
    am.activate()
    ours, our_languages = _tables()
    am.deactivate()
    assert {name: ours[name] for name in stock} == stock
    assert set(ours) - set(stock) == {"amharic"}
    changed = {k for k in our_languages if our_languages[k] != languages.get(k)}
    assert changed
    assert all(k.lower().split("-")[0].split("_")[0] in {"am", "amh"} for k in changed)
    assert _tables() == (stock, languages)


@pytest.mark.usefixtures("either")
@pytest.mark.parametrize("language", ["xx", "", None])
def test_a_language_without_a_phonemizer_is_named(language: str | None) -> None:
    with pytest.raises(ValueError, match=f"language {language}"):
        phonemizers.get_default_phonemizer(language)


@pytest.mark.usefixtures("either")
def test_a_phonemizer_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match="Phonemizer festival not found"):
        phonemizers.get_phonemizer_by_name("festival")


@pytest.mark.usefixtures("either")
@pytest.mark.parametrize("name", ["gruut", "bn_phonemizer", "ja_jp_phonemizer", "zh_cn_phonemizer"])
def test_a_phonemizer_whose_packages_are_missing_says_what_to_install(name: str) -> None:
    from TTS.utils.import_utils import is_phonemizer_available

    if is_phonemizer_available(name):
        pytest.skip(f"what {name} needs is installed")
    with pytest.raises(ImportError, match="pip install coqui-tts"):
        phonemizers.get_phonemizer_by_name(name, language="en")


@pytest.mark.usefixtures("either")
@pytest.mark.parametrize(
    ("keep", "separator", "expected"),
    [
        (True, "", "ab, cd!"),
        (True, "|", "a|b, c|d!"),
        (False, "", "ab cd"),
        (False, "-", "a-b- -c-d"),
    ],
)
def test_punctuation_is_kept_or_dropped_around_what_is_phonemized(
    keep: bool, separator: str, expected: str
) -> None:
    phonemizer = Spelling("xx", keep_puncs=keep)
    assert phonemizer.phonemize(" ab, cd! ", separator=separator) == expected


@pytest.mark.usefixtures("either")
def test_a_language_that_a_phonemizer_lacks_is_named() -> None:
    with pytest.raises(RuntimeError, match='"am" is not supported by the spelling'):
        Spelling("am")


@pytest.mark.usefixtures("either")
def test_belarusian_is_upstreams_own() -> None:
    assert phonemizers.get_default_phonemizer("be") == "be_phonemizer"
    assert phonemizers.PHONEMIZERS["be_phonemizer"].supported_languages() == {"be": "Belarusian"}


@needs_espeak
@pytest.mark.usefixtures("either")
@pytest.mark.parametrize(
    ("language", "text", "sounds"),
    [
        ("en", "Hello, world!", ("h", "l", ",", "w", "d", "!")),
        ("en-us", "cat", ("k", "æ", "t")),
        ("de", "Schuh", ("ʃ", "u")),
        ("fr-fr", "chat", ("ʃ", "a")),
        ("tr", "kedi", ("k", "d")),
    ],
)
def test_espeak_reads_other_languages(language: str, text: str, sounds: tuple[str, ...]) -> None:
    name = phonemizers.get_default_phonemizer(language)
    assert name == "espeak"
    phonemizer = phonemizers.get_phonemizer_by_name(name, language=language)
    found = phonemizer.phonemize(text, separator="")
    position = -1
    for sound in sounds:
        position = found.index(sound, position + 1)
    separated = phonemizer.phonemize(text, separator="|")
    assert "|" in separated
    assert separated.replace("|", "") == found


@needs_espeak
@pytest.mark.usefixtures("either")
def test_espeak_still_reads_amharic_where_it_is_asked_by_name() -> None:
    phonemizer = phonemizers.get_phonemizer_by_name("espeak", language="am")
    assert phonemizer.name() == "espeak"
    found = phonemizer.phonemize("ሰላም", separator="")
    assert found.startswith("s")
    assert "l" in found
    assert found.endswith("m")


@needs_gruut
@pytest.mark.usefixtures("either")
def test_gruut_reads_english() -> None:
    phonemizer = phonemizers.get_phonemizer_by_name("gruut", language="en-us")
    assert phonemizer.phonemize("cat, cat.", separator="") == "kæt, kæt."


@needs_espeak
@pytest.mark.usefixtures("either")
def test_several_languages_in_one_phonemizer() -> None:
    multi = MultiPhonemizer({"tr": "espeak", "de": ""})
    assert multi.supported_languages() == ["tr", "de"]
    assert "ʃ" in multi.phonemize("Schuh", separator="", language="de")
    with pytest.raises(ValueError, match="Language must be set"):
        multi.phonemize("Schuh")
    with pytest.raises(KeyError):
        multi.phonemize("Schuh", language="fr")
