"""Dates in tables: forms that are read, and those that are not."""

from datetime import datetime

import pytest
from hypothesis import given, strategies as st

from synapse.cli.dates import FORMS, forms_of

DAYS = st.datetimes(datetime(1970, 1, 1), datetime(2060, 1, 1)).map(
    lambda date: date.replace(hour=0, minute=0, second=0, microsecond=0)
)


@pytest.mark.parametrize(
    ("cell", "date"),
    [
        ("2024-01-31", datetime(2024, 1, 31)),
        ("2024-1-3", datetime(2024, 1, 3)),
        ("2024/01/31", datetime(2024, 1, 31)),
        ("20240131", datetime(2024, 1, 31)),
        ("2024-01-31 13:45", datetime(2024, 1, 31, 13, 45)),
        ("2024-01-31T13:45:10.25", datetime(2024, 1, 31, 13, 45, 10, 250_000)),
        ("2024-01-31T13:45:10Z", datetime(2024, 1, 31, 13, 45, 10)),
        ("2024-01-31T01:45+02:00", datetime(2024, 1, 30, 23, 45)),
        ("2024-01-31 13:45 -0500", datetime(2024, 1, 31, 18, 45)),
        ("31.01.2024", datetime(2024, 1, 31)),
        ("31.1.24", datetime(2024, 1, 31)),
        ("31. 1. 2024", datetime(2024, 1, 31)),
        ("31-12-69", datetime(1969, 12, 31)),
        ("1/31/2024 3:05 PM", datetime(2024, 1, 31, 15, 5)),
        ("1/31/2024 12:05 a.m.", datetime(2024, 1, 31, 0, 5)),
        ("1/31/2024 12 PM", datetime(2024, 1, 31, 12)),
        ("31 Jan 2024", datetime(2024, 1, 31)),
        ("31-Jan-24", datetime(2024, 1, 31)),
        ("1. März 2024", datetime(2024, 3, 1)),
        ("Jan 31, 2024", datetime(2024, 1, 31)),
        ("Wed, January 31, 2024", datetime(2024, 1, 31)),
        ("Mi 31.01.2024", datetime(2024, 1, 31)),
        ("2024-02", datetime(2024, 2, 1)),
        ("2024M02", datetime(2024, 2, 1)),
        ("02/2024", datetime(2024, 2, 1)),
        ("02.2024", datetime(2024, 2, 1)),
        ("Feb 2024", datetime(2024, 2, 1)),
        ("Feb. 2024", datetime(2024, 2, 1)),
        ("Feb-24", datetime(2024, 2, 1)),
        ("Dez 2024", datetime(2024, 12, 1)),
        ("2024 May", datetime(2024, 5, 1)),
        ("2024Q2", datetime(2024, 4, 1)),
        ("Q4/2024", datetime(2024, 10, 1)),
        ("2024-W05", datetime(2024, 1, 29)),
        ("2020-W53", datetime(2020, 12, 28)),
        ("1987", datetime(1987, 1, 1)),
    ],
)
def test_usual_forms(cell, date):
    (form, *others) = forms_of([cell])
    assert form.read(cell) == date
    assert all(other.read(cell) == date for other in others)


@pytest.mark.parametrize(
    "cell",
    [
        *("", "Total", "3.5", "12", "1,5", "2024-13", "2024-02-30", "31.04.2024", "0000", "2024-01-31 25:00"),
        *("2024-01-31 13", "1/31/2024 13:00 PM", "2023-W53", "2024-Q5", "Foo 2024", "2024-01-31 x", "-2024"),
        *("31 Foo 2024", "May 7", "9" * 500, "2024-01-31T00:00+99:99", "0001-01-01T00:00+01:00"),
    ],
)
def test_what_is_no_date(cell):
    assert forms_of([cell]) == []


@given(st.sampled_from(FORMS), DAYS)
def test_what_is_written_is_read_back(form, date):
    text = form.write(date)
    first = form.read(text)
    assert first <= date
    assert form.write(first) == text
    if form.span in ("day", "date"):
        assert first == date
    assert form in forms_of([text])


@given(st.sampled_from([form for form in FORMS if form.span == "day"]), st.datetimes(datetime(1970, 1, 1)))
def test_times_are_written_and_read_back(form, date):
    assert form.read(form.write(date)) == date


@given(st.text(max_size=30))
def test_any_text_is_a_date_or_not(text):
    for form in forms_of([text]):
        assert form.write(form.read(text))


def test_the_whole_column_decides_which_is_the_day():
    assert [form.example for form in forms_of(["1/2/2024", "1/13/2024"])] == ["01/31/2024"]
    assert [form.example for form in forms_of(["1/2/2024", "13/1/2024"])] == ["31/01/2024"]
    assert len(forms_of(["1/2/2024", "1/3/2024"])) == 2


def test_most_of_the_cells_decide():
    (form,) = forms_of(["2024-01-31", "2024-02-29", "x"])
    assert form.example == "2024-01-31"
    assert forms_of(["2024-01-31", "x"]) == []
