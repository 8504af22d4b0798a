"""``Punctuation``: taken out, and put back where it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("TTS")

from TTS.tts.utils.text.punctuation import PuncPosition, Punctuation

pytestmark = pytest.mark.usefixtures("either")
CASES = [
    # text, stripped, pieces, marks
    ("one two", "one two", ["one two"], []),
    ("one, two", "one two", ["one", "two"], [", "]),
    ("one, two!", "one two", ["one", "two"], [", ", "!"]),
    ("?! one, two", "one two", ["one", "two"], ["?! ", ", "]),
    ("«one» two—three", "one two three", ["one", "two", "three"], ["«", "» ", "—"]),
    ("...", "", [], ["..."]),
    ("", "", [""], []),
]


@pytest.mark.parametrize(("text", "stripped", "pieces", "marks"), CASES)
def test_marks_are_taken_out_and_put_back(
    text: str, stripped: str, pieces: list[str], marks: list[str]
) -> None:
    punctuation = Punctuation()
    assert punctuation.strip(text) == stripped
    found, places = punctuation.strip_to_restore(text)
    assert found == pieces
    assert [place.punc for place in places] == marks
    assert punctuation.restore(found, places) == [text]


def test_each_mark_knows_where_it_stood() -> None:
    _, places = Punctuation().strip_to_restore("¿one, two?")
    wanted = [PuncPosition.BEGIN, PuncPosition.MIDDLE, PuncPosition.END]
    assert [place.position for place in places] == wanted


def test_pieces_may_change_in_between() -> None:
    pieces, places = Punctuation().strip_to_restore("one, two!")
    assert Punctuation.restore([p.upper() for p in pieces], places) == ["ONE, TWO!"]


def test_the_marks_can_be_chosen() -> None:
    punctuation = Punctuation("-+-")
    assert punctuation.puncs == "-+"
    assert punctuation.strip("a-b, c") == "a b, c"
    with pytest.raises(TypeError):
        punctuation.puncs = ["-"]


def test_the_default_marks_are_upstreams() -> None:
    assert Punctuation.default_puncs() == ';:,.!?¡¿—…"«»“”'


@given(st.lists(st.sampled_from(["ab", "c", "def"]), min_size=1, max_size=5), st.data())
def test_words_and_single_marks_always_come_back(words: list[str], data: st.DataObject) -> None:
    text = words[0]
    for word in words[1:]:
        text += data.draw(st.sampled_from([", ", "; ", " ", "! ", "—"])) + word
    text += data.draw(st.sampled_from(["", ".", "!", " ?"]))
    punctuation = Punctuation()
    assert punctuation.restore(*punctuation.strip_to_restore(text)) == [text]
