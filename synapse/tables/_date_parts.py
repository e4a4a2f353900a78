"""Dates that several columns have together, and names of months."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile

import numpy as np

from .._checks import imported
from .._typing import Floats
from ._pandas import pd
from ._table import bare, is_numeric
from ._time_words import PARTS

PART_FORMS = {"year": "%Y", "month": "%m", "quarter": "%m", "day": "%d", "hour": "%H"}
PART_FORMS |= {"minute": "%M", "week": "%V"}
"""How the parts of a date are written, quarters by their first month."""
WHOLES = (
    ["year", "month", "day", "hour", "minute"],
    ["year", "quarter"],
    ["year", "week"],
)
"""Parts that make a date together, coarse ones first."""
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
    # to_timedelta reads no clock without seconds, and none with AM and PM.
    names = [column]
    for other in beside:
        cells = table[other].astype("string")
        units = [u for u in ("hour", "minute") if bare(other).lower() in PARTS[u]]
        if units:
            values = pd.to_numeric(cells, errors="coerce")
            clocks = [pd.to_timedelta(values.where(values.between(0, 60)), units[0])]
        else:
            forms = () if other == column or is_numeric(table[other]) else CLOCK_FORMS
            clocks = [
                pd.to_datetime(cells, format=form, errors="coerce")
                - pd.Timestamp(1900, 1, 1)
                for form in forms
            ]
        if clock := [times for times in clocks if times.notna().all()]:
            names.append(other)
            dates = dates + pd.TimedeltaIndex(clock[0])
    return names, dates


def months_of_decimals(values: Floats) -> pd.DatetimeIndex | None:
    """Return the months in which decimal years, such as 1958.2027, are; None if these
    do not step by months.
    """
    # pandas reads no decimal years, nor does dateparser.
    months = np.floor(12 * values + MONTH_LIMIT)
    apart, steps = np.unique(values), np.diff(np.unique(months))
    if not len(steps) or len(steps) != len(apart) - 1:
        return None
    if abs(12 * np.median(np.diff(apart)) / np.median(steps) - 1) > 0.1:
        return None
    periods = pd.PeriodIndex.from_ordinals(
        months.astype(np.int64) - 12 * 1970, freq="M"
    )
    return periods.to_timestamp()


def dates_of_parts(
    table: pd.DataFrame, beside: Sequence[str]
) -> tuple[list[str], pd.DatetimeIndex] | None:
    """Return those of these columns that have a part of a date each, and the dates;
    None if there are none.
    """
    named = {
        part_name: column
        for part_name, names in PARTS.items()
        for column in reversed(beside)
        if bare(column).lower() in names
    }
    wholes = [[*takewhile(named.__contains__, parts)] for parts in WHOLES]
    parts = next((parts for parts in wholes if len(parts) > 1), None)
    if parts is None:
        return None
    columns = [named[part_name] for part_name in parts]
    # pandas puts together a frame of years, months and days, but has no words for
    # months, no quarters and no weeks: all are read as text.
    years, *others = map(_part, (table[column] for column in columns), parts)
    cells, form = (
        years.str.cat(others, " "),
        " ".join(PART_FORMS[part_name] for part_name in parts),
    )
    if parts[-1] == "week":
        cells, form = cells + " 1", "%G %V %u"
    dates = pd.to_datetime(cells, format=form, errors="coerce")
    return None if dates.isna().any() else (columns, pd.DatetimeIndex(dates))


def _part(column: pd.Series, part_name: str) -> pd.Series:
    """Return a part of dates as digits: months may be words, and quarters are Q1 or 1;
    those of a quarter are its first month.
    """
    cells = column.convert_dtypes().astype("string").str.strip()  # without .0
    if part_name == "quarter":
        months = {"1": "1", "2": "4", "3": "7", "4": "10"}
        return cells.str.removeprefix("Q").map(months).astype("string")
    if part_name == "month" and not cells.str.isdecimal().any():
        dates = month_dates(cells.dropna().unique().tolist())
        cells = cells.map({word: str(date.month) for word, date in dates.items()})
    return cells.astype("string")
