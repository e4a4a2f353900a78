"""Draw forecasts with the known steps, the forecast steps, and their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._checks import (
    any_array,
    listed,
    numbers,
    pluralize,
    require,
    require_type,
    suggests_arguments,
    text,
)
from .._typing import Floats
from ..errors import ArgumentError
from ..forecasting._frames import column_names, labels_beside, labels_of
from ._style import (
    BLUE,
    CYCLE,
    INK,
    Axes,
    canvas,
    count_along,
    entry,
    mark_of,
    name_lines,
)


@suggests_arguments()
def forecast(
    history: ArrayLike,
    forecast: Any,
    ax: Axes | None = None,
    *,
    times: Any = None,
    names: Sequence[str] | None = None,
) -> Axes:
    """Draw a series with solid known values, a dashed forecast, and shaded prediction
    intervals.

    Parameters
    ----------
    history : array_like, shape (T,) or (T, m)
        The known values, oldest first. Missing ones (NaN) are gaps. If it is a data
        frame, the columns that a :class:`~synapse.forecasting.Forecast` names are
        drawn.
    forecast : array_like, shape (steps,) or (steps, m), or Forecast
        The values of the steps after the known ones. The intervals of a
        :class:`~synapse.forecasting.Forecast` are shaded.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on. Default: a new figure.
    times : sequence, shape (T + steps,), optional
        Dates or increasing numbers of the known steps and of the forecast steps.
        Default: the index of a data frame and the dates of a Forecast, each continued
        if the other has none; without them 0, 1, ...
    names : sequence of str, optional
        The names of the m columns, for the legend. Default: the names in a data frame
        or a Forecast, or numbers. A single column is named by the axis.

    Raises
    ------
    ArgumentTypeError, ArgumentError
        If something is not numbers, is empty or infinite, lengths do not match, or
        there are more columns than can be distinguished.

    Examples
    --------
    >>> from synapse import draw, forecasting
    >>> history = [3.0, 1.0, 2.0, 4.0, 2.0, 3.0]
    >>> ax = draw.forecast(history, forecasting.seasonal_naive(history, 4, period=3))
    >>> [line.get_label() for line in ax.lines]
    ['known', 'forecast']

    A data frame has names and dates.

    >>> import pandas
    >>> months = pandas.date_range("2024-01", periods=6, freq="MS", name="month")
    >>> ax = draw.forecast(pandas.DataFrame({"sales": history}, months), [3.5, 3.0])
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('month', 'sales')
    """
    if names is None:
        history, names = _named(history, forecast)
        column = names[0] if names is not None and len(names) == 1 else None
        names = None if column is not None else names
    else:
        column = None  # in the legend
    past = _as_columns("history", history)
    times_given = [getattr(forecast, name, None) for name in ("mean", "lower", "upper")]
    with_bounds = all(isinstance(columns, np.ndarray) for columns in times_given)
    future = [
        _as_columns("forecast", columns)
        for columns in (times_given if with_bounds else [forecast])
    ]
    share = getattr(forecast, "coverage", None) if with_bounds else None
    labels = _column_names(names, past, future)
    label = ""
    if times is None:
        times, label = _times_of(
            labels_of(history),
            getattr(forecast, "dates", None),
            len(past),
            len(future[0]),
        )
    places = _checked_times(times, len(past) + len(future[0]))
    with canvas(ax, (6.5, 3.2)) as ax:
        for number, name in enumerate(labels):
            colors = (INK, BLUE) if len(labels) == 1 else (CYCLE[number], CYCLE[number])
            parts = [columns[:, number] for columns in future]
            _draw_column(ax, places, past[:, number], parts, share, name, colors)
        time_axis(ax, label, places.dtype.kind in "iu")
        if column is not None:
            ax.set_ylabel(entry(column))
        return ax


def _named(history: Any, forecast: Any) -> tuple[Any, Sequence[str] | None]:
    """Return the columns of a history that a forecast has, and their names, if these
    are known.
    """
    columns = column_names(history)
    ahead = getattr(forecast, "names", None)
    if columns is None or ahead is None:
        return history, columns or ahead
    if history.ndim == 2 and set(ahead) <= set(columns):
        return history.iloc[:, [columns.index(name) for name in ahead]], list(ahead)
    return history, columns


def _times_of(index: Any, dates: Any, past: int, ahead: int) -> tuple[Any, str]:
    """Return the index of a history and the dates of its forecast, for the axis, and
    the name of the axis.

    If one of them is None, or of another kind, it continues the other or, where this is
    impossible, numbers steps.
    """
    if index is not None and (dates is None or type(dates) is not type(index)):
        dates = labels_beside(index, ahead)
    elif dates is not None and index is None:
        index = labels_beside(dates, -past)
    if index is None or dates is None:
        return np.arange(past + ahead), "step"
    default = "date" if hasattr(index, "freq") else "step"
    label = default if index.name is None else str(index.name)
    return np.concatenate([_on_axis(index), _on_axis(dates)]), label


def _on_axis(index: Any) -> Any:
    """Return the places of labels on the axis, which are numbers, or dates in local
    time.
    """
    dates = (
        index.to_timestamp()
        if hasattr(index, "to_timestamp") and not hasattr(index, "tz")
        else index
    )
    return (
        dates if getattr(dates, "tz", None) is None else dates.tz_localize(None)
    ).to_numpy()


def _as_columns(title: str, values: Any) -> Floats:
    matrix = numbers(title, values, "a number or a row of numbers for each step")
    fits = matrix.ndim in (1, 2) and matrix.size
    require_type(fits, title, "of the shape (T,) or (T, m)", matrix.shape)
    require(not np.isinf(matrix).any(), title, "finite", np.inf)
    return matrix.reshape(len(matrix), -1)


def _column_names(names: Any, past: Floats, future: list[Floats]) -> list[str]:
    """Return a name for each column, or no name for a single unnamed column."""
    count = past.shape[1]
    shapes = {piece.shape for piece in future}
    if shapes != {(len(future[0]), count)}:
        got = " and ".join(map(str, sorted(shapes)))
        raise ArgumentError(
            f"Expected a forecast of {pluralize(count, 'column')}, as the history, got"
            f" {got}."
        )
    if count > len(CYCLE):
        raise ArgumentError(
            f"Expected at most {len(CYCLE)} columns, got {count}. Draw them in parts."
        )
    if names is None:
        return [""] if count == 1 else [str(i) for i in range(count)]
    entries = listed("names", names, f"{count} names")
    if len(entries) != count:
        raise ArgumentError(
            f"Expected {pluralize(count, 'name')}, one for each column, got"
            f" {len(entries)}."
        )
    return [text("A name", name) for name in entries]


def _checked_times(times: Any, count: int) -> Any:
    places = any_array("times", times, "dates or numbers")
    if places.shape != (count,):
        raise ArgumentError(
            f"Expected {count} times, one for each step of the history and the"
            f" forecast, got the shape {places.shape}."
        )
    require_type(
        places.dtype.kind in "iufM" or all(isinstance(place, date) for place in places),
        "times",
        "dates or numbers",
        times,
    )
    return places


def _draw_column(
    ax: Axes,
    places: Any,
    history: Floats,
    future: list[Floats],
    share: Any,
    name: str,
    colors: Any,
) -> None:
    """Draw one column. The forecast begins at the last known value to avoid a gap in
    the line.
    """
    count = len(history)
    last = np.flatnonzero(np.isfinite(history))[-1:]
    before, after = (
        entry(" ".join(filter(None, [name, style]))) for style in ("known", "forecast")
    )
    ax.plot(
        places[:count],
        history,
        color=colors[0],
        lw=1.2,
        marker=mark_of(history),
        ms=3,
        label=before,
    )
    later = np.concatenate([places[last], places[count:]])
    mean, *bounds = (np.concatenate([history[last], values]) for values in future)
    ax.plot(
        later,
        mean,
        color=colors[1],
        ls=(0, (3, 1.2)),
        marker=mark_of(mean),
        ms=3,
        label=after,
    )
    if bounds:
        interval = "interval" if share is None else f"{100 * share:.4g} % interval"
        label = entry(" ".join(filter(None, [name, interval])))
        ax.fill_between(
            later, bounds[0], bounds[1], color=colors[1], alpha=0.2, lw=0, label=label
        )


def time_axis(ax: Axes, label: str, counts: bool) -> None:
    """Draw the axis of time, which may count steps, and the legend."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = ax.xaxis.get_major_locator()
    if isinstance(locator, AutoDateLocator):
        formatter = ConciseDateFormatter(locator)  # type: ignore[no-untyped-call]
        ax.xaxis.set_major_formatter(formatter)
    elif counts:
        count_along(ax)
    ax.set_xlabel(entry(label))
    ax.margins(x=0.01)
    name_lines(ax)
