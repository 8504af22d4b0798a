from __future__ import annotations

import builtins
import time
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from TTS.tts.layers.xtts import tokenizer as xtts_tokenizer
from TTS.tts.models import xtts
from TTS.utils.synthesizer import Synthesizer

from coqui_amharic_ext.coqui.sentences import split_sentences, split_to_limit
from tests.coqui.conftest import SENTENCES


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ሰላም ነው። እንዴት ነህ?", ["ሰላም ነው።", "እንዴት ነህ?"]),
        ("መጣ።ሄደ።", ["መጣ።", "ሄደ።"]),
        ("መጣ፡፡ ሄደ:: ቀረ", ["መጣ፡፡", "ሄደ::", "ቀረ"]),
        ("ለምን፧ እሺ! ጥሩ፨ ሂድ", ["ለምን፧", "እሺ!", "ጥሩ፨", "ሂድ"]),
        ("ለምን?! እሺ!!! ጥሩ", ["ለምን?!", "እሺ!!!", "ጥሩ"]),
        # A clause is no sentence.
        ("ሰላም፣ ዓለም፤ ሰላም፥ ዓለም፦ ሰላም", ["ሰላም፣ ዓለም፤ ሰላም፥ ዓለም፦ ሰላም"]),
        # Full stops of abbreviations, decimals and initials end nothing.
        ("በ2015 ዓ.ም. ተሠራ. ጥሩ ነው.", ["በ2015 ዓ.ም. ተሠራ.", "ጥሩ ነው."]),
        ("3.5 ብር ከፈለ። ዶ/ር ኃይሌ", ["3.5 ብር ከፈለ።", "ዶ/ር ኃይሌ"]),
        ("አ. አበበ መጣ። ሄደ", ["አ. አበበ መጣ።", "ሄደ"]),
        ("አለ... ሄደ", ["አለ... ሄደ"]),
        # Quotation marks close with their sentence; a quoted call goes on.
        ("«ጥሩ ነው።» ሄደ።", ["«ጥሩ ነው።»", "ሄደ።"]),
        ("«ሂድ!» አለው። ሄደ።", ["«ሂድ!» አለው።", "ሄደ።"]),
        ("ርዕስ\nአንድ። ሁለት", ["ርዕስ", "አንድ።", "ሁለት"]),
        ("አንድ። ። ??", ["አንድ። ። ??"]),
        ("። አንድ። ሁለት", ["። አንድ።", "ሁለት"]),
        ("።", ["።"]),
        (" \n ", []),
        ("", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert list(split_sentences(text)) == expected


QUOTED = (
    # What is quoted with < and >, the outer marks, and ( and ), marks within.
    "<ሂድ!> አለው። ሄደ።",
    "<ጥሩ ነው።> ሄደ።",
    "<ሂድ>! አለው። ሄደ።",
    "አበበ፣ <ለምን?> ሲል ጠየቀ። <አላውቅም፧!> አለች። <ሂድ>፣ <ሂድ> አሉ",
    "መጣ። <ሂድ!> አለ። <እሺ> አለች",
    "<እሱ (ሂድ!) አለኝ።> ሄደ። ቀረ",
    "<(ለምን?)> ብሎ ጠየቀ። ሄደ",
    "<ሰላም.> አለ። <አ. አበበ መጣ.> ሄደ",
)
SPACE_TELLS_NOTHING = (
    "መጣ።<ሂድ!>አለ። ሄደ",
    "<ሂድ!>አለ።<እሺ።>አለች",
    "< ሂድ! > አለው። < ጥሩ ነው። > ሄደ።",
)
ONE_WAY = ("«»‹›", "\"\"''", "“”‘’", "‹›«»", "''\"\"", "‘’“”", "„“‚‘", "„”‚’")
STYLES = (*ONE_WAY, "»«›‹", "””’’")


@pytest.mark.parametrize(
    ("text", "styles"),
    [*((text, STYLES) for text in QUOTED), *((text, ONE_WAY) for text in SPACE_TELLS_NOTHING)],
)
def test_the_style_of_quotation_marks_changes_no_cut(text: str, styles: tuple[str, ...]) -> None:
    def cuts(style: str) -> list[int]:
        quoted = text.translate(dict(zip(map(ord, "<>()"), style, strict=True)))
        return [len("".join(sentence.split())) for sentence in split_sentences(quoted)]

    found = {style: cuts(style) for style in styles}
    assert set(map(tuple, found.values())) == {tuple(found["«»‹›"])}, found


@pytest.mark.parametrize(("opening", "closing"), [("<<", ">>"), ("''", "''"), ("«", "»")])
def test_a_quoted_call_goes_on(opening: str, closing: str) -> None:
    text = f"{opening}ሂድ!{closing} አለው። ሄደ። {opening}ጥሩ ነው።{closing}"
    assert split_sentences(text) == (
        f"{opening}ሂድ!{closing} አለው።",
        "ሄደ።",
        f"{opening}ጥሩ ነው።{closing}",
    )


def test_an_apostrophe_is_no_quotation_mark() -> None:
    assert split_sentences("don't! ሂድ። it's") == ("don't!", "ሂድ።", "it's")


@pytest.mark.parametrize("mark", [*"«»'\"“”„‚‘’‹›", "<<", ">>"])
def test_marks_that_nothing_closes_lose_nothing(mark: str) -> None:
    text = f"{mark}ሰላም። {mark}{mark} ሂድ! {mark}ለምን?{mark}{mark}{mark}"
    assert "".join("".join(split_sentences(text)).split()) == "".join(text.split())


amharic = st.text(alphabet="ሰላምነውዓ .።፡፣፧?!…«»\"'“”:/\n12", max_size=120)


@given(st.text(max_size=80) | amharic)
def test_nothing_is_lost_and_order_stays(text: str) -> None:
    assert "".join("".join(split_sentences(text)).split()) == "".join(text.split())


@given(amharic, st.integers(1, 40))
def test_pieces_keep_the_limit_and_every_word(text: str, limit: int) -> None:
    pieces = split_to_limit(text, limit)
    assert all(0 < len(piece) <= limit for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_pieces_hold_whole_sentences_where_they_fit() -> None:
    assert split_to_limit("መጣ። ሄደ። ቀረ።", 8) == ["መጣ። ሄደ።", "ቀረ።"]


def test_a_long_sentence_is_cut_after_a_clause_before_a_word_is_cut() -> None:
    assert split_to_limit("አበበ ዛሬ መጣ፣ ከበደ ግን ነገ ይመጣል።", 19) == ["አበበ ዛሬ መጣ፣", "ከበደ ግን ነገ ይመጣል።"]
    assert split_to_limit("አበበ ዛሬ መጣ", 8) == ["አበበ ዛሬ", "መጣ"]
    assert split_to_limit("አበበዛሬመጣ", 3) == ["አበበ", "ዛሬመ", "ጣ"]


def test_limit_must_be_positive() -> None:
    with pytest.raises(ValueError, match="limit must be at least 1, got 0"):
        split_to_limit("ሰላም", 0)


def test_text_is_required() -> None:
    with pytest.raises(TypeError, match="got NoneType"):
        split_sentences(None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "unit", ["ሰላም ነው። ", "! ", "።", "።   ", ". ", "ሀ.", ":", "ሰላም ", '"', "' !"]
)
def test_linear_time(unit: str) -> None:
    seconds = []
    for size in (20_000, 200_000):
        text = unit * (size // len(unit))
        start = time.process_time()
        split_to_limit(text, 120)
        seconds.append(time.process_time() - start)
    assert seconds[1] < 30 * max(seconds[0], 0.005), seconds


@pytest.mark.parametrize("module", [xtts_tokenizer, xtts], ids=["tokenizer", "model"])
def test_xtts_splits_amharic_without_spacy(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    imported = builtins.__import__

    def no_spacy(name: str, *arguments: Any, **options: Any) -> Any:
        if name.partition(".")[0] == "spacy":
            raise ImportError("no spacy here")
        return imported(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", no_spacy)
    text = " ".join(SENTENCES)
    pieces = module.split_sentence(text, "am", 80)
    assert len(pieces) > 1
    assert all(len(piece) <= 80 for piece in pieces)
    assert " ".join(pieces).split() == text.split()
    # As upstream: short text and no limit mean no splitting.
    assert module.split_sentence(" ሰላም። ሰላም።", "am", 250) == ["ሰላም። ሰላም።"]
    assert module.split_sentence(" ሰላም። ሰላም።", "am", None) == ["ሰላም። ሰላም።"]
    # Other languages still go to upstream, spaCy and all.
    assert module.split_sentence(" One. Two.", "en") == ["One. Two."]
    with pytest.raises(ImportError, match="Spacy"):
        module.split_sentence("One. " * 60, "en")


def _synthesizer(*languages: str) -> Synthesizer:
    # Its constructor loads a model; what splits needs only the model's languages.
    synthesizer = Synthesizer.__new__(Synthesizer)
    super(Synthesizer, synthesizer).__init__()
    manager = SimpleNamespace(language_names=sorted(languages))
    synthesizer.tts_model = SimpleNamespace(language_manager=manager)
    synthesizer._set_segmenters()
    return synthesizer


def test_synthesizer_splits_amharic_by_its_marks() -> None:
    text = "መጣ፡፡ ዶ/ር ኃይሌ በ2015 ዓ.ም. ሄደ። ለምን፧"
    expected = ["መጣ፡፡", "ዶ/ር ኃይሌ በ2015 ዓ.ም. ሄደ።", "ለምን፧"]
    assert _synthesizer("am").split_into_sentences(text) == expected
    both = _synthesizer("am", "en")
    assert both.split_into_sentences(text, "am") == expected
    assert both.split_into_sentences("One. Two.", "en") == ["One. ", "Two."] or [
        s.strip() for s in both.split_into_sentences("One. Two.", "en")
    ] == ["One.", "Two."]


def test_synthesizer_of_an_english_model_is_upstreams() -> None:
    sentences = _synthesizer("en").split_into_sentences("Mr. Smith came. He left.")
    assert [s.strip() for s in sentences] == ["Mr. Smith came.", "He left."]
