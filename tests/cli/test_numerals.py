"""Numbers as people write them: each style is read back, and nothing else is a number."""

import math

import pytest
from hypothesis import given, strategies as st

from synapse.cli.numerals import decimal_mark, is_missing, is_number, number, two_readings

NUMBERS = st.integers(-(10**12), 10**12).map(lambda cents: cents / 100)


def german(value):
    return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))


@given(NUMBERS)
def test_styles_are_read_back(value):
    assert number(f"{value:,.2f}", ".") == value
    assert number(german(value), ",") == value
    for mark in (" ", "\u00a0", "\u202f", "'"):  # thousands
        assert number(f"{value:,.2f}".replace(",", mark), ".") == value
    assert number(f"{german(value)} €", ",") == value
    assert number(f"{value!r}", ".") == value
    if value < 0:
        assert number(f"(${-value:,.2f})", ".") == number(f"-${-value:,.2f}", ".") == value


@given(st.lists(NUMBERS.filter(lambda value: value % 1), min_size=1))
def test_decimals_of_two_digits_tell_their_mark(values):
    assert decimal_mark([f"{value:,.2f}" for value in values]) == "."
    assert decimal_mark([german(value) for value in values]) == ","


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_of_programs_are_read_exactly(value):
    assert number(repr(value), ".") == value


@given(st.text(max_size=12))
def test_any_text_is_a_finite_number_or_none(text):
    for mark in ".,":
        found = number(text, mark)
        assert found is None or math.isfinite(found)


@pytest.mark.parametrize(
    "cell",
    ["", "x", "1_000", "0x1", "inf", "nan", "1e999", "1,2,3", "1.2.3", "--1", "1 2", "1 23", "٣", "e5", "."],
)
def test_what_is_no_number(cell):
    assert not is_number(cell)


def test_most_cells_decide_and_the_others_have_two_readings():
    assert decimal_mark(["1,5", "2,5", "1.5"]) == ","
    assert decimal_mark(["1", "12", "x"]) is None
    assert two_readings(["1", "1,5", "1.234"]) == "1.234"
    assert two_readings(["1", "1.5"]) is None


@pytest.mark.parametrize("cell", ["", "NA", "N/A", "-", "\u2013", "NaN", "null", "#N/A", "?"])
def test_what_is_missing(cell):
    assert is_missing(cell)


@pytest.mark.parametrize("cell", ["0", "-1", "x", "no"])
def test_what_is_not_missing(cell):
    assert not is_missing(cell)
