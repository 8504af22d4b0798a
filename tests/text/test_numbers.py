"""Cardinals, ordinals and Ge'ez numerals against an independent reading of the same words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coqui_amharic_ext.text import (
    cardinal,
    ethiopic_to_int,
    int_to_ethiopic,
    normalize,
    ordinal,
)

UNITS = {
    "አንድ": 1,
    "ሁለት": 2,
    "ሦስት": 3,
    "አራት": 4,
    "አምስት": 5,
    "ስድስት": 6,
    "ሰባት": 7,
    "ስምንት": 8,
    "ዘጠኝ": 9,
}
TENS = {"አሥር": 10, "አሥራ": 10, "ሃያ": 20, "ሠላሳ": 30, "አርባ": 40, "ሃምሳ": 50, "ስልሳ": 60,
        "ሰባ": 70, "ሰማንያ": 80, "ዘጠና": 90}  # fmt: skip
SCALES = {"ሺህ": 10**3, "ሚሊዮን": 10**6, "ቢሊዮን": 10**9, "ትሪሊዮን": 10**12, "ኳድሪሊዮን": 10**15}


def value_of(words: str) -> int:
    """Add up number words; written for this test alone."""
    total = group = 0
    for word in words.split():
        if word in UNITS:
            group += UNITS[word]
        elif word in TENS:
            group += TENS[word]
        elif word == "መቶ":
            group *= 100
        else:
            total += group * SCALES[word]
            group = 0
    return total + group


@settings(max_examples=600, deadline=None)
@given(st.one_of(st.integers(1, 10**15), st.integers(1, 10**6), st.integers(1, 3000)))
def test_cardinals_add_up(number):
    assert value_of(cardinal(number)) == number
    assert normalize(str(number)) == cardinal(number)
    assert normalize(f"{number:,}") == cardinal(number)


@pytest.mark.parametrize(
    ("number", "spoken"),
    [(0, "ዜሮ"), (100, "አንድ መቶ"), (1900, "አንድ ሺህ ዘጠኝ መቶ"), (10**15, "አንድ ኳድሪሊዮን"), (-3, "ኔጌቲቭ ሦስት")],
)
def test_cardinal(number, spoken):
    assert cardinal(number) == spoken


@pytest.mark.parametrize(
    ("number", "spoken"),
    [(1, "አንደኛ"), (2, "ሁለተኛ"), (9, "ዘጠነኛ"), (10, "አሥረኛ"), (20, "ሃያኛ"), (21, "ሃያ አንደኛ"), (100,
     "መቶኛ"),
     (101, "አንድ መቶ አንደኛ"), (200, "ሁለት መቶኛ")],
)  # fmt: skip
def test_ordinal(number, spoken):
    assert ordinal(number) == spoken
    assert normalize(f"{number}ኛ") == spoken


@pytest.mark.parametrize(
    ("number", "numeral"),
    [(1, "፩"), (10, "፲"), (11, "፲፩"), (99, "፺፱"), (100, "፻"), (101, "፻፩"), (110, "፻፲"), (200, "፪፻"),
     (1000, "፲፻"), (1100, "፲፩፻"), (1887, "፲፰፻፹፯"), (2015, "፳፻፲፭"), (10000, "፼"), (10001, "፼፩"),
     (20000, "፪፼"),
     (100000, "፲፼"), (1000000, "፻፼"), (100000000, "፼፼"), (100010000, "፼፩፼"), (78010092, "፸፰፻፩፼፺፪")],
)  # fmt: skip
def test_geez_numeral(number, numeral):
    assert int_to_ethiopic(number) == numeral
    assert ethiopic_to_int(numeral) == number


def test_every_geez_value_to_20007_round_trips():
    for number in range(1, 20_008):
        assert ethiopic_to_int(int_to_ethiopic(number)) == number


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 10**30))
def test_large_geez_values_round_trip(number):
    assert ethiopic_to_int(int_to_ethiopic(number)) == number


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 10**15))
def test_geez_numerals_are_said_like_digits(number):
    assert normalize(int_to_ethiopic(number)) == normalize(str(number))


@pytest.mark.parametrize("explicit", ["፩፻", "፩፼"])
def test_a_written_one_before_a_hundred_is_accepted(explicit):
    assert ethiopic_to_int(explicit) in (100, 10_000)


@pytest.mark.parametrize("numeral", ["", "፩፪", "፩፲", "፲፳", "፻፻", "12", "ሀ", "፩ "])
def test_malformed_geez_numerals_are_errors(numeral):
    with pytest.raises(ValueError, match="Ge'ez"):
        ethiopic_to_int(numeral)


def test_malformed_geez_numerals_in_text_are_read_digit_by_digit():
    assert normalize("፩፪") == "አንድ ሁለት"


@pytest.mark.parametrize("call", [cardinal, ordinal, int_to_ethiopic])
@pytest.mark.parametrize("value", ["5", 5.0, None, True])
def test_number_functions_name_a_wrong_type(call, value):
    with pytest.raises(TypeError, match=type(value).__name__):
        call(value)


@pytest.mark.parametrize(
    ("call", "value"),
    [(cardinal, 10**16), (cardinal, -(10**16)), (ordinal, -1), (int_to_ethiopic, 0)],
)
def test_number_functions_refuse_what_has_no_name(call, value):
    with pytest.raises(ValueError):
        call(value)


def test_ethiopic_to_int_names_a_wrong_type():
    with pytest.raises(TypeError, match="int"):
        ethiopic_to_int(5)
