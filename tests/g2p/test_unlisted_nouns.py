"""Nouns and adjectives that are not listed: length and ɨ from their shape alone.

The words are taken out of the lexicon where they are in it, so that only the shape is left.
"""

from __future__ import annotations

import pytest

from coqui_amharic_ext.g2p.grammar import lexicon, nouns
from coqui_amharic_ext.g2p.realisation import realise


@pytest.fixture
def unlisted(monkeypatch: pytest.MonkeyPatch) -> object:
    def read(word: str) -> str:
        for table in (lexicon.words(), nouns.table()):
            monkeypatch.delitem(table, lexicon.key(word), raising=False)  # type: ignore[arg-type]
        return realise(word).ipa

    return read


@pytest.mark.parametrize(
    ("word", "ipa"),
    [
        # The last syllable is repeated whole, with its ɨ in the same place.
        ("ቅልስልስ", "kʼɨlɨslɨsː"),
        ("ዝርክርክ", "zɨɾɨkɾɨkː"),
        ("ፍርክስክስ", "fɨɾɨkɨskɨsː"),
        ("ኩንስንስ", "kunɨsnɨsː"),
        ("ፍትፍት", "fɨtfɨt"),
        # First and second radical alike.
        ("ቅቅል", "kʼɨkʼːɨl"),
        # Nouns in -t of roots in a dental that has become palatal.
        ("ሽኝት", "ʃɨɲːɨt"),
        ("ግኝቶች", "ɡɨɲːɨtot͡ʃː"),
        ("ትችት", "tɨt͡ʃːɨt"),
        # Persons of CəCː and CɨCː.
        ("ደስተኛ", "dəsːɨtəɲːa"),
        ("ዝቅተኛው", "zɨkʼːɨtəɲːaw"),
        # Agents and instruments as in Ge'ez.
        ("መዘምር", "məzəmːɨɾ"),
        ("መናፍቅ", "mənafɨkʼ"),
        # Adjectives in -a, whose last radical is long (Leslau 1995, nominal patterns).
        ("ጎምጣጣ", "ɡomtʼatʼːa"),
        ("ጎድጓዳ", "ɡodɡʷadːa"),
        ("ጠንካራ", "tʼənkaɾːa"),
        ("ገብጋባ", "ɡəbɡabːa"),
        ("ጨምዳዳ", "t͡ʃʼəmdadːa"),
        ("ጎደርዳራ", "ɡodəɾdaɾːa"),
        # What is left of an action, and states.
        ("ስንጣሪ", "sɨnɨtʼːaɾi"),
        ("ቅንጣሽ", "kʼɨntʼaʃ"),
        ("ቁራጭ", "kʼuɾːat͡ʃʼ"),
        ("ዝንፍፍ", "zɨnfɨfː"),
        ("ሸተት", "ʃətətː"),
        # Nouns of quadriradicals.
        ("ጥንካሬ", "tʼɨnɨkːaɾe"),
        ("ቅልጥም", "kʼɨltʼɨm"),
        # Of listed nouns: -am, and the plural -at.
        ("መርዛም", "məɾzam"),
        ("ችጋራም", "t͡ʃɨɡːaɾam"),
        ("ቀለማት", "kʼələmat"),
        ("ጳጳሳት", "pʼapʼːasat"),
        # Both consonants repeated; the same noun twice with a between.
        ("ከርከሮ", "kəɾkəɾːo"),
        ("ቆርቆሮ", "kʼoɾkʼoɾːo"),
        ("ሚጥሚጣ", "mitʼmitʼːa"),
        ("ሽክርክሪት", "ʃɨkɨɾkɨɾit"),
        ("ጥራጥሬ", "tʼɨɾatʼɨɾe"),
        ("ብረታብረት", "bɨɾətabɨɾət"),
        ("ድግግሞሽ", "dɨɡɨɡːɨmoʃ"),
        ("እንክብካቤ", "ʔɨnkɨbɨkːabe"),
        # Plurals of adjectives that repeat a radical; of agents, from Ge'ez.
        ("ከባባድ", "kəbabːad"),
        ("ታላላቅ", "talalːakʼ"),
        ("ሰባክያን", "səbakɨjan"),
        ("ፈረንሳውያን", "fəɾənsawɨjan"),
        # Abstract nouns; of numerals and places.
        ("ጋብቻ", "ɡabɨt͡ʃːa"),
        ("ስልቻ", "sɨlɨt͡ʃːa"),
        ("ጎንዮሽ", "ɡonːɨjoʃ"),
    ],
)
def test_the_shape_of_a_nominal_pattern_is_enough(unlisted, word: str, ipa: str) -> None:  # type: ignore[no-untyped-def]
    assert unlisted(word) == ipa


@pytest.mark.parametrize(
    ("word", "ipa"),
    [
        ("ጠማማ", "tʼəmama"),
        ("መራራ", "məɾaɾa"),
        ("አካፋ", "ʔakafa"),
        ("ሲዳማ", "sidama"),
        ("አንጎላ", "ʔanɡola"),
        ("ቆሎ", "kʼolo"),
        ("ላም", "lam"),
        ("ሣር", "saɾ"),
        # Their roots have verbs with tə- alone (ተጋራ, ተሰለፈ).
        ("ጋራ", "ɡaɾa"),
        ("ሰልፍ", "səlf"),
    ],
)
def test_a_noun_comes_before_a_rare_form_of_a_verb(unlisted, word: str, ipa: str) -> None:  # type: ignore[no-untyped-def]
    assert unlisted(word) == ipa


@pytest.mark.parametrize(
    ("word", "ipa"),
    [
        ("ወዶ", "wədːo"),
        ("ስሄድ", "sɨhed"),
        ("ስጽፍ", "sɨsʼɨf"),
        ("ብወድ", "bɨwədː"),
        ("ሰማ", "səmːa"),
        ("ይስማማል", "jɨsmamːal"),
        ("ተስማማ", "təsmamːa"),
    ],
)
def test_verbs_stay_verbs(word: str, ipa: str) -> None:
    assert realise(word).ipa == ipa


@pytest.mark.parametrize(
    ("word", "ipa"),
    [
        ("ፕሮፌሰሮቻቸው", "pɾofesəɾot͡ʃːat͡ʃːəw"),
        ("ፕሮጀክቱም", "pɾod͡ʒəktum"),
        ("ፕሮቶታይፕ", "pɾototajp"),
        ("የፕሬሱ", "jəpɾesu"),
        ("ፕላዝማ", "pɨlazma"),
        ("ግራፊክ", "ɡɨɾafik"),
    ],
)
def test_of_the_onsets_of_loans_pr_alone_is_kept(word: str, ipa: str) -> None:
    assert realise(word).ipa == ipa
