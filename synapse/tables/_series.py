"""Read series, which are columns of a table whose rows are evenly spaced in time, as
data frames of pandas.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

import numpy as np

from .._checks import choice, pluralize, suggests_arguments
from .._typing import Ints
from ..errors import FormatError
from ..forecasting._frames import step_of
from ._pandas import pd
from ._reading import find_dates
from ._table import UNREADABLE, as_frame, columns as columns_of, numbers, place, words

FILLS = ("forward", "linear")
"""How missing values and dates are filled in, by pandas' ffill and interpolate."""
FILL = f"To fill it in, pass --fill {' or --fill '.join(FILLS)}."
IN_ORDER = "To use the rows in their order, without dates, leave {!r} out."
"""Advice on dates that do not step evenly."""
UNITS = {
    "Y": ("year", 1),
    "Q": ("quarter", 4),
    "M": ("month", 12),
    "WOM": ("month", 12),
    "W": ("week", 52),
}
UNITS |= {"B": ("business day", 5), "D": ("day", 7)}
UNITS |= {"h": ("hour", 24), "min": ("minute", 1440), "s": ("second", 1)}
UNITS |= {
    "ms": ("millisecond", 1),
    "us": ("microsecond", 1),
    "ns": ("nanosecond", 1),
    "C": ("business day", 1),
    "bh": ("business hour", 1),
    "cbh": ("business hour", 1),
    "CBMS": ("month", 1),
    "CBME": ("month", 1),
    "LWOM": ("month", 12),
    "SMS": ("half month", 1),
    "SME": ("half month", 1),
    "RE": ("fiscal year", 1),
    "REQ": ("fiscal quarter", 4),
}
"""The name of a step by the code of pandas, and how many make the usual season."""
IN_MONTHS = (("year", 1, 12), ("quarter", 4, 3), ("month", 12, 1))
"""Name, season and months of units that are counted in months."""
MAX_WINDOWS = 200
"""Number of parts, at most, in which the step of dates with gaps is looked for."""
MAX_GAPS = 100
"""Rows of the filled series for each given one, at most; more come from a mistyped
date."""


@suggests_arguments("read_series")
def read_series(
    table: pd.DataFrame,
    columns: Sequence[str],
    *,
    date: str | Sequence[str] | None = None,
    date_format: str | None = None,
    fill: Annotated[str | None, partial(choice, options=(None, *FILLS))] = None,
) -> pd.DataFrame:
    """Return columns of a table as a series, with the oldest row first. Without a
    column of dates, the rows are the steps.

    Parameters
    ----------
    table : pandas.DataFrame
        The table, for example from :func:`read_table`, or one of polars or Arrow.
    columns : sequence of str
        Columns of numbers.
    date : str or sequence of str, optional
        The column of dates, or several columns whose cells form a date when joined by
        blanks. Default: the dates that are the index of the frame, or the first column
        that is called date, time, datetime, timestamp or year, in any case, and begins
        with ISO 8601 or contains whole years.
    date_format : str, optional
        The form of the dates, for ``strptime``, such as "%d/%m/%Y". Default: ISO 8601,
        as ``pandas.to_datetime`` reads it.
    fill : {"forward", "linear"}, optional
        How to fill in missing values and dates, by pandas' ``ffill`` or
        ``interpolate``. Rows at the ends that cannot be filled in are left out. By
        default, missing values raise an error.

    Returns
    -------
    pandas.DataFrame
        The columns as floats. The index contains the dates and their step
        (``index.freq``), or counts from 1. Dates with several offsets from UTC are
        converted to UTC.

    Raises
    ------
    ArgumentError
        If there is no such column.
    FormatError
        If a cell is not a number or a date, or the dates do not step evenly.
    """
    return read_several(
        table, columns, "", date=date, date_format=date_format, fill=fill
    )[""]


