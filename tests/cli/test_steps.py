"""Steps from one date to the next: those that are found, their continuation, and dates that do not fit."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from synapse.cli.dates import form_like
from synapse.cli.steps import Step, check_steps, next_dates, step_of
from synapse.errors import ArgumentError

DAYS = st.datetimes(datetime(1970, 1, 1), datetime(2060, 1, 1)).map(
    lambda date: date.replace(hour=0, minute=0, second=0, microsecond=0)
)

START = datetime(2024, 1, 31)
STEPS = {
    "second": Step("second"),
    "15 minutes": Step("second", 900),
    "hour": Step("second", 3600),
    "day": Step("second", 86_400),
    "business day": Step("business day"),
    "week": Step("second", 604_800),
    "2 weeks": Step("second", 1_209_600),
    "month": Step("month", 1, 15),
    "month end": Step("month end"),
    "business month end": Step("business month end"),
    "quarter": Step("month", 3, 1),
    "quarter end": Step("month end", 3),
    "5 months": Step("month", 5, 29),
    "year": Step("month", 12, 1),
    "year end": Step("month end", 12),
    "10 years": Step("month", 120, 1),
}


@pytest.mark.parametrize("name", STEPS)
@given(start=DAYS)
def test_steps_are_found_again_and_go_on(name, start):
    step = STEPS[name]
    dates = next_dates(start, step, 30)
    assert str(step) == name
    assert all(one < two for one, two in pairwise(dates))
    found = step_of(dates)
    assert next_dates(dates[-1], found, 12) == next_dates(dates[-1], step, 12)
    assert str(found) == name


def test_seasons_are_those_that_are_usual():
    seasons = {name: step.season for name, step in STEPS.items() if step.season is not None}
    assert seasons == {
        "15 minutes": 96,
        "hour": 24,
        "day": 7,
        "business day": 5,
        "week": 52,
        "2 weeks": 26,
        "month": 12,
        "month end": 12,
        "business month end": 12,
        "quarter": 4,
        "quarter end": 4,
    }


def test_month_ends_stay_month_ends_and_other_days_come_back():
    ends = [datetime(2024, 6, 30), datetime(2024, 9, 30)]
    assert str(step_of(ends)) == "quarter end"
    assert next_dates(ends[-1], step_of(ends), 2) == [datetime(2024, 12, 31), datetime(2025, 3, 31)]
    days = [datetime(2023, 12, 30), datetime(2024, 1, 30), datetime(2024, 2, 29)]
    assert next_dates(days[-1], step_of(days), 1) == [datetime(2024, 3, 30)]
    leap = [datetime(2020, 2, 29), datetime(2021, 2, 28)]
    assert next_dates(leap[-1], step_of(leap), 3)[-1] == datetime(2024, 2, 29)


def test_after_the_year_9999_there_are_no_dates():
    for step in STEPS.values():
        with pytest.raises(ArgumentError, match="9999"):
            next_dates(datetime(9999, 12, 31, 23, 59, 59), step, 1)


def test_fewer_than_two_dates_have_no_step():
    assert step_of([]) is step_of([START]) is step_of([START, START]) is None


def problems(*days, gaps=True, step=STEPS["day"]):
    told = []
    dates = [START + timedelta(days=day) for day in days]
    check_steps(dates, step, form_like("2024-01-31"), lambda row, what: told.append((row, what)), gaps)
    return told


def test_dates_that_step_evenly_are_no_problem():
    assert problems(0, 1, 2, 3) == []
    assert problems(0, 1, 5, gaps=False) == []


def test_gaps_doubles_disorder_and_what_fits_no_step():
    assert problems(0, 1, 3) == [(2, "the row of 2024-02-02 is missing before this one")]
    assert problems(0, 3, 4) == [(1, "2 rows from 2024-02-01 on are missing before this one")]
    assert problems(0, 1, 1, 2) == [(2, "2024-02-01 comes twice")]
    assert problems(1, 2, 0, 3) == [(2, "2024-01-31 comes after 2024-02-02")]
    assert problems(0, 1.5, 2) == [
        (1, "2024-02-01 12:00 is not a whole number of steps (day) after 2024-01-31"),
        (2, "the row of 2024-02-01 is missing before this one"),
    ]


def test_dates_at_the_end_of_time():
    last = datetime(9999, 12, 31) - START
    assert "not a whole number of steps" in problems(0, 1, last.days, step=Step("month", 1, 31))[0][1]
    assert problems(last.days - 1, last.days) == []


def test_a_mistyped_century_is_a_mistake_not_a_gap():
    ((row, what),) = problems(0, 365_000, 1)[:1]
    assert row == 1
    assert "not a whole number of steps" in what
