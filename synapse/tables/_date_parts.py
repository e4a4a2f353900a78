"""Dates that several columns have together, and names of months."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile
from typing import TYPE_CHECKING

import numpy as np

from .._checks import imported
from .._typing import Bools, Floats
from ._table import bare, is_numeric, pandas_for_tables
from ._time_words import PARTS

if TYPE_CHECKING:
    import pandas as pd

BOUNDS = {"quarter": (1, 4), "month": (1, 12), "week": (1, 53), "day": (1, 31)}
BOUNDS |= {"hour": (0, 23), "minute": (0, 59)}
"""The least and the largest number of each part of a date."""
CLOCK_FORMS = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p", "%H%M")
"""How times of the day are written in a column of their own."""
MIN_YEAR = 1500
"""Least number with decimals that is taken for a year."""
MONTH_LIMIT = 0.06
"""Part of a month by which decimal years are rounded up: 2024.083 is February."""
MAX_MONTH_WORDS = 50
"""Number of different words, at most, that may be names and abbreviations of months."""


def month_dates(words: Sequence[str]) -> dict[str, datetime]:
    """Return a date in the month of each of these words that is one in any language, by
    dateparser; nothing if they are too many for months.
    """
    parser = imported("dateparser", "Names of months need", extra="forecast")
    settings = {"REQUIRE_PARTS": ["month"], "PREFER_DAY_OF_MONTH": "first"}
    likely = words if len(words) <= MAX_MONTH_WORDS else []
    with warnings.catch_warnings(action="ignore"):
        dates = {word: parser.parse(word, settings=settings) for word in likely}
    return {word: date for word, date in dates.items() if date is not None}


def with_clock(
    table: pd.DataFrame, column: str, dates: pd.DatetimeIndex, beside: Sequence[str]
) -> tuple[list[str], pd.DatetimeIndex]:
    """Return the dates of a column with the times of the day, hours or minutes in
    columns beside it, and all of these columns.
    """
    pandas = pandas_for_tables()
    names = [column]
    for other in beside:
        cells = table[other].astype("string")
        name = bare(other).lower()
        if unit := next((u for u in ("hour", "minute") if name in PARTS[u]), None):
            values = pandas.to_numeric(cells, errors="coerce")
            clocks = [pandas.to_timedelta(values.where(values.between(0, 60)), unit)]
        else:
            forms = () if other == column or is_numeric(table[other]) else CLOCK_FORMS
            clocks = [
                pandas.to_datetime(cells, format=form, errors="coerce")
                - pandas.Timestamp(1900, 1, 1)
                for form in forms
            ]
        if clock := [times for times in clocks if times.notna().all()]:
            names.append(other)
            dates = dates + pandas.TimedeltaIndex(clock[0])
    return names, dates


def months_of_decimals(values: Floats) -> pd.DatetimeIndex | None:
    """Return the months in which decimal years, such as 1958.2027, are; None if these
    do not step by months.
    """
    pandas = pandas_for_tables()
    months = np.floor(12 * values + MONTH_LIMIT)
    apart, steps = np.unique(values), np.diff(np.unique(months))
    if not len(steps) or len(steps) != len(apart) - 1:
        return None
    step = float(np.median(steps))
    if abs(12 * np.median(np.diff(apart)) / step - 1) > 0.1:
        return None
    frame = {"year": months // 12, "month": months % 12 + 1, "day": 1}
    return pandas.DatetimeIndex(pandas.to_datetime(pandas.DataFrame(frame)))


def dates_of_parts(
    table: pd.DataFrame, beside: Sequence[str]
) -> tuple[list[str], pd.DatetimeIndex] | None:
    """Return those of these columns that have a part of a date each, and the dates;
    None if there are none.
    """
    columns = _columns_of_parts(beside)
    if len(columns) < 2:
        return None
    numbers = dict[str, Floats]()
    for part_name, column in columns.items():
        values = _part(table[column], part_name)
        if values is None:
            return None
        numbers[part_name] = values
    dates = _assembled(numbers)
    return None if dates is None else ([*columns.values()], dates)


def _columns_of_parts(columns: Sequence[str]) -> dict[str, str]:
    """Return those of these columns that have years and the parts of a year, coarse
    ones first; nothing without years.
    """
    named = dict[str, str]()
    for part_name, names in PARTS.items():
        for column in columns:
            if bare(column).lower() in names:
                named.setdefault(part_name, column)
    for parts in (["year", "month", "day", "hour", "minute"], ["year", "quarter"]):
        whole = [*takewhile(named.__contains__, parts)]
        if len(whole) > 1:
            return {part_name: named[part_name] for part_name in whole}
    return {
        part_name: named[part_name]
        for part_name in ("year", "week")
        if "year" in named and part_name in named
    }


def comes_again(dates: pd.DatetimeIndex, keys: pd.Series | None) -> bool:
    """Return whether a date comes again in its sequence."""
    frame = dates.to_frame(index=False)
    if keys is not None:
        frame = frame.assign(key=keys.to_numpy())
    return bool(frame.duplicated().any())


def _part(column: pd.Series, part_name: str) -> Floats | None:
    """Return a part of dates as whole numbers; None if a cell is none. Months may be
    words.
    """
    pandas = pandas_for_tables()
    cells = column.astype("string").str.strip()
    values = pandas.to_numeric(cells, errors="coerce").to_numpy(np.float64, na_value=0)
    if part_name == "month" and not values.any():
        words = cells.dropna().unique().tolist()
        numbers = {word: date.month for word, date in month_dates(words).items()}
        values = cells.map(numbers).to_numpy(np.float64, na_value=0)
    if part_name == "quarter" and bool(cells.str.fullmatch("Q[1-4]").all()):
        return np.asarray(cells.str[1], np.float64)
    low, high = BOUNDS.get(part_name, (1000, 2999))
    is_right: Bools = (values >= low) & (values <= high) & (values % 1 == 0)
    return values if is_right.all() else None


def _assembled(numbers: dict[str, Floats]) -> pd.DatetimeIndex | None:
    """Return the dates with these parts; None if there is no such day."""
    pandas = pandas_for_tables()
    years = numbers["year"]
    if "week" in numbers:
        texts = [
            f"{year:.0f}-W{week:02.0f}-1"
            for year, week in zip(years, numbers["week"], strict=True)
        ]
        dates = pandas.to_datetime(
            pandas.Series(texts), format="%G-W%V-%u", errors="coerce"
        )
    else:
        months = (
            3 * numbers["quarter"] - 2 if "quarter" in numbers else numbers["month"]
        )
        frame = {"year": years, "month": months, "day": np.ones(len(years))}
        frame |= {
            part_name: numbers[part_name]
            for part_name in ("day", "hour", "minute")
            if part_name in numbers
        }
        dates = pandas.to_datetime(pandas.DataFrame(frame), errors="coerce")
    return None if dates.isna().any() else pandas.DatetimeIndex(dates)