def read_several(
    table: pd.DataFrame,
    columns: Sequence[str],
    sequence: str,
    *,
    date: str | Sequence[str] | None = None,
    date_format: str | None = None,
    fill: str | None = None,
) -> dict[str, pd.DataFrame]:
    """Return a series for each value of the column `sequence`, such as each shop, in
    the order of first rows.

    The rows of a series need not be adjacent. Series may begin and end at different
    dates, and their step is that of the longest. If `sequence` is "", all rows form one
    series, named "". The other parameters and the errors are those of
    :func:`read_series`.
    """
    table = as_frame(table)
    if isinstance(table.index, pd.PeriodIndex):
        table = table.set_axis(table.index.to_timestamp().rename(table.index.name))
    if isinstance(table.index, pd.DatetimeIndex):
        name = str(table.index.name or "date")
        table, date = table.reset_index(names=name), date or name
    names = columns_of(table, columns)
    keys = columns_of(table, [sequence] if sequence else [])
    others = table if date else table.drop(columns=[*names, *keys])
    dated = find_dates(others, date, date_format)
    filled = numbers(
        table,
        names,
        fill is not None,
        advice=UNREADABLE.removesuffix(".") + " --fill linear." * (fill is None),
        fill=FILL,
    )
    values = pd.DataFrame(filled, columns=names)
    groups = np.array(words(table, keys[0]) if keys else [""] * len(table))
    rows = {str(name): np.flatnonzero(groups == name) for name in dict.fromkeys(groups)}
    frames = {}
    if dated is None:
        for name, row_numbers in rows.items():
            numbered = pd.RangeIndex(1, len(row_numbers) + 1, name="row")
            frames[name] = values.iloc[row_numbers].set_axis(numbered)
        return _filled(frames, fill)
    column = " ".join(dated[0])
    for name, row_numbers in rows.items():
        times = dated[1][row_numbers]
        order = np.argsort(times, kind="stable")
        rows[name] = row_numbers[order]
        times = times[order].rename(column)
        for again in np.flatnonzero(times[1:] == times[:-1])[:1] + 1:
            raise FormatError(
                f"The date {times[again]}"
                f"{f' of the series {name!r}' if keys else ''} occurs twice, again in"
                f" {place(table, int(rows[name][again]))}. Take one of the rows out. If"
                " the rows are samples, train with --ahead 0. If a column tells"
                " several series apart, name it: --sequence COLUMN. If another one has"
                f" the time of day, name both: --date {dated[0][0]},COLUMN."
            )
        frames[name] = values.iloc[rows[name]].set_axis(times)
    step = _step(max((frame.index for frame in frames.values()), key=len), column)
    even = {
        name: _evenly(frame, step, fill, name, table, rows[name])
        for name, frame in frames.items()
    }
    return _filled(even, fill)


def _evenly(
    frame: pd.DataFrame,
    step: Any,
    fill: str | None,
    name: str,
    table: pd.DataFrame,
    rows: Ints,
) -> pd.DataFrame:
    """Return a series with a row at every step; FormatError if dates are between steps
    or missing.
    """
    times: Any = frame.index
    grid = pd.date_range(times[0], times[-1], freq=step, name=times.name)
    for at in np.flatnonzero(~times.isin(grid))[:1]:
        raise FormatError(
            f"The date in {place(table, int(rows[at]))}, {times[at]}, must be a whole"
            f" number of steps ({unit_of(step)[0]}) after {times[0]}."
            f" {IN_ORDER.format(times.name)}"
        )
    missing = grid.difference(times)
    if len(missing) and fill is None:
        of = f" of {name!r}" if name else ""
        more = f", and {len(missing) - 1} more" * (len(missing) > 1)
        raise FormatError(f"The row of {missing[0]}{of} is missing{more}. {FILL}")
    return frame.reindex(grid)


