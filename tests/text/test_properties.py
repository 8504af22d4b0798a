"""What holds for every text: a second pass changes nothing, a trace fits, time is linear."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coqui_amharic_ext.text import (
    TextPolicy,
    explain,
    fold_homophones,
    normalize,
    split_sentences,
    to_ascii_punctuation,
)

LINES = (
    (Path(__file__).parent / "data" / "spoken_forms.tsv").read_text(encoding="utf-8").splitlines()
)
WRITTEN = [line.split("\t")[1] for line in LINES[1:]]
POLICIES = [
    TextPolicy(),
    TextPolicy(latin="keep"),
    TextPolicy(latin="spell", other_scripts="keep"),
    TextPolicy(latin="transliterate", hours24="on", to_hour="on", decimals="number"),
    TextPolicy(era="keep", urls="drop", ranges="to", phones="pairs"),
]

any_text = st.text(alphabet=st.characters(codec=None), max_size=40)
busy_text = st.text(
    alphabet="0123456789.,:;-–/%$€°²½×+=#@'\"()«»፡።፣፥፩፲፻፼ ዓምዶርኪሜሰበለከየቱኛንሺህብ\nAaBbx\u200b\u0301😀",
    max_size=24,
)
joined_forms = st.lists(
    st.tuples(st.sampled_from(WRITTEN), st.sampled_from(["", " ", "-", ".", "/", "፣", "\n"])),
    min_size=1,
    max_size=4,
).map(lambda parts: "".join(form + joint for form, joint in parts))
texts = st.one_of(any_text, busy_text, joined_forms)


@settings(max_examples=800, deadline=None)
@given(text=texts, policy=st.sampled_from(POLICIES))
def test_a_second_pass_changes_nothing(text, policy):
    once = normalize(text, policy)
    assert normalize(once, policy) == once


@settings(max_examples=300, deadline=None)
@given(text=texts, policy=st.sampled_from(POLICIES))
def test_explain_says_what_normalize_says_and_its_spans_fit(text, policy):
    result = explain(text, policy)
    assert result.spoken == normalize(text, policy)
    for change in result:
        assert 0 <= change.start <= change.end <= len(text)
        assert change.written == text[change.start : change.end]
        assert change.rule
    assert [c.start for c in result] == sorted(c.start for c in result)


@settings(max_examples=400, deadline=None)
@given(text=texts)
def test_the_default_leaves_only_ethiopic_and_punctuation(text):
    for char in normalize(text):
        assert char in " \n።፣፤፥፦፧፨?!,;:.…«»()–" or (
            "\u1200" <= char <= "\u135f"
            or "\u1380" <= char <= "\u139f"
            or "\u2d80" <= char <= "\u2ddf"
            or "\uab00" <= char <= "\uab2f"
            or "\U0001e7e0" <= char <= "\U0001e7ff"
        )


@settings(max_examples=300, deadline=None)
@given(text=texts)
def test_spaces_are_settled(text):
    said = normalize(text)
    assert said == said.strip()
    assert "  " not in said
    assert "\n\n" not in said


@settings(max_examples=300, deadline=None)
@given(text=texts)
def test_ascii_punctuation_is_stable(text):
    once = to_ascii_punctuation(normalize(text))
    assert to_ascii_punctuation(once) == once
    assert not set(once) & set("።፣፤፥፦፧፨፡«»()–…")


@settings(max_examples=300, deadline=None)
@given(text=texts)
def test_sentences_lose_no_letter(text):
    kept = "".join("".join(split_sentences(text)).split())
    assert kept == "".join(text.split())


@settings(max_examples=200, deadline=None)
@given(text=any_text)
def test_folding_homophones_is_stable(text):
    once = fold_homophones(text)
    assert fold_homophones(once) == once
    assert len(once) == len(text)


_MEGABYTE = 1_000_000
HOSTILE = {
    "digits": "1", "spaced digits": "1 ", "dotted digits": "1.", "hyphened digits": "1-",
    "listed digits": "1,", "slashed digits": "1/", "clock digits": "1:", "one letter": "ሀ",
    "dots": ".", "dotted letters": "ሀ.", "slashes": "/", "slashed letters": "/ሀ",
    "abbreviations": "ዶ/ር/", "prefixes": "በለከየ", "prefixed digits": "በ5 ", "endings": "5ቱ",
    "spaces": " ", "lines": "\n", "Latin": "a", "initials": "A.", "dotted Latin": "a.",
    "at signs": "a@", "schemes": "http://", "hosts": "www.", "tags": "#",
    "quotes": '"', "brackets": "(",
    "Ge'ez": "፩", "Ge'ez hundreds": "፻፼", "sums": "+5", "prices": "$5-", "per cent": "%",
    "degrees": "°",
    "word spaces": "፡", "hyphens": "-", "marks": "።፣", "combining": "\u0301",
    "gemination": "\u135f",
    "emoji": "😀", "zero width": "\u200b", "lone surrogates": "\ud800", "groups": "1 000 ",
    "dates": "12/05/2015 ", "apostrophes": "a'",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_time_grows_no_faster_than_length(name):
    """A tenth of a megabyte is read in time, and eight times the text in about eight times."""
    unit = HOSTILE[name]

    def seconds(size: int) -> float:
        text = unit * (size // len(unit.encode("utf-8", "surrogatepass")))
        start = time.process_time()
        normalize(text)
        return time.process_time() - start

    seconds(1000)
    small = min(seconds(_MEGABYTE // 80) for _ in range(2))
    large = seconds(_MEGABYTE // 10)
    # Eight times the text, and slack for a busy machine; a quadratic rule would take 64 times.
    assert large < 24 * small + 0.05
    assert large < 1.0
