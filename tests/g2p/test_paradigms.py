"""Tables of patterns, affixes and roots: they fit each other and the inventory."""

from __future__ import annotations

import re

import pytest

from coqui_amharic_ext.g2p.grammar import affixes, paradigms, roots, stems
from coqui_amharic_ext.g2p.phonology.coding import decode
from coqui_amharic_ext.g2p.phonology.inventory import inventory, split
from coqui_amharic_ext.g2p.resources import rows

TABLES = {
    "paradigms.tsv": 16, "prefixes.tsv": 7, "suffixes.tsv": 9, "contacts.tsv": 7, "fidel.tsv": 6,
}  # fmt: skip


@pytest.mark.parametrize(("name", "columns"), TABLES.items())
def test_tables_are_rectangular_and_sourced(name: str, columns: int) -> None:
    table = rows(name)
    assert table
    assert all(len(row) == columns for row in table)
    if name != "fidel.tsv":
        assert all(row[-2] for row in table), "every row names its source"


def test_patterns_hold_only_radicals_and_phones() -> None:
    for row in paradigms.table():
        for tense, pattern in paradigms.forms(row):
            assert set(re.sub("[1-5]", "", pattern)) <= set("ːɨəaeiouʷtsnmljʔbʧƈʤʃʒɲ"), (row, tense)
            assert set(split(decode(re.sub("[1-5]", "b", pattern)))) <= set(inventory())
            if row.radicals:
                assert set(re.findall("[1-5]", pattern)) >= set(row.radicals), (row, tense)


def test_every_stem_of_a_paradigm_has_a_perfective_or_adds_to_one() -> None:
    with_perfective = {(r.verb_class, r.stem) for r in paradigms.table() if "perf" in r.cells}
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
    for row in rows("roots.tsv"):
        found = realise(row[0])
        if row[0] not in unfit and row[2] not in (found.ipa, *found.alternatives):
            wrong.append((row[0], row[2], found.ipa))
    assert len(wrong) <= 0.005 * len(rows("roots.tsv")), wrong


def test_affixes_are_found_by_what_is_written_of_them() -> None:
    for table in (affixes.prefixes(), affixes.suffixes()):
        for written, found in table.items():
            for affix in found:
                assert affix.spoken.replace("ː", "").replace("ɨ", "") == written.replace("ɨ", "")
                assert affix.takes


def test_shapes_are_made_when_first_met() -> None:
    index = stems.index()
    shape = "CəCəC"
    groups = index[shape]
    if isinstance(groups, list):
        groups = stems.make(index, shape, groups)
    assert index[shape] is groups
    assert groups.takes & affixes.PERF
