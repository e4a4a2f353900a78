"""Use data frames of pandas as series, by reading the labels of their rows, and
computing the labels of the rows that follow.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from .._checks import pandas
from ..errors import ArgumentError

MONTHS = {"MS": 1, "QS": 3, "YS": 12, "AS": 12}
"""Months of a step that begins on the first day of one."""


def labels_of(values: Any) -> Any:
    """Return the index of a data frame or of one of its columns, or None for other
    values.
    """
    return values.index if hasattr(values, "iloc") else None


def require_single(index: Any, name: str = "") -> None:
    """Raise ArgumentError if rows with labels have two of one time. In a panel, labels
    are tuples that begin with the series' name.
    """
    for again in [] if index is None else index[index.duplicated()][:1]:
        *names, time = again if isinstance(again, tuple) else (name, again)
        series = ", ".join(repr(part) for part in names if part != "")
        raise ArgumentError(
            f"Expected one row for each time, got two of {time}"
            f"{' in the series ' * bool(series)}{series}. Take one of them out, for"
            " example by table[~table.index.duplicated()]."
        )


def column_names(values: Any) -> list[str] | None:
    """Return the names of a data frame's columns, or of a named column, or None for
    other values.
    """
    if not hasattr(values, "iloc"):
        return None
    if values.ndim == 2:
        return [str(name) for name in values.columns]
    return None if values.name is None else [str(values.name)]


def labels_beside(index: Any, steps: int) -> Any:
    """Return the labels of this many rows after an index, as an index of pandas. For a
    negative number, return the labels before the index.

    Returns None if the index has neither dates nor numbers, or if these do not step
    evenly. Raises ArgumentError if a date occurs twice, or there are no dates so far
    away.

    >>> import pandas
    >>> month = pandas.DateOffset(months=1)
    >>> labels_beside(pandas.date_range("2024-01-15", periods=3, freq=month), 1)[0]
    Timestamp('2024-04-15 00:00:00')
    >>> [*labels_beside(pandas.Index([2020, 2021, 2022], name="year"), 2)]
    [2023, 2024]
    >>> [*labels_beside(pandas.RangeIndex(5, 8), -2)]
    [3, 4]
    """
    are_dates = isinstance(index, pandas.PeriodIndex | pandas.DatetimeIndex)
    step = (index.freq or step_of(index)) if are_dates else _gap_of(index)
    if step is None:
        if are_dates:
            require_single(index)
        return None
    count, name = abs(steps), index.name
    if not are_dates:
        begin = int(index[-1]) + step if steps > 0 else int(index[0]) - count * step
        return pandas.RangeIndex(begin, begin + count * step, step, name=name)
    are_periods = isinstance(index, pandas.PeriodIndex)
    range_of = pandas.period_range if are_periods else pandas.date_range
    end = {"start": index[-1]} if steps > 0 else {"end": index[0]}
    try:
        labels = range_of(periods=count + 1, freq=step, name=name, **end)
    except (OverflowError, ValueError):
        raise ArgumentError(
            f"There are no dates {count} steps {'after' if steps > 0 else 'before'}"
            f" {index[-1 if steps > 0 else 0]}. Forecast fewer steps."
        ) from None
    return labels[1:] if steps > 0 else labels[:-1]


def _gap_of(index: Any) -> int | None:
    """Return the step of increasing whole numbers, or None for other labels."""
    if not pandas.api.types.is_integer_dtype(index.dtype) or not len(index):
        return None
    # Differences of few bits, or without a sign, may be others.
    gaps = {*np.diff(index.to_numpy(np.int64)).tolist()} or {1}
    return gaps.pop() if len(gaps) == 1 and min(gaps) > 0 else None


def step_of(dates: Any) -> Any:
    """Return the step of dates, an offset of pandas, or None if they do not step evenly
    or are fewer than three.
    """
    if len(dates) < 3:
        return None
    with warnings.catch_warnings(action="ignore"):  # pandas 3 warns of what 4 returns
        step = pandas.infer_freq(dates)
        step = step and pandas.tseries.frequencies.to_offset(step)
        # Pandas infers no months on the 15th, and 365 days from the same day of three
        # years.
        if (
            dates.day[0] > 1
            and len({*dates.day}) == 1
            and (step is None or step.rule_code == "D")
        ):
            days = dates.tz_localize(None) - pandas.Timedelta(days=dates.day[0] - 1)
            offset = pandas.tseries.frequencies.to_offset(
                pandas.infer_freq(days) or "D"
            )
            months = MONTHS.get(offset.rule_code.split("-")[0], 0) * offset.n
            step = pandas.DateOffset(months=months) if months else step
    return step


def fed_names(
    values: Any, fed: Sequence[int], into: Sequence[int], outputs: int
) -> list[str] | None:
    """Return the names of outputs, taken from the columns to which they are fed. Other
    outputs are named "output 1", and so on.
    """
    columns = column_names(values)
    if columns is None:
        return None
    names = [f"output {place}" for place in range(outputs)]
    for output, column in zip(fed, into, strict=True):
        names[output] = columns[column]
    return names
