"""Series: columns of a table whose rows are evenly spaced in time, as data frames of pandas."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from .._checks import choice, instance
from ..errors import ArgumentError, FormatError
from .table import (
    UNREADABLE,
    bare,
    columns as columns_of,
    find,
    is_numeric,
    numbers,
    pandas_for_tables,
    place,
    words,
)

if TYPE_CHECKING:
    import pandas as pd

FORMS = ("ISO8601", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d %b %Y", "%b %Y", "%B %Y")
"""How dates may be written, as `strptime` says it, unless a form is given."""
DATE_NAMES = ("date", "day", "month", "quarter", "year", "time", "timestamp", "period")
"""Names of columns whose numbers, such as 2024, are dates."""
FILLS = ("forward", "linear")
"""How missing values and dates are mended."""
FILL = f"To mend it, say --fill {' or --fill '.join(FILLS)}."
UNREADABLE_STEP = UNREADABLE.removesuffix(".") + " --fill linear."
"""What to do about a cell of a series that is no number."""
UNITS = {"Y": ("year", 1), "Q": ("quarter", 4), "M": ("month", 12), "WOM": ("month", 12), "W": ("week", 52)}
UNITS |= {"B": ("business day", 5), "D": ("day", 7)}
UNITS |= {"h": ("hour", 24), "min": ("minute", 1440), "s": ("second", 1)}
"""The name of a step by the code of pandas, and how many make the usual season."""
MOST_WINDOWS = 200
"""Number of parts, at most, in which the step of dates with gaps is looked for."""
MOST_GAPS = 100
"""Rows of the filled series for each given one, at most; more come from a mistyped date."""


def read_series(
    table: pd.DataFrame,
    columns: Sequence[str],
    *,
    date: str | None = None,
    dates: str | None = None,
    fill: str | None = None,
    ignore: Sequence[str] = (),
) -> pd.DataFrame:
    """Columns of a table as a series, oldest row first; without a column of dates, its rows are the steps.

    Parameters
    ----------
    table : pandas.DataFrame
        The table, such as from :func:`read_table`.
    columns : sequence of str
        Columns of numbers, with or without their units.
    date : str, optional
        The column of dates. Default: the first one that has dates.
    dates : str, optional
        How the dates are written, for ``strptime``, such as "%d/%m/%Y". Default: as ISO 8601 has it, as
        31.01.2024, 31/01/2024, 01/31/2024, 31 Jan 2024, Jan 2024 or 2024-Q1, whichever reads most cells.
    fill : {"forward", "linear"}, optional
        How missing values and dates are mended: by the value before, or by interpolation. Rows at the ends
        that cannot be mended are left out. Default: they are refused.
    ignore : sequence of str
        Columns that have no dates.

    Returns
    -------
    pandas.DataFrame
        The columns as floats. The index has the dates and their step (``index.freq``), or counts from 1.

    Raises
    ------
    ArgumentError
        If there is no such column, or day and month may be exchanged.
    FormatError
        If a cell is not a number or a date, or the dates do not step evenly.
    """
    return read_several(table, columns, "", date=date, dates=dates, fill=fill, ignore=ignore)[""]


def read_several(
    table: pd.DataFrame,
    columns: Sequence[str],
    sequence: str,
    *,
    date: str | None = None,
    dates: str | None = None,
    fill: str | None = None,
    ignore: Sequence[str] = (),
) -> dict[str, pd.DataFrame]:
    """A series for each value of the column `sequence`, such as that of a shop, in the order of first rows.

    The rows of a series need not be adjacent, and series may begin and end at different dates; their step is
    that of the longest. If `sequence` is "", all rows are one series, named "". The other parameters and the
    errors are those of :func:`read_series`.
    """
    pandas = pandas_for_tables()
    choice("The fill", fill, [None, *FILLS])
    if isinstance(instance("The table", table, pandas.DataFrame).index, pandas.DatetimeIndex):
        table = table.reset_index()
    names, keys = columns_of(table, columns), [find(table, sequence)] if sequence else []
    dated = find_date(table, date, dates, [*ignore, *names, *keys])
    values = pandas.DataFrame(
        numbers(table, names, fill is not None, advice=UNREADABLE_STEP, fill=FILL), columns=names
    )
    groups = np.array(words(table, keys[0]) if keys else [""] * len(table))
    rows = {str(name): np.flatnonzero(groups == name) for name in dict.fromkeys(groups)}
    if dated is None:
        parts = {name: values.iloc[own].reset_index(drop=True) for name, own in rows.items()}
        return {
            name: _filled(part.set_axis(pandas.RangeIndex(1, len(part) + 1, name="row")), fill)
            for name, part in parts.items()
        }
    column, when = dated
    rows = {name: own[np.argsort(when[own], kind="stable")] for name, own in rows.items()}
    for own in rows.values():
        for row in own[1:][when[own[1:]] == when[own[:-1]]]:
            advice = "If a column tells several series apart, name it: --sequence COLUMN."
            raise FormatError(f"The date {when[row]} comes twice, again in {place(table, row)}. {advice}")
    step = _step(when[max(rows.values(), key=len)], column)
    series = {}
    for name, own in rows.items():
        grid = pandas.date_range(when[own[0]], when[own[-1]], freq=step, name=column)
        for row in own[~when[own].isin(grid)]:
            after = f"a whole number of steps ({unit_of(step)[0]}) after {when[own[0]]}"
            raise FormatError(f"Expected the date in {place(table, row)}, {when[row]}, to be {after}.")
        missing = grid.difference(when[own])
        if len(missing) and fill is None:
            of, count = f" of {name!r}" if name else "", f", and {len(missing) - 1} more" * (len(missing) > 1)
            raise FormatError(f"The row of {missing[0]}{of} is missing{count}. {FILL}")
        part = values.iloc[own].set_index(when[own]).reindex(grid)
        series[name] = _filled(part, fill).asfreq(step)
    return series


def _filled(series: pd.DataFrame, fill: str | None) -> pd.DataFrame:
    """The series without missing values."""
    if fill is None:
        return series
    mended = series.ffill() if fill == "forward" else series.interpolate(limit_area="inside")
    mended = mended.dropna()
    if not len(mended):
        raise FormatError(f"--fill {fill} leaves no row: each misses a value.")
    return mended


# --- dates -----------------------------------------------------------------------------------------


def find_date(
    table: pd.DataFrame, name: str | None = None, form: str | None = None, ignore: Sequence[str] = ()
) -> tuple[str, pd.DatetimeIndex] | None:
    """The column of dates, by its name or the first one with dates, and its dates; None if there is none.

    Numbers are dates only in a column that is named, or called like one. Raises ArgumentError if the named
    column has no dates or day and month may be exchanged, and FormatError if a cell is not a date.
    """
    left_out = columns_of(table, ignore)
    for column in [find(table, name)] if name is not None else table.columns:
        numbers_only = is_numeric(table[column]) and bare(column).lower() not in DATE_NAMES
        if name is None and (column in left_out or numbers_only):
            continue
        cells = table[column].convert_dtypes().astype("string")  # without the .0 of years
        readings = _readings(cells, (form,) if form else FORMS)
        if readings:
            dates = _only(readings, cells, column)
            for row in np.flatnonzero(dates.isna())[:1]:
                given = "no value" if cells.isna().iloc[row] else repr(cells.iloc[row])
                raise FormatError(f"Expected a date in {place(table, row)}, column {column!r}, got {given}.")
            return column, dates
        if name is not None:
            raise ArgumentError(
                f"Expected the column {column!r} to have dates, such as 2024-01-31, Jan 2024 or 31.01.2024, "
                f"got {cells.iloc[0]!r}. Give their form, such as --dates %d.%m.%y."
            )
    return None


def _only(readings: list[pd.DatetimeIndex], cells: pd.Series, column: str) -> pd.DatetimeIndex:
    """The dates that all readings have; ArgumentError if day and month may be exchanged."""
    for one, other in pairwise(readings):
        for row in np.flatnonzero(one != other)[:1]:
            raise ArgumentError(
                f"{cells.iloc[row]!r} in the column {column!r} may be {one[row]:%d %B %Y} or "
                f"{other[row]:%d %B %Y}. Say --dates %d/%m/%Y or --dates %m/%d/%Y."
            )
    return readings[0]


def _readings(cells: pd.Series, forms: Sequence[str]) -> list[pd.DatetimeIndex]:
    """The dates by those forms that read most of the cells, more than half of them."""
    pandas = pandas_for_tables()
    cells = cells.str.replace(r"^(\d{4})-?Q([1-4])$", lambda m: f"{m[1]}-{3 * int(m[2]) - 2:02}", regex=True)
    readings = []
    for form in forms:
        try:
            with warnings.catch_warnings(action="error", category=FutureWarning):
                dates = pandas.to_datetime(cells, format=form, errors="coerce")
        except (ValueError, FutureWarning):  # several offsets from UTC
            dates = pandas.to_datetime(cells, format=form, errors="coerce", utc=True)
        readings.append(pandas.DatetimeIndex(dates))
    most = max(int(dates.notna().sum()) for dates in readings)
    return [dates for dates in readings if 2 * most > len(cells) and dates.notna().sum() == most]


def _step(dates: pd.DatetimeIndex, column: str) -> Any:
    """The step of increasing dates, an offset of pandas: that of all or, with gaps, of most parts."""
    for size in (len(dates), 8, 3):
        places = range(0, len(dates) - size + 1, 1 + len(dates) // MOST_WINDOWS)
        steps = Counter(filter(None, (step_of(dates[i : i + size]) for i in places)))
        gaps = np.diff(dates.asi8)
        if steps and gaps.sum() <= MOST_GAPS * len(gaps) * np.median(gaps):
            return steps.most_common(1)[0][0]
    raise FormatError(
        f"Expected the column {column!r} to have three or more dates that step evenly. To use the rows as "
        f"they follow each other, say --ahead 1 and --ignore {column!r}."
    )


def step_of(dates: pd.DatetimeIndex) -> Any:
    """The step of dates, an offset of pandas; None if they do not step evenly or are fewer than three."""
    pandas = pandas_for_tables()
    with warnings.catch_warnings(action="ignore"):  # pandas 3 warns of what 4 returns
        step = pandas.infer_freq(dates) if len(dates) > 2 else None
    return step and pandas.tseries.frequencies.to_offset(step)


def unit_of(step: Any) -> tuple[str, int]:
    """The name of a step, an offset of pandas, and how many make the usual season.

    >>> import pandas
    >>> unit_of(pandas.offsets.MonthEnd()), unit_of(pandas.offsets.Hour(6))
    (('month', 12), ('6 hours', 4))
    """
    code = step.rule_code.split("-")[0]
    unit, season = UNITS.get(code) or UNITS.get(code.removeprefix("B")[0], (code, 1))
    name = unit if step.n == 1 else f"{step.n} {unit}s"
    return name, 1 if season % step.n else season // step.n


def season_of(series: pd.DataFrame) -> int:
    """Number of rows of the usual season, such as 12 for months; 1 without dates."""
    step = getattr(series.index, "freq", None)
    return 1 if step is None else unit_of(step)[1]


def step_name(series: pd.DataFrame) -> str | None:
    """The name of the step of a series, such as "month"; None without dates."""
    step = getattr(series.index, "freq", None)
    return None if step is None else unit_of(step)[0]


def following(series: pd.DataFrame, steps: int) -> pd.Index:
    """The dates of the rows that follow or, without dates, their numbers."""
    pandas, last = pandas_for_tables(), series.index[-1]
    if not isinstance(series.index, pandas.DatetimeIndex):
        return pandas.RangeIndex(last + 1, last + 1 + steps, name="row")
    try:
        return pandas.date_range(last, periods=steps + 1, freq=series.index.freq)[1:]
    except (OverflowError, ValueError):
        raise ArgumentError(f"{steps} steps after {last} there are no dates. Forecast fewer.") from None


def phase(series: pd.DataFrame, first: str | None) -> int:
    """Number of steps from a date, such as that of the first training row, to the first row here."""
    if first is None or not isinstance(series.index, pandas_for_tables().DatetimeIndex):
        return 0
    pandas, step = pandas_for_tables(), series.index.freq
    begin, here = pandas.Timestamp(first).tz_localize(None), series.index[0].tz_localize(None)
    count = len(pandas.date_range(min(begin, here), max(begin, here), freq=step)) - 1
    return count if begin < here else -count
