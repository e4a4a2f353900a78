"""Data frames of pandas as series: the labels of their rows, and those of the rows that
follow.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from .._checks import imported_pandas
from ..errors import ArgumentError

MONTHS = {"MS": 1, "QS": 3, "YS": 12, "AS": 12}
"""Months of a step that begins on the first day of one."""


def labels_of(values: Any) -> Any:
    """Return the index of a data frame or of a column of one; None for other values."""
    return values.index if hasattr(values, "iloc") else None


def column_names(values: Any) -> list[str] | None:
    """Return the names of the columns of a data frame, or of a named column; None for
    other values.
    """
    if not hasattr(values, "iloc"):
        return None
    if values.ndim == 2:
        return [str(name) for name in values.columns]
    return None if values.name is None else [str(values.name)]


def continued(index: Any, steps: int) -> Any:
    """Return the labels of the rows that follow those of an index, as an index of
    pandas.

    None if it has neither dates nor numbers, or these do not step evenly. Raises
    ArgumentError if there are no dates so far ahead.

    >>> import pandas
    >>> month = pandas.DateOffset(months=1)
    >>> continued(pandas.date_range("2024-01-15", periods=3, freq=month), 1)[0]
    Timestamp('2024-04-15 00:00:00')
    >>> [*continued(pandas.Index([2020, 2021, 2022], name="year"), 2)]
    [2023, 2024]
    """
    pandas = imported_pandas()
    if isinstance(index, pandas.PeriodIndex | pandas.DatetimeIndex):
        step = index.freq or step_of(index)
        return None if step is None else _dates_after(index, step, steps)
    if not pandas.api.types.is_integer_dtype(index.dtype) or not len(index):
        return None
    # Differences of few bits, or without a sign, may be others.
    gaps = {*np.diff(index.to_numpy(np.int64)).tolist()} or {1}
    if len(gaps) > 1 or min(gaps) < 1:
        return None
    gap = gaps.pop()
    begin = int(index[-1]) + gap
    return pandas.RangeIndex(begin, begin + gap * steps, gap, name=index.name)


def preceding(index: Any, steps: int) -> Any:
    """Return the labels of the rows before those of an index, as an index of pandas;
    None as for :func:`continued`.

    >>> import pandas
    >>> [*preceding(pandas.RangeIndex(5, 8), 2)]
    [3, 4]
    """
    pandas = imported_pandas()
    if isinstance(index, pandas.PeriodIndex | pandas.DatetimeIndex):
        step = index.freq or step_of(index)
        if step is None:
            return None
        range_of = (
            pandas.period_range
            if isinstance(index, pandas.PeriodIndex)
            else pandas.date_range
        )
        return range_of(end=index[0], periods=steps + 1, freq=step, name=index.name)[
            :-1
        ]
    after = continued(index, 1)
    if after is None:
        return None
    gap = int(after[0] - index[-1])
    begin = int(index[0]) - gap * steps
    return pandas.RangeIndex(begin, int(index[0]), gap, name=index.name)


def _dates_after(index: Any, step: Any, steps: int) -> Any:
    """Return dates or periods after the last one of an index."""
    pandas = imported_pandas()
    periods = isinstance(index, pandas.PeriodIndex)
    range_of = pandas.period_range if periods else pandas.date_range
    try:
        return range_of(index[-1], periods=steps + 1, freq=step, name=index.name)[1:]
    except (OverflowError, ValueError):
        raise ArgumentError(
            f"There are no dates {steps} steps after {index[-1]}. Forecast fewer steps."
        ) from None


def step_of(dates: Any) -> Any:
    """Return the step of dates, an offset of pandas; None if they do not step evenly or
    are fewer than three.
    """
    if len(dates) < 3:
        return None
    pandas = imported_pandas()
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
    """Return the names of outputs: of the columns that they are fed to, "output 1" for
    others.
    """
    columns = column_names(values)
    if columns is None:
        return None
    names = [f"output {place}" for place in range(outputs)]
    for output, column in zip(fed, into, strict=True):
        names[output] = columns[column]
    return names
