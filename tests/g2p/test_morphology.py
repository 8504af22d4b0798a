"""Gemination of inflected words, held to paradigms written from the grammars."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from coqui_amharic_ext.g2p.grammar import lexicon, nouns
from coqui_amharic_ext.g2p.realisation import realise

TABLE = Path(__file__).parent / "data" / "verb_forms.tsv"
FORMS = [tuple(line.split("\t")) for line in TABLE.read_text(encoding="utf-8").splitlines()[1:]]


@pytest.mark.parametrize(("word", "ipa", "form", "source"), FORMS)
def test_forms_of_the_grammars(word: str, ipa: str, form: str, source: str) -> None:
    found = realise(word)
    assert found.ipa == ipa, f"{form} ({source})"


def test_the_table_covers_every_type() -> None:
    assert len(FORMS) >= 400
    assert len({row[0] for row in FORMS}) == len(FORMS)
    assert all(count >= 5 for count in Counter(row[3] for row in FORMS).values())


# The letters allow both; the first is the active, or the more frequent one (Leslau 1995, t-stems).
@pytest.mark.parametrize(
    ("word", "default", "other"),
    [
        ("ይበላል", "jɨbəlal", "jɨbːəlːal"),  # he eats, it is eaten
        ("ይሰማል", "jɨsəmal", "jɨsːəmːal"),  # he hears, it is heard
        ("ይሰጣል", "jɨsətʼal", "jɨsːətʼːal"),  # he gives, it is given
        ("ይነሳል", "jɨnːəsːal", "jɨnəsal"),  # he gets up (usual), he deprives
        ("አለ", "ʔalːə", "ʔalə"),  # there is, he said
    ],
)
def test_ambiguous_spellings_list_the_other_reading(word: str, default: str, other: str) -> None:
    found = realise(word)
    assert found.ipa == default
    assert other in found.alternatives
    assert default not in found.alternatives


# Shapes alone, for roots that no dictionary has: defaults of the types (Leslau 1995).
@pytest.mark.parametrize(
    ("word", "ipa"),
    [
        ("ፐቨዠ", "pəvːəʒə"),
        ("ይፐቭዣል", "jɨpəvʒal"),
        ("ተፐቨዠ", "təpəvːəʒə"),
        ("ይፐቨዣል", "jɨpːəvːəʒal"),
        ("ፓቨዠ", "pavːəʒə"),
        ("ይፓቭዣል", "jɨpavːɨʒal"),
        ("ፐቨዠደ", "pəvəʒːədə"),
        ("ይፐቨዥዳል", "jɨpəvəʒːɨdal"),
        ("አስፐቨዠ", "ʔaspəvːəʒə"),
        ("የሚፐቭዥ", "jəmːipəvʒ"),
        ("ፐቫቨዠ", "pəvavːəʒə"),
    ],
)
def test_unknown_roots_follow_their_shape(word: str, ipa: str) -> None:
    found = realise(word)
    assert (found.ipa, found.source) == (ipa, "rules")


@pytest.mark.parametrize(
    ("word", "ipa"),
    [
        ("ፒቮዦች", "pivoʒot͡ʃː"),
        ("ፒቮዦቻቸው", "pivoʒot͡ʃːat͡ʃːəw"),
        ("ፒቮዣችን", "pivoʒat͡ʃːɨn"),
        ("ፒቮዥነት", "pivoʒɨnːət"),
        ("ፒቮዠኛ", "pivoʒəɲːa"),
        ("ፒቮዠኞች", "pivoʒəɲːot͡ʃː"),
        ("ፒቮዥኛ", "pivoʒɨɲːa"),
        ("ፒቮዠኝነት", "pivoʒəɲːɨnːət"),
    ],
)
def test_suffixes_of_unlisted_nouns_keep_their_length(word: str, ipa: str) -> None:
    assert realise(word).ipa == ipa


def test_unlisted_nouns_get_no_length_by_chance() -> None:
    for word in ("ፐቨዥ", "ፒቮዣ", "ፐቬዞ", "ቪዞፓ", "ፐቪዝ", "ዞፐቫ"):
        assert "ː" not in realise(word).ipa, word


def test_length_comes_before_the_vowels_of_the_syllable() -> None:
    # Without the geminate it would be *tɨɡɨɾɲa; a long consonant fills two places.
    assert realise("ትግርኛ").ipa == "tɨɡɾɨɲːa"
    assert realise("ይፈልጋል").ipa == "jɨfəlːɨɡal"


def test_prepositions_that_have_lost_their_vowel() -> None:
    assert realise("ካገር").ipa == "k" + realise("አገር").ipa.removeprefix("ʔ")
    assert realise("ላንተ").ipa == "l" + realise("አንተ").ipa.removeprefix("ʔ")


def test_persons_of_prefix_and_suffix_agree() -> None:
    # አንባቢ is "reader", not a first person plural with a feminine ending.
    assert realise("አንባቢ").ipa == "ʔanbabi"
    assert not any("nːɨ" in other for other in realise("አንባቢ").alternatives)


@pytest.mark.parametrize(
    ("word", "ipa"),
    [
        ("ስብሰባ", "sɨbsəba"),
        ("ምርመራ", "mɨɾməɾa"),
        ("ሽምግልና", "ʃɨmɡɨlɨnːa"),
        ("ፍልስፍና", "fɨlsɨfɨnːa"),
        ("ግድያ", "ɡɨdɨjːa"),
        ("ክፍያ", "kɨfɨjːa"),
        # Agents in -i: at-stems have a long first radical, type B a long second one.
        ("አከራካሪ", "ʔakːəɾakaɾi"),
        ("አወዳዳሪ", "ʔawːədadaɾi"),
        ("አነጋጋሪ", "ʔanːəɡaɡaɾi"),
        ("አደናባሪ", "ʔadːənabaɾi"),
        ("አቋቋሚ", "ʔakʼʷːakʼʷami"),
        ("አስመራቂ", "ʔasməɾːakʼi"),
        ("አስጨናቂ", "ʔast͡ʃʼənːakʼi"),
        # So have as-stems of type A (Leslau's asgärrami, askäffi, asaffari).
        ("አስገዳጅ", "ʔasɡədːad͡ʒ"),
        ("አስከፊ", "ʔaskəfːi"),
        ("አሳፋሪ", "ʔasafːaɾi"),
        ("አበዳሪ", "ʔabədːaɾi"),
        # Abstract nouns of persons in -əɲːa, of unlisted nouns too; the listed noun keeps its own.
        ("ጋዜጠኝነት", "ɡazetʼəɲːɨnːət"),
        ("ከፍተኝነት", "kəfːɨtəɲːɨnːət"),
        ("ብቸኝነቱ", "bɨt͡ʃːəɲːɨnːətu"),
        ("ታማኝነት", "tamːaɲɨnːət"),
        ("በሽተኞች", "bəʃːɨtəɲːot͡ʃː"),
        # Adjectives in -mːa of nouns in a vowel.
        ("ጫካማ", "t͡ʃʼakːamːa"),
        ("ጤናማ", "tʼenamːa"),
        ("ደመናማው", "dəmːənamːaw"),
        # Manner nouns: the first radical is long, the last but one is reduplicated.
        ("አመለካከት", "ʔamːələkakət"),
        ("አተነፋፈስ", "ʔatːənəfafəs"),
        ("አዘገጃጀት", "ʔazːəɡəd͡ʒad͡ʒət"),
        ("አጻጻፍ", "ʔasʼːasʼaf"),
        ("አኗኗር", "ʔanʷːanʷaɾ"),
        ("አጫዋወት", "ʔat͡ʃʼːawawət"),
        # Action nouns.
        ("ብልሽት", "bɨlɨʃːɨt"),
        ("ድርጅት", "dɨɾɨd͡ʒːɨt"),
        ("ቁጥጥር", "kʼutʼɨtʼːɨɾ"),
        ("ድንጋጌ", "dɨnɨɡːaɡe"),
        ("ጥንቃቄ", "tʼɨnɨkʼːakʼe"),
        # Places and instruments of a- and t-stems, and a reciprocal of a verb that begins with a.
        ("ማከማቻ", "makːəmat͡ʃa"),
        ("ማገናኛ", "maɡːənaɲa"),
        ("መጓጓዣ", "məɡʷːaɡʷaʒa"),
        ("ማከፋፈያ", "makːəfafəja"),
        ("መተጋገዝ", "mətːəɡaɡəz"),
        ("መተሳሰብ", "mətːəsasəb"),
        # The second part of a compound keeps its own length and its first ɨ; verbs stay verbs.
        ("ባለቅኔ", "baləkʼɨne"),
        ("ገብረሥላሴ", "ɡəbɾəsɨlːase"),
        ("ሥነልቦና", "sɨnəlɨbːona"),
        ("ቤተሙከራ", "betəmukːəɾa"),
        ("ባለቀሱ", "baləkʼːəsu"),
        ("ባለመሆኑ", "baləməhonu"),
    ],
)
def test_nouns_made_from_verbs_need_not_be_listed(
    word: str, ipa: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for table in (lexicon.words(), nouns.table()):
        monkeypatch.delitem(table, lexicon.key(word), raising=False)  # type: ignore[arg-type]
    assert realise(word).ipa == ipa


@pytest.mark.parametrize(
    ("word", "ipa"),
    [
        ("ልጅቱ", "lɨd͡ʒɨtu"),
        ("ልጅቷን", "lɨd͡ʒɨtʷan"),
        ("ከተማይቱ", "kətəmajɨtu"),
        ("ሀገሪቷ", "haɡəɾitʷa"),
        # A verb, or a noun in t that is his, not a feminine.
        ("በርቱ", "bəɾtu"),
        ("ቤቱ", "betu"),
        ("ወቅቱ", "wəkʼtu"),
    ],
)
def test_feminine_nouns_are_pointed_out_by_a_t_of_their_own(word: str, ipa: str) -> None:
    assert realise(word).ipa == ipa


@pytest.mark.parametrize(
    ("word", "ipa"),
    [
        ("ምሳሌያዊ", "mɨsːalejawi"),
        ("ኤርትራዊት", "ʔeɾtɨɾawit"),
        ("ቻይናውያን", "t͡ʃajnawɨjan"),
        ("ሩሲያውያን", "ɾusijawɨjan"),
    ],
)
def test_adjectives_in_awi_keep_a_listed_nouns_length_and_break_wj(word: str, ipa: str) -> None:
    assert realise(word).ipa == ipa


@pytest.mark.parametrize(
    ("word", "ipa"),
    [
        ("አምናለሁ", "ʔamnalːəhu"),
        ("አልፋለሁ", "ʔalfalːəhu"),
        ("በልቻለሁ", "bəlɨt͡ʃːalːəhu"),
    ],
)
def test_i_believe_comes_before_a_shortened_i_have_believed(word: str, ipa: str) -> None:
    assert realise(word).ipa == ipa


@pytest.mark.parametrize(
    ("word", "ipa"),
    [
        # Converbs, not *አስብ and the like with "my".
        ("አስቤ", "ʔasːɨbːe"),
        ("አውቄ", "ʔawɨkʼːe"),
        ("አምኜ", "ʔamɨɲːe"),
        # Listed nouns with "my".
        ("አፌ", "ʔafe"),
        ("አቅሜ", "ʔakʼme"),
        ("ስሜ", "sɨme"),
    ],
)
def test_a_short_stem_in_a_with_e_is_a_converb_and_others_are_nouns(word: str, ipa: str) -> None:
    assert realise(word).ipa == ipa


def test_persons_are_addressed_and_pointed_out() -> None:
    """The forms of ሰው and ሴት in -əyyä- and -əyye (Leslau 1995)."""
    assert realise("ወንድምዬ").ipa == "wəndɨmːɨjːe"
    assert realise("ሰውየውን").ipa == "səwɨjːəwɨn"
    assert realise("ሴትየዋን").ipa == "setɨjːəwan"
