"""Where ɨ is spoken: against transcriptions in the dictionaries and grammars."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coqui_amharic_ext.g2p.phonology.coding import VOWELS, decode, encode
from coqui_amharic_ext.g2p.phonology.epenthesis import fill, fill_run, speak

TABLE = Path(__file__).parent / "data" / "epenthesis.tsv"
ROWS = [line.split("\t") for line in TABLE.read_text(encoding="utf-8").splitlines()[1:]]
CONSONANTS = "pbtdkɡʔƥƭƙȿʧʤƈfvszʃʒhmnɲlɾwj"


@pytest.mark.parametrize(("bare", "spoken"), [row[:2] for row in ROWS])
def test_vowels_stand_where_the_dictionaries_have_them(bare: str, spoken: str) -> None:
    assert decode(fill(encode(bare))) == spoken
    assert speak(encode(bare)) == spoken


def consonants() -> st.SearchStrategy[str]:
    one = st.sampled_from(CONSONANTS)
    return st.builds(
        "".join, st.tuples(one, st.sampled_from(["", "ʷ"]), st.sampled_from(["", "ː"]))
    )


@given(st.lists(consonants() | st.sampled_from("əuiaeo"), min_size=1, max_size=12).map("".join))
def test_only_vowels_are_added_and_every_syllable_can_be_said(bare: str) -> None:
    filled = fill(bare)
    assert filled.replace("ɨ", "") == bare
    clusters = [""]
    for char in filled:
        if char in VOWELS:
            clusters.append("")
        elif char != "ʷ":
            clusters[-1] += char  # ː counts as a second place
    assert len(clusters) > 1, "a word has a vowel"
    assert len(clusters[0]) <= 2
    assert all(len(cluster) <= 2 for cluster in clusters)


@given(st.lists(consonants(), min_size=2, max_size=6))
def test_a_run_is_the_same_wherever_it_is_remembered(tokens: list[str]) -> None:
    run = "".join(tokens)
    assert fill_run(tokens, initial=False, final=False) == fill("a" + run + "a")[1:-1]
    assert fill_run(tokens, initial=True, final=True) == fill(run)


def test_a_word_of_bare_letters_takes_time_in_proportion() -> None:
    # 8 000 letters have 2 ** 7 999 ways to be split.
    assert fill("sb" * 4000).count("ɨ") >= 4000
