"""Listed words against the development lists: each disagreement is decided, with its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

import coqui_amharic_ext as am
from coqui_amharic_ext.g2p.evaluation import read_gold
from coqui_amharic_ext.g2p.grammar import lexicon
from coqui_amharic_ext.g2p.scoring import fold
from coqui_amharic_ext.settings import Settings

DECIDED = Path(__file__).parent / "data" / "lexicon_disagreements.tsv"


def _decided() -> dict[str, str]:
    lines = DECIDED.read_text("utf-8").splitlines()
    return dict(line.split("\t") for line in lines if not line.startswith("#"))


@pytest.mark.parametrize("name", ["wikipron_amh_dev.tsv", "geezorg_gemination_dev.tsv"])
def test_every_disagreement_is_decided(dev_data: Path, name: str) -> None:
    settings = Settings(g2p_backends=("rules",))
    undecided = []
    for word, pronunciations in read_gold(dev_data / "g2p" / name).items():
        if not word.isalpha() or lexicon.key(word) not in lexicon.words():
            continue
        ours = fold(am.phonemize(word, settings=settings), length=True)
        theirs = [fold(gold.replace(" ", ""), length=True) for gold in pronunciations]
        if ours not in theirs and word not in _decided():
            undecided.append((word, ours, theirs))
    assert undecided == []


def test_decisions_are_about_listed_words_and_have_reasons() -> None:
    decided = _decided()
    assert [word for word in decided if lexicon.key(word) not in lexicon.words()] == []
    assert all(decided.values())