def _filled(
    series: dict[str, pd.DataFrame], fill: str | None
) -> dict[str, pd.DataFrame]:
    """Return series without missing values. The notes of each contain a sentence that
    counts the filled values in all of them.
    """
    whole = {}
    gaps = filled = ends = 0
    for name, frame in series.items():
        mended = frame.ffill() if fill == "forward" else frame
        if fill == "linear":
            mended = frame.interpolate(limit_area="inside")
        rest = mended.dropna()
        if not len(rest):
            raise FormatError(
                f"Expected a row without missing values after --fill {fill}, got none."
            )
        gaps += int(frame.isna().to_numpy().sum())
        filled += int((frame.isna() & mended.notna()).to_numpy().sum())
        ends += len(mended) - len(rest)
        if hasattr(frame.index, "freq"):
            rest = rest.asfreq(frame.index.freq)
        whole[name] = rest
    note = f"Filled in ({fill}): {pluralize(filled, 'missing value')}."
    if ends:
        note += f" Left out at the ends: {pluralize(ends, 'row')} without a value."
    for frame in whole.values():
        frame.attrs["notes"] = [note] if gaps else []
    return whole


# --- steps ----------------------------------------------------------------------------


def _step(dates: pd.DatetimeIndex, column: str) -> Any:
    """Return the step of increasing dates, an offset of pandas. It is the step of all
    dates or, with gaps, of most parts.
    """
    for size in (len(dates), 8, 3):
        places = range(0, len(dates) - size + 1, 1 + len(dates) // MAX_WINDOWS)
        steps = Counter(filter(None, (step_of(dates[i : i + size]) for i in places)))
        gaps = np.diff(dates.asi8)
        if steps and gaps.sum() <= MAX_GAPS * len(gaps) * np.median(gaps):
            return steps.most_common(1)[0][0]
    raise FormatError(
        f"The column {column!r} must have three or more dates that step evenly."
        f" {IN_ORDER.format(column)}"
    )


def unit_of(step: Any) -> tuple[str, int]:
    """Return the name of a step, an offset of pandas, and how many make the usual
    season.

    >>> import pandas
    >>> unit_of(pandas.offsets.MonthEnd()), unit_of(pandas.offsets.Hour(6))
    (('month', 12), ('6 hours', 4))
    >>> unit_of(pandas.DateOffset(months=3))
    ('quarter', 4)
    """
    if months := step.kwds.get("months"):
        unit, season, count = next(
            unit_in_months
            for unit_in_months in IN_MONTHS
            if months % unit_in_months[2] == 0
        )
        count = months // count
    else:
        code = step.rule_code.split("-")[0]
        unit, season = UNITS.get(code) or UNITS.get(
            code.removeprefix("B")[0], (code, 1)
        )
        count = step.n
    name = unit if count == 1 else pluralize(count, unit)
    return name, 1 if season % count else season // count


def season_of(series: pd.DataFrame) -> int:
    """Return the number of rows in the usual season, such as 12 for months, or 1
    without dates.
    """
    step = getattr(series.index, "freq", None)
    return 1 if step is None else unit_of(step)[1]


def step_name(series: pd.DataFrame) -> str | None:
    """Return the name of a series' step, such as "month", or None without dates."""
    step = getattr(series.index, "freq", None)
    return None if step is None else unit_of(step)[0]


def phase(series: pd.DataFrame, first_date: str | None) -> int:
    """Return the number of steps from a date, such as that of the first training row,
    to the first row here.
    """
    if first_date is None or not isinstance(series.index, pd.DatetimeIndex):
        return 0
    begin, here = on_clock(first_date, series.index), series.index[0]
    dates = pd.date_range(min(begin, here), max(begin, here), freq=series.index.freq)
    return len(dates) - 1 if begin < here else 1 - len(dates)


def on_clock(date: str, index: pd.DatetimeIndex) -> Any:
    """Return a date from a file in the time zone of these dates. A step of an hour
    stays an hour when clocks are changed.
    """
    time = pd.Timestamp(date)
    if index.tz is None or time.tz is None:
        return time.tz_localize(index.tz) if time.tz is None else time.tz_localize(None)
    return time.tz_convert(index.tz)
