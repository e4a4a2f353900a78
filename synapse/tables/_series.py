"""Series: columns of a table whose rows are evenly spaced in time, as data frames of
pandas.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from functools import partial
from typing import Annotated, Any

import numpy as np

from .._checks import choice, instance, pluralize, suggests_arguments, void
from .._typing import Ints
from ..errors import FormatError
from ..forecasting._frames import step_of
from ._dates import ZONE, are_days, find_date, in_zone, zone_name
from ._number_form import copy_forms
from ._pandas import pd
from ._table import (
    UNREADABLE,
    columns as columns_of,
    find,
    numbers,
    place,
    words,
)

FILLS = ("forward", "linear")
"""How missing values and dates are mended."""
FILL = f"To fill it in, pass --fill {' or --fill '.join(FILLS)}."
UNREADABLE_STEP = UNREADABLE.removesuffix(".") + " --fill linear."
"""What to do about a cell of a series that is no number."""
IN_ORDER = (
    "To use the rows in their order, without dates, pass --ignore {!r}; name further"
    " columns --observed, or ignore them, too."
)
"""What to do about dates that do not step evenly."""
MAX_CLOCK_STEP = 10_800
"""Longest step of a clock that may vary, in seconds; longer ones vary with local
time."""
MAX_JITTER = 0.25
"""Difference of a step from the median, in units of it, that is no other step."""
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


def read_series(
    table: pd.DataFrame,
    columns: Sequence[str],
    *,
    date: str | None = None,
    dates: str | None = None,
    fill: str | None = None,
    ignore: Collection[str] = (),
    zone: str | None = None,
) -> pd.DataFrame:
    """Return columns of a table as a series, oldest row first; without a column of
    dates, its rows are the steps.

    Parameters
    ----------
    table : pandas.DataFrame
        The table, such as from :func:`read_table`.
    columns : sequence of str
        Columns of numbers, with or without their units.
    date : str, optional
        The column of dates. Default: the first one that has dates. Years that repeat
        are read together with neighbouring columns called "Month", "Day", "Hour",
        "Quarter" and the like. Numbers that increase from row to row are dates if their
        name or form suggests it: seconds since 1970, 202401, 20240131, and the days
        that spreadsheets count.
    dates : str, optional
        Format of the dates, for ``strptime``, such as "%d/%m/%Y". Default: ISO 8601,
        31.01.2024, 31.01.24, 31/01/2024, 01/31/2024, 31 Jan 2024, Jan 2024, Jan-24,
        2024-Q1 or 2024-W05, with a time or without, whichever reads most cells. Names
        of months in other languages are read by dateparser.
    fill : {"forward", "linear"}, optional
        How missing values and dates are filled in: by the previous value, or by
        interpolation. Rows at the ends that cannot be filled in are left out. Default:
        missing values are refused.
    ignore : collection of str
        Columns that have no dates.
    zone : str, optional
        The time zone of the dates, such as "Europe/Berlin". Times without an offset are
        local times of this zone, in which an hour is repeated when clocks go back;
        times with offsets from UTC are converted. Default: the zone of the frame; times
        with several offsets are converted to UTC.

    Returns
    -------
    pandas.DataFrame
        The columns as floats. The index has the dates and their step (``index.freq``),
        or counts from 1.

    Raises
    ------
    ArgumentError
        If there is no such column or zone, or day and month are ambiguous.
    FormatError
        If a cell is not a number or a date, or the dates do not step evenly.
    """
    return read_several(
        table, columns, "", date=date, dates=dates, fill=fill, ignore=ignore, zone=zone
    )[""]


@suggests_arguments("read_several")
def read_several(
    table: pd.DataFrame,
    columns: Sequence[str],
    sequence: str,
    *,
    date: str | None = None,
    dates: str | None = None,
    fill: Annotated[str | None, partial(choice, options=(None, *FILLS))] = None,
    ignore: Collection[str] = (),
    zone: Annotated[str | None, zone_name] = None,
) -> dict[str, pd.DataFrame]:
    """Return a series for each value of the column `sequence`, such as that of a shop,
    in the order of first rows.

    The rows of a series need not be adjacent, and series may begin and end at different
    dates; their step is that of the longest. If `sequence` is "", all rows are one
    series, named "". The other parameters and the errors are those of
    :func:`read_series`.
    """
    index = instance("table", table, pd.DataFrame).index
    if isinstance(index, pd.PeriodIndex):
        table = table.set_axis(index.to_timestamp().rename(index.name))
    if isinstance(index, pd.PeriodIndex | pd.DatetimeIndex):
        table = table.reset_index()
    names = columns_of(table, columns)
    keys = [find(table, sequence)] if sequence else []
    left_out = [*ignore, *names, *keys]
    dated = find_date(table, date, dates, left_out, keys[0] if keys else None)
    filled = numbers(table, names, fill is not None, advice=UNREADABLE_STEP, fill=FILL)
    values = pd.DataFrame(filled, columns=names)
    groups = np.array(words(table, keys[0]) if keys else [""] * len(table))
    rows = {str(name): np.flatnonzero(groups == name) for name in dict.fromkeys(groups)}
    notes = list[str]()
    if dated is None:
        for name in ["dates"] * bool(dates) + ["zone"] * bool(zone):
            raise void(name, "date", None, f"No column has dates: remove `{name}`.")
        frames = {}
        for name, row_numbers in rows.items():
            numbered = pd.RangeIndex(1, len(row_numbers) + 1, name="row")
            frames[name] = values.iloc[row_numbers].set_axis(numbered)
        return _filled(table, frames, frames, fill, notes)
    column, when = dated.name, dated.dates
    frames = {}
    for name, row_numbers in rows.items():
        times = in_zone(when[row_numbers], zone)
        order = np.argsort(times, kind="stable")
        rows[name] = row_numbers[order]
        times = times[order].rename(column)
        _require_different(times, table, rows[name])
        frames[name] = values.iloc[rows[name]].set_axis(_in_even_steps(times, notes))
    step = _step(max((frame.index for frame in frames.values()), key=len), column)
    even = {
        name: _evenly(frame, step, fill, name, table, rows[name])
        for name, frame in frames.items()
    }
    return _filled(table, frames, even, fill, notes)


def _in_even_steps(times: pd.DatetimeIndex, notes: list[str]) -> pd.DatetimeIndex:
    """Return increasing dates; those of a clock whose steps vary a little in steps of
    the median that end at the last one. The first sentence on such steps is added to
    the notes.
    """
    gaps = (times[1:] - times[:-1]).total_seconds().to_numpy()
    median = float(np.median(gaps)) if len(gaps) > 1 else 0.0
    if not 0 < median <= MAX_CLOCK_STEP or not (gaps % median).any():
        return times
    unit = 60 if abs(median / 60 - round(median / 60)) < 0.02 * median / 60 else 1
    step = round(median / unit) * unit or median
    counts = np.round(gaps / step)
    if counts.min() < 1 or np.abs(gaps / step - counts).max() > MAX_JITTER:
        return times
    single = gaps[counts == 1]
    if not notes:
        notes.append(
            f"The dates of {times.name!r} step by {single.min():g} to"
            f" {single.max():g} s, {median:g} s in the median. They are read in steps"
            f" of {step:g} s up to the last one."
            f" {IN_ORDER.format(times.name)}"
        )
    after = np.append(np.cumsum(counts[::-1])[::-1], 0)
    before = pd.to_timedelta(after * step, "s")
    return (times[-1] - before).rename(times.name)


def _require_different(
    times: pd.DatetimeIndex, table: pd.DataFrame, rows: Ints
) -> None:
    """Raise FormatError if a date comes twice; `rows` are those of the sorted dates in
    the table.
    """
    for again in np.flatnonzero(times[1:] == times[:-1])[:1] + 1:
        clocks = (
            ""
            if times.tz is not None or are_days(times)
            else f"If clocks went back there, {ZONE} "
        )
        raise FormatError(
            f"The date {times[again]} occurs twice, again in"
            f" {place(table, int(rows[again]))}. {clocks}If a column tells several"
            " series apart, name it: --sequence COLUMN."
        )


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
        after = f"a whole number of steps ({unit_of(step)[0]}) after {times[0]}"
        where = place(table, int(rows[at]))
        raise FormatError(
            f"The date in {where}, {times[at]}, must be {after}."
            f" {IN_ORDER.format(times.name)}{_about_clocks(times, times[at])}"
        )
    missing = grid.difference(times)
    if len(missing) and fill is None:
        of = f" of {name!r}" if name else ""
        more = f", and {len(missing) - 1} more" * (len(missing) > 1)
        clocks = _about_clocks(times, missing[0])
        raise FormatError(
            f"The row of {missing[0]}{of} is missing{more}. {FILL}{clocks}"
        )
    return frame.reindex(grid)


def _about_clocks(times: pd.DatetimeIndex, time: pd.Timestamp) -> str:
    """Return what to do if the time may be missing because clocks were changed: at
    night, on a Sunday.
    """
    may_be = (
        times.tz is None
        and not are_days(times)
        and time.day_of_week == 6
        and time.hour < 4
    )
    return f" If clocks were changed there, {ZONE}" if may_be else ""


def _filled(
    table: pd.DataFrame,
    given: dict[str, pd.DataFrame],
    series: dict[str, pd.DataFrame],
    fill: str | None,
    notes: list[str],
) -> dict[str, pd.DataFrame]:
    """Return series, `given` those of the rows of a table, without missing values. Add
    a sentence to the notes that counts what was filled in.
    """
    rows = cells = ends = 0
    mended = {}
    for name, frame in series.items():
        whole = frame.ffill() if fill == "forward" else frame
        if fill == "linear":
            whole = frame.interpolate(limit_area="inside")
        whole = whole.dropna() if fill else whole
        if not len(whole):
            raise FormatError(f"--fill {fill} leaves no row: each misses a value.")
        first, last = frame.index.get_indexer([whole.index[0], whole.index[-1]])
        inside = given[name].index.isin(frame.index[first : last + 1])
        rows += len(whole) - int(inside.sum())
        ends += len(inside) - int(inside.sum())
        cells += int(given[name][inside].isna().to_numpy().sum())
        if hasattr(frame.index, "freq"):
            whole = whole.asfreq(frame.index.freq)
        mended[name] = copy_forms(table, whole)
    if rows or cells or ends:
        of = pluralize(sum(map(len, given.values())), "row")
        notes.append(
            f"Filled in ({fill}): {pluralize(rows, 'row')} between the {of} of the"
            f" table, and {pluralize(cells, 'cell')} of these. Left out at the ends:"
            f" {pluralize(ends, 'row')} without a value."
        )
    for frame in mended.values():
        frame.attrs["notes"] = notes
    return mended


# --- steps ----------------------------------------------------------------------------


def _step(dates: pd.DatetimeIndex, column: str) -> Any:
    """Return the step of increasing dates, an offset of pandas: that of all or, with
    gaps, of most parts.
    """
    for size in (len(dates), 8, 3):
        places = range(0, len(dates) - size + 1, 1 + len(dates) // MAX_WINDOWS)
        steps = Counter(filter(None, (step_of(dates[i : i + size]) for i in places)))
        gaps = np.diff(dates.asi8)
        if steps and gaps.sum() <= MAX_GAPS * len(gaps) * np.median(gaps):
            return steps.most_common(1)[0][0]
    clocks = "" if dates.tz is None else f" If they are days of local time, {ZONE}"
    raise FormatError(
        f"The column {column!r} must have three or more dates that step evenly."
        f" {IN_ORDER.format(column)}{clocks}"
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
    """Return the number of rows of the usual season, such as 12 for months; 1 without
    dates.
    """
    step = getattr(series.index, "freq", None)
    return 1 if step is None else unit_of(step)[1]


def step_name(series: pd.DataFrame) -> str | None:
    """Return the name of the step of a series, such as "month"; None without dates."""
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
    """Return a date of a file, in the zone of these dates: a step of an hour is one
    also when clocks are changed.
    """
    time = pd.Timestamp(date)
    if index.tz is None or time.tz is None:
        return time.tz_localize(index.tz) if time.tz is None else time.tz_localize(None)
    return time.tz_convert(index.tz)
