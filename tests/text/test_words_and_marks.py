"""Homophones, punctuation, sentences, Latin words, and the trace."""

from __future__ import annotations

import subprocess
import sys

import pytest

from coqui_amharic_ext.text import (
    Change,
    explain,
    fold_homophones,
    normalize,
    rule_names,
    split_sentences,
    to_ascii_punctuation,
    words,
)


@pytest.mark.parametrize(
    ("word", "key"),
    [
        ("ሐምሌ", "ሀምሌ"), ("ኀይል", "ሀይል"), ("ሠላም", "ሰላም"), ("ዐይን", "አይን"), ("ፀሐይ", "ጸሀይ"),
        ("ዓመት", "አመት"),
        ("ሃያ", "ሀያ"), ("ኅዳር", "ህዳር"), ("ሦስት", "ሶስት"), ("ዕለት", "እለት"), ("ጽሑፍ", "ጽሁፍ"),
        ("አደዋ", "አደዋ"), ("አዷ", "አዷ"), ("ኋላ", "ኋላ"), ("ኸረ", "ኸረ"), ("ኧረ", "ኧረ"), ("ቈጠረ", "ቈጠረ"),
    ],
)  # fmt: skip
def test_homophones_fold_and_other_letters_stay(word, key):
    assert fold_homophones(word) == key


def test_folding_never_reaches_the_spoken_text():
    assert normalize("ሐምሌ ሠላም ፀሐይ ኀይል ዐይን") == "ሐምሌ ሠላም ፀሐይ ኀይል ዐይን"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("ሰላም፣ እንዴት ነህ፧ ደህና።", "ሰላም, እንዴት ነህ? ደህና."),
        ("ሀ፡ለ፡፡ ሐ፨", "ሀ ለ. ሐ."),
        ("መ፦ ሠ፥ ረ፤", "መ: ሠ: ረ;"),
        ("«ሰላም» (አለ) – እሺ…", "ሰላም, አለ, እሺ."),
        ("ሀ።ለ", "ሀ. ለ"),
        ("ሀ ። ለ", "ሀ. ለ"),
        ("3.5 ሀ, ለ", "3.5 ሀ, ለ"),
        ("።፣", ""),
        ("ሀ\nለ።", "ሀ\nለ."),
    ],
)
def test_ascii_punctuation(text, plain):
    assert to_ascii_punctuation(text) == plain


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("", ()),
        ("ሰላም", ("ሰላም",)),
        ("ሰላም። ደህና፧ እሺ! ምን? ነው…", ("ሰላም።", "ደህና፧", "እሺ!", "ምን?", "ነው…")),
        ("ሰላም፡፡ደህና", ("ሰላም፡፡", "ደህና")),
        ("ዋጋው 2.5 ብር ነው። ይኸው", ("ዋጋው 2.5 ብር ነው።", "ይኸው")),
        ("በ2015 ዓ.ም. ተወለደ። ሞተ።", ("በ2015 ዓ.ም. ተወለደ።", "ሞተ።")),
        ("ዶ.ር. አበበ መጣ. ሄደ", ("ዶ.ር. አበበ መጣ.", "ሄደ")),
        ("ቁ. 5 ነው. ይኸው", ("ቁ. 5 ነው.", "ይኸው")),
        ("www.ebc.et ነው። እሺ", ("www.ebc.et ነው።", "እሺ")),
        ("ሀ\n\nለ", ("ሀ", "ለ")),
        ("«ሰላም።» አለ።", ("«ሰላም።»", "አለ።")),
        ("1. አንድ ነገር. ሌላ", ("1. አንድ ነገር.", "ሌላ")),
    ],
)
def test_sentences(text, sentences):
    assert split_sentences(text) == sentences


def test_words_are_the_ethiopic_ones():
    assert words("ሰላም፣ «ለዓለም» 5 abc።") == ("ሰላም", "ለዓለም")


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("don't", "ዶንት"), ("OpenStreetMap", "ኦፔን ስትሪት ማፕ"), ("xylophone", "ዚሎፎን"),
        ("photography", "ፎቶግራፊ"),
        ("bike", "ባይክ"), ("make", "ሜይክ"), ("school", "ስኩል"), ("Ph.D.", "ፒ ኤች ዲ"),
    ],
)  # fmt: skip
def test_latin_words_become_syllables(word, said):
    assert normalize(word) == said


def test_latin_letters_are_not_looked_up_one_for_one():
    # A letter table would give one Ethiopic letter for each Latin one.
    assert len(normalize("brother")) < len("brother")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Ａｂｅｂｅ", "አበበ"),
        ("㎏", "ኬ ጂ"),
        ("5㎞", "አምስት ኪሎ ሜትር"),
        ("20℃", "ሃያ ዲግሪ ሴልሺየስ"),
        ("№ 5", "ቁጥር አምስት"),
        ("1⁄2", "ግማሽ"),
        ("፲፰\u200d፻", "አንድ ሺህ ስምንት መቶ"),
        ("ሰላም\u00adታ", "ሰላምታ"),
        ("ሰላም\u00a0ለዓለም", "ሰላም ለዓለም"),
        ("ሰላም׃ ለዓለም", "ሰላም: ለዓለም"),
        ("1Oኛ", "አሥረኛ"),
        ("ዐ9", "ዜሮ ዘጠኝ"),
        ("ዐ.5", "ዜሮ ነጥብ አምስት"),
        ("ዐይን 5", "ዐይን አምስት"),
    ],
)
def test_unicode_variants(text, said):
    assert normalize(text) == said


def test_explain_gives_spans_rules_and_readings():
    text = "ለዶ/ር አበበ $50 ሰጡ፡፡"
    assert explain(text).changes == (
        Change(0, 4, "abbreviation", "ለዶ/ር", "ለዶክተር"),
        Change(9, 12, "currency", "$50", "ሃምሳ ዶላር"),
        Change(15, 17, "punctuation", "፡፡", "።"),
    )


def test_explain_finds_the_source_behind_settled_characters():
    (change,) = (c for c in explain("ሀ １\u200b２ ለ") if c.rule == "number")
    assert change.written == "１\u200b２"
    assert change.spoken == "አሥራ ሁለት"


def test_plain_text_has_no_changes():
    assert explain("ሰላም ለዓለም።").changes == ()


def test_rule_names_are_listed_in_order():
    names = rule_names()
    assert names.index("date") < names.index("fraction") < names.index("number")


def test_importing_the_package_reads_no_table():
    code = (
        "import sys; sys.addaudithook(lambda event, args: event == 'open'"
        " and str(args[0]).endswith('.tsv') and sys.exit(f'{args[0]} is read'));"
        "import coqui_amharic_ext.text;"
        "assert not {'torch', 'TTS', 'epitran', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("text", "spoken", "plain"),
    [
        ("„ሂድ“!", "«ሂድ»!", "ሂድ!"),
        ("„ሂድ“ አለ።", "«ሂድ» አለ።", "ሂድ አለ."),
        ("»ሂድ«፧ አለ", "«ሂድ»፧ አለ", "ሂድ? አለ"),
        ("“ና „ሂድ“ አለ”።", "«ና «ሂድ» አለ»።", "ና ሂድ አለ."),
        ("›ሂድ‹?", "«ሂድ»?", "ሂድ?"),
        ("”ሂድ”!", "«ሂድ»!", "ሂድ!"),
    ],
)
def test_quotation_marks_of_other_languages_lose_no_mark_after_them(text, spoken, plain):
    assert normalize(text) == spoken
    assert to_ascii_punctuation(spoken) == plain
