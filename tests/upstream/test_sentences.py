"""Sentence splitting of other languages than Amharic."""

from __future__ import annotations

import importlib.util
from types import SimpleNamespace

import pytest

pytest.importorskip("TTS")

from TTS.tts.layers.xtts import tokenizer as upstream

pytestmark = pytest.mark.usefixtures("either")
needs_spacy = pytest.mark.skipif(
    importlib.util.find_spec("spacy") is None, reason="upstream splits with spacy: not installed"
)
TEXT = "One is short. Two is somewhat longer than that. Three ends it."


@pytest.mark.parametrize("length", [None, 1000])
def test_short_text_stays_whole(length: int | None) -> None:
    assert upstream.split_sentence("  One. Two.", "en", length) == ["One. Two."]


@pytest.mark.skipif(importlib.util.find_spec("spacy") is not None, reason="spacy is installed")
def test_without_spacy_long_text_says_what_to_install() -> None:
    with pytest.raises(ImportError, match="pip install spacy"):
        upstream.split_sentence(TEXT, "en", 20)


@needs_spacy
@pytest.mark.parametrize("length", [20, 35, 50])
def test_long_text_is_split_at_sentences_or_between_words(length: int) -> None:
    pieces = upstream.split_sentence(TEXT, "en", length)
    assert len(pieces) > 1
    assert all(len(piece) <= length for piece in pieces)
    assert " ".join(pieces).split() == TEXT.split()


def test_the_synthesizer_splits_other_languages_with_its_own_segmenter() -> None:
    import pysbd
    from TTS.utils.synthesizer import Synthesizer

    made = SimpleNamespace(segmenter={"en": pysbd.Segmenter(language="en", clean=True)})
    found = Synthesizer.split_into_sentences(made, "One is short. Mr. Two is here.", language="en")
    assert [sentence.strip() for sentence in found] == ["One is short.", "Mr. Two is here."]
