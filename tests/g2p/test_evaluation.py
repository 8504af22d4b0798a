"""Evaluation: gold lists, groups, error tables."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from coqui_amharic_ext.errors import SettingsError
from coqui_amharic_ext.g2p.evaluation import evaluate, read_gold
from coqui_amharic_ext.settings import Settings
from tests.g2p.backends import Registrar

GOLD = {"ሰላም": ("səlam",), "ቤት": ("bet", "betː"), "ጋጎጋጎ": ("ɡaɡoɡaɡo",)}
WRONG = {"ሰላም": "səlam", "ቤት": "bet", "ጋጎጋጎ": "ɡaɡoɡːaɡoɨ"}


def test_a_list_is_read_with_all_pronunciations(tmp_path: Path) -> None:
    path = tmp_path / "gold.tsv"
    path.write_text("# a comment\nቤት\tb e t\n\nቤት\tb e tː\nሰላም\ts ə l a m\n", encoding="utf-8")
    assert read_gold(path) == {"ቤት": ("bet", "betː"), "ሰላም": ("səlam",)}


@pytest.mark.parametrize(
    ("content", "message"), [("ቤት bet\n", "line 1"), ("# nothing\n", "no words")]
)
def test_a_list_that_is_none_is_an_error(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "gold.tsv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        read_gold(path)


def test_rates_groups_and_errors_of_a_backend(register: Registrar) -> None:
    register("known", lambda word: WRONG[word], gives="surface")
    settings = Settings(g2p_backends=("rules",))
    found = evaluate(GOLD, backends=["known"], settings=settings)
    chain, known = found.systems
    assert (found.words, chain.name, known.name) == (3, "chain", "known")
    assert chain.rates["all"].with_length.words == 3
    groups = [rates for group, rates in chain.rates.items() if group != "all"]
    assert sum(rates.with_length.words for rates in groups) == 3
    assert chain.answered == {"lexicon": 2, "rules": 1}
    assert known.answered == {"known": 2, "rules": 1}  # the wrong word was not believed


def test_raw_output_of_segments_is_scored_unmended(register: Registrar) -> None:
    register("bare", lambda word: WRONG[word])
    found = evaluate(GOLD, backends=["bare"], settings=Settings(g2p_backends=("rules",)))
    raw = found.systems[-1]
    assert raw.name == "bare raw"
    assert raw.rates["all"].without_length.phone_errors == 1
    assert raw.rates["all"].with_length.wrong_words == 1
    assert {(wanted, given) for wanted, given, _ in raw.edits} >= {("", "ɨ")}
    assert [error.word for error in raw.errors] == ["ጋጎጋጎ"]


def test_a_backend_that_cannot_serve_is_named_with_its_reason(register: Registrar) -> None:
    from coqui_amharic_ext.availability import Availability

    register("away", lambda word: "", availability=Availability(False, "it is out", "wait"))
    found = evaluate(GOLD, backends=["away"], settings=Settings(g2p_backends=("rules",)))
    assert "it is out" in found.missing["away"]


def test_an_unknown_backend_is_an_error() -> None:
    with pytest.raises(SettingsError, match="nosuch"):
        evaluate(GOLD, backends=["nosuch"])


def test_systems_say_who_answered_and_what_was_wrong(register: Registrar) -> None:
    register("bare", lambda word: WRONG[word])
    found = evaluate(GOLD, backends=["bare"], settings=Settings(g2p_backends=("rules",)))
    systems = {s.name: s for s in found.systems}
    assert {"chain", "bare raw"} <= set(systems)
    raw = systems["bare raw"]
    assert systems["bare"].answered == {"bare": 2, "rules": 1}
    assert ("", "ɨ") in {(wanted, given) for wanted, given, _ in raw.edits}


def test_results_can_be_written_as_json() -> None:
    found = evaluate(GOLD, backends=[], settings=Settings(g2p_backends=("rules",)))
    again = json.loads(json.dumps(asdict(found)))
    (chain,) = again["systems"]
    assert chain["answered"] == {"lexicon": 2, "rules": 1}
    assert chain["rates"]["all"]["with_length"]["per"] == pytest.approx(
        found.systems[0].rates["all"].with_length.per
    )


def test_the_default_chain_is_better_than_what_it_is_built_on(
    dev_data: Path, epitran_installed: None
) -> None:
    gold = read_gold(dev_data / "g2p" / "wikipron_amh_dev.tsv")
    found = {s.name: s.rates["all"] for s in evaluate(gold, backends=["epitran"]).systems}
    assert found["chain"].with_length.per < found["epitran raw"].with_length.per / 2
    assert found["chain"].with_length.per < 15.9  # epitran amh-Ethi-pp on this half
    assert found["chain"].without_length.per < 8.9
