"""Object suffix -at after -u- is written with the labialised letter: አሏት, ሰጧት, ነገሯት."""

from __future__ import annotations

import unicodedata

import pytest

from coqui_amharic_ext.g2p.phonology.inventory import inventory, split
from coqui_amharic_ext.g2p.realisation import realise


# Leslau 1995 on object suffixes: 3pl -u + 3f -at is -ʷat, so the verb's geminate is labialised.
@pytest.mark.parametrize(
    ("written", "ipa"),
    [("አሏት", "ʔalʷːat"), ("ሰጧት", "sətʼʷːat"), ("ነገሯት", "nəɡːəɾʷat"), ("ነግሯት", "nəɡɾʷat")],
)
def test_a_labialised_geminate_is_one_phone(written: str, ipa: str) -> None:
    assert realise(written).ipa == ipa


def test_every_root_with_a_labialised_suffix_keeps_to_the_inventory() -> None:
    from coqui_amharic_ext.io.tables import rows

    known = set(inventory())
    tried = 0
    for (citation,) in rows("g2p/data/roots.tsv", "citation"):
        # ETHIOPIC SYLLABLE BA or BAA -> ETHIOPIC SYLLABLE BWA
        series = unicodedata.name(citation[-1]).rstrip("AEIOU")
        try:
            form = citation[:-1] + unicodedata.lookup(f"{series}WA") + "ት"
        except KeyError:  # a series without one: አ, ዐ, የ
            continue
        tried += 1
        assert set(split(realise(form).ipa)) <= known, form
    assert tried > 500
