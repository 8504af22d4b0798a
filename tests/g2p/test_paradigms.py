"""Tables of patterns, affixes and roots: they fit each other and the inventory."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import coqui_amharic_ext.g2p
from coqui_amharic_ext.g2p.costs import cost
from coqui_amharic_ext.g2p.grammar import affixes, paradigms, roots, stems
from coqui_amharic_ext.g2p.phonology.coding import decode
from coqui_amharic_ext.g2p.phonology.inventory import inventory, split
from coqui_amharic_ext.io.tables import rows

DATA = Path(coqui_amharic_ext.g2p.__path__[0]) / "data"
SOURCED = ("paradigms.tsv", "prefixes.tsv", "suffixes.tsv", "contacts.tsv", "costs.tsv")


@pytest.mark.parametrize("name", [*SOURCED, "fidel.tsv"])
def test_tables_are_rectangular_and_sourced(name: str) -> None:
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    header, *table = [line.split("\t") for line in lines]
    assert table
    assert all(len(row) == len(header) for row in table)
    if name in SOURCED:
        assert header[-2] in ("source", "basis")
        assert all(row[-2] for row in table), "every row names its source"


def test_every_cost_is_listed_once_with_its_reason() -> None:
    table = rows("g2p/data/costs.tsv", "kind", "case", "cost", "comment")
    assert len({(kind, case) for kind, case, *_ in table}) == len(table)
    assert all(float(number) >= 0 and reason for *_, number, reason in table)


def test_a_case_that_is_not_listed_costs_what_its_kind_does() -> None:
    assert cost("possessive", "u") < cost("possessive", "wa") == cost("possessive")
    with pytest.raises(KeyError):
        cost("no such kind")


def test_patterns_hold_only_radicals_and_phones() -> None:
    for row in paradigms.table():
        for tense, pattern in paradigms.forms(row):
            assert set(re.sub("[1-5]", "", pattern)) <= set("ːɨəaeiouʷtsnmljʔbʧƈʤʃʒɲ"), (row, tense)
            assert set(split(decode(re.sub("[1-5]", "b", pattern)))) <= set(inventory())
            if row.radicals:
                assert set(re.findall("[1-5]", pattern)) >= set(row.radicals), (row, tense)


def test_every_stem_of_a_paradigm_has_a_perfective_or_adds_to_one() -> None:
    with_perfective = {(r.verb_class, r.stem) for r in paradigms.table() if "perf" in r.patterns}
    for row in paradigms.table():
        if row.verb_class not in ("X", paradigms.NOMINAL):
            assert (row.verb_class, row.stem) in with_perfective


@pytest.mark.parametrize(
    ("pattern", "places", "labialised"),
    [
        ("1ə2ːə3", "1", "1o2ːə3"),
        ("12ə3", "1", "1u2ə3"),
        ("1a2a3i", "1", "1ʷa2a3i"),
        ("1ːə2ːə3", "1", "1ːo2ːə3"),
        ("mə1ːa2ə3", "1", "mə1ʷːa2ə3"),
        ("1ə2ə3ːə4", "3", "1ə2ə3ːo4"),
        ("1ə2ə3ːə4", "13", "1o2ə3ːo4"),
    ],
)
def test_labialised_radicals_change_the_vowel(pattern: str, places: str, labialised: str) -> None:
    assert paradigms.labialise(pattern, places) == labialised


def test_roots_are_put_into_the_class_of_their_perfective() -> None:
    # Of Leslau 1995: one verb of each type.
    for declared, ipa, stem, radicals, verb_class in (
        ("A", "səbːəɾə", "base", "sbɾ", "A"),
        ("B", "fəlːəɡə", "base", "flɡ", "B"),
        ("C", "baɾːəkə", "base", "bɾk", "C"),
        ("Q", "məsəkːəɾə", "base", "mskɾ", "Q"),
        ("A", "səmːa", "base", "sm", "Aa"),
        ("A", "sətʼːə".replace("tʼ", "ƭ"), "base", "sƭ", "Aə"),
        ("B", "ləjːə", "base", "lj", "Bə"),
        ("A", "kʼomə".replace("kʼ", "ƙ"), "base", "ƙm", "O"),
        ("A", "hedə", "base", "hd", "E"),
        ("A", "lakə", "base", "lk", "M"),
        ("A", "ʔalːəfə", "base", "lf", "GA"),
        ("B", "ʔasːəbə", "base", "sb", "GB"),
        ("A", "ʔadəɾːəɡə", "a", "dɾɡ", "A"),
        ("A", "təmaɾə", "t", "mɾ", "M"),
    ):
        found = roots.classify(declared, ipa, stem)
        assert found is not None
        assert ("".join(found.radicals), found.verb_class) == (radicals, verb_class), ipa


def test_every_root_fits_a_pattern() -> None:
    assert roots.unfit() == []


def test_every_known_root_speaks_its_citation_form() -> None:
    """What is derived gives back what was put in, for every root of the table."""
    from coqui_amharic_ext.g2p.realisation import realise

    unfit = set(roots.unfit())
    wrong = []
    table = rows("g2p/data/roots.tsv", "citation", "ipa")
    for citation, ipa in table:
        found = realise(citation)
        if citation not in unfit and ipa not in (found.ipa, *found.alternatives):
            wrong.append((citation, ipa, found.ipa))
    assert len(wrong) <= 0.005 * len(table), wrong


def test_affixes_are_found_by_what_is_written_of_them() -> None:
    for table in (affixes.prefixes(), affixes.suffixes()):
        for written, found in table.items():
            for affix in found:
                assert affix.spoken.replace("ː", "").replace("ɨ", "") == written.replace("ɨ", "")
                assert affix.hosts


def test_groups_of_a_shape_are_made_once() -> None:
    groups = stems.groups("CəCəC")
    assert stems.groups("CəCəC") is groups
    assert groups.hosts & affixes.Host.PERF
