"""Written forms and how they are said: the table in data/spoken_forms.tsv."""

from __future__ import annotations

from pathlib import Path

import pytest

from coqui_amharic_ext.text import TextPolicy, explain, fold_homophones, normalize

LINES = (
    (Path(__file__).parent / "data" / "spoken_forms.tsv").read_text(encoding="utf-8").splitlines()
)
FORMS = [tuple(line.split("\t")[:3]) for line in LINES[1:]]

#: Readings given as attested in the requirements, word for word.
ATTESTED = [
    ("1999", "አንድ ሺህ ዘጠኝ መቶ ዘጠና ዘጠኝ"),
    ("60", "ስልሳ"),
    ("25%", "ሃያ አምስት በመቶ"),
    ("$50", "ሃምሳ ዶላር"),
    ("ብር 1,500.50", "አንድ ሺህ አምስት መቶ ብር ከሃምሳ ሳንቲም"),
    ("2:03 ሰዓት", "ሁለት ሰዓት ከሦስት ደቂቃ"),
    ("3:30", "ሦስት ሰዓት ተኩል"),
    ("ሐምሌ 11 ቀን 2000 ዓ.ም", "ሐምሌ አሥራ አንድ ቀን ሁለት ሺህ ዓመተ ምሕረት"),
    ("ከ18-25 ዓመት", "ከአሥራ ስምንት እስከ ሃያ አምስት ዓመት"),
    ("1-0", "አንድ ለዜሮ"),
    ("1/2", "ግማሽ"),
    ("3/4", "ሦስት አራተኛ"),
    ("120 ኪ.ሜ በሰዓት", "አንድ መቶ ሃያ ኪሎ ሜትር በሰዓት"),
    ("5ቱ", "አምስቱ"),
    ("9ኙ", "ዘጠኙ"),
    ("10ሩ", "አሥሩ"),
]


@pytest.mark.parametrize(("written", "spoken"), ATTESTED)
def test_attested_reading(written, spoken):
    assert fold_homophones(normalize(written)) == fold_homophones(spoken)


@pytest.mark.parametrize(("kind", "written", "spoken"), FORMS)
def test_spoken_form(kind, written, spoken):
    assert fold_homophones(normalize(written)) == fold_homophones(spoken)


@pytest.mark.parametrize(("kind", "written", "spoken"), FORMS)
def test_a_spoken_form_is_left_alone(kind, written, spoken):
    assert normalize(spoken) == spoken


@pytest.mark.parametrize(
    ("kind", "written", "spoken"),
    # The words around the others decide how they are read, or are what they are about.
    [form for form in FORMS if form[0] not in ("score", "punctuation", "sentence", "unicode")],
)
def test_a_form_reads_the_same_inside_a_sentence(kind, written, spoken):
    said = normalize(f"እነሆ፣ {written}፣ እንደ ተባለ።")
    assert fold_homophones(spoken).rstrip("፤") in fold_homophones(said)


def test_the_table_has_every_class():
    counted = {kind for kind, _, _ in FORMS}
    assert len(FORMS) >= 300
    assert counted >= {
        "abbreviation", "affix", "cardinal", "date", "decimal", "fraction", "geez", "latin",
        "money",
        "negative", "ordinal", "percent", "phone", "punctuation", "range", "score", "time",
        "unicode",
        "unit", "web",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("policy", "written", "spoken"),
    [
        ("latin=keep", "የUSB ገመድ", "የUSB ገመድ"),
        ("latin=spell", "Google", "ጂ ኦ ኦ ጂ ኤል ኢ"),
        ("latin=transliterate", "NATO", "ናቶ"),
        ("acronyms=joined", "BBC", "ቢቢሲ"),
        ("hundred=bare", "150", "መቶ ሃምሳ"),
        ("thousand=si", "2015", "ሁለት ሺ አሥራ አምስት"),
        ("sixty=sidsa", "65", "ስድሳ አምስት"),
        ("decimals=number", "6.25", "ስድስት ነጥብ ሃያ አምስት"),
        ("negative=minus", "-5", "ማይነስ አምስት"),
        ("negative=below", "-5", "ከዜሮ በታች አምስት"),
        ("fractions=words", "1/3", "ሲሶ"),
        ("fractions=ordinals", "1/4", "አንድ አራተኛ"),
        ("ranges=to", "5-10 ቀናት", "አምስት እስከ አሥር ቀናት"),
        ("hours24=on", "14:30", "ስምንት ሰዓት ተኩል"),
        ("hours24=on", "0:05", "ስድስት ሰዓት ከአምስት ደቂቃ"),
        ("hours24=on", "6:00", "አሥራ ሁለት ሰዓት"),
        ("hours24=off", "8:30 PM", "ከሰዓት በኋላ ስምንት ሰዓት ተኩል"),
        ("hours24=off", "14:30", "አሥራ አራት ሰዓት ተኩል"),
        ("hours24=off", "8 AM", "ከጠዋቱ ስምንት ሰዓት"),
        ("hours24=on", "3:30", "ዘጠኝ ሰዓት ተኩል"),
        ("calendar=ethiopian", "05/12/2024", "ነሐሴ አምስት ቀን ሁለት ሺህ ሃያ አራት"),
        ("quarter=minutes", "3:15", "ሦስት ሰዓት ከአሥራ አምስት ደቂቃ"),
        ("to_hour=on", "3:45", "ለአራት ሰዓት ሩብ ጉዳይ"),
        ("to_hour=on", "12:50", "ለአንድ ሰዓት አሥር ጉዳይ"),
        ("celsius=centigrade", "20°C", "ሃያ ዲግሪ ሴንቲ ግሬድ"),
        ("calendar=gregorian", "12/05/2015", "ሜይ አሥራ ሁለት ቀን ሁለት ሺህ አሥራ አምስት"),
        ("date_order=mdy", "05/12/2015", "ጥር አሥራ ሁለት ቀን ሁለት ሺህ አሥራ አምስት"),
        ("date_month=number", "12/05/2015", "አሥራ ሁለት አምስት ሁለት ሺህ አሥራ አምስት"),
        ("era=keep", "2015 ዓ.ም ነው", "ሁለት ሺህ አሥራ አምስት ዓ.ም ነው"),
        ("phones=pairs", "0911234567", "ዜሮ ዘጠኝ አሥራ አንድ ሃያ ሦስት አርባ አምስት ስልሳ ሰባት"),
        ("urls=drop", "ድረ ገጽ www.ebc.et ነው", "ድረ ገጽ ነው"),
        ("other_scripts=keep", "ሰላም мир", "ሰላም мир"),
    ],
)
def test_a_policy_changes_its_reading(policy, written, spoken):
    chosen = TextPolicy.from_string(policy)
    assert normalize(written, chosen) == spoken
    assert normalize(written) != spoken, "the default reads it otherwise"
    assert explain(written, chosen).spoken == spoken


@pytest.mark.parametrize(
    ("policy", "written"),
    [
        # A leading zero after the point can only be read digit by digit.
        ("decimals=number", "1.05"),
        # ለ... ጉዳይ takes no preposition.
        ("to_hour=on", "በ3:45"),
        ("hours24=on", "በ3 ሰዓት"),
        ("latin=keep", "10 km"),
    ],
)
def test_a_policy_leaves_other_readings(policy, written):
    assert normalize(written, TextPolicy.from_string(policy)) == normalize(written)
