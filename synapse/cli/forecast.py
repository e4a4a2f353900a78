"""``synapse forecast``: forecast the rows that follow a table."""

from __future__ import annotations

import argparse
import shutil
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from .._checks import counted, install
from .._typing import Floats
from ..errors import ArgumentError, FormatError
from ..forecasting import Forecast
from ..forecasting.selection import COMBINE
from ..forecasting.statistical import METHODS
from ..tables import Series, forecast_series
from .formats import READING, read
from .reading import add_reading, say, series_of, sheet_of
from .words import (
    PICTURES,
    TABLES,
    UsageError,
    fraction,
    listed,
    number,
    printable,
    require_folder,
    require_suffix,
    save_figure,
    table_text,
    whole,
    write_text,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_STEPS = 100_000
"""Largest number of rows to forecast."""
SHOWN = 60
"""Least number of known rows in a picture; five times the forecast ones, if these are more."""
WIDEST, HEIGHT = 100, 16
"""Columns at most, and lines, of a picture in letters."""


def add_forecast(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    add = parser.add_argument
    add("model", metavar="MODEL", help=READING)
    add("data", metavar="DATA", help="the table up to now, a CSV file; - is standard input")
    add("--steps", metavar="N", type=whole, required=True, help="rows to forecast")
    add("--model", dest="method", metavar="NAME", help=f"network, {COMBINE}, {', '.join(METHODS)}")
    add("--interval", metavar="SHARE", type=fraction, help="add bounds for this share, such as 0.9")
    add("--minimum", metavar="X", type=number, help="clip the forecast and its bounds, such as 0 for sales")
    add("--maximum", metavar="X", type=number, help="the same from above")
    add("--future", metavar="FILE", help="the columns known in advance, in the rows to forecast")
    add("--plot", metavar="FILE", help=f"a picture: {', '.join(PICTURES)}")
    add("-o", "--output", metavar="FILE", help="the CSV file to write (default: standard output)")
    add_reading(parser)


def forecast(options: argparse.Namespace) -> None:
    """Forecast the rows that follow a table.

    MODEL is a network of `synapse train` for a series. The forecast is that of the method with the lowest
    error in its test, or of --model; a sentence says which and why. Statistical methods are fitted to
    DATA. The values of columns that are known in advance come from --future, a CSV file with a row for
    each step.

    The result is CSV: dates that continue those of DATA, and for each target the forecast and, with
    --interval, the bounds between which that share of future values should be. Bounds follow from the
    errors of the test. Numbers are rounded to the decimals of the data. Without --plot, a terminal shows
    a picture in letters, which needs the extra "terminal".
    """
    if options.steps > MOST_STEPS:
        raise UsageError(f"Expected --steps to be at most {MOST_STEPS}, got {options.steps}.")
    for path, suffixes in ((options.output, TABLES), (options.plot, PICTURES)):
        if path is not None:  # what cannot be written is an error before any work
            require_suffix(path, suffixes)
            require_folder(path)
    network = read(options.model)
    series, facts = series_of(sheet_of(options.data, options), network, options), network.metadata
    step, trained = "" if series.step is None else series.step.name, facts.get("step") or ""
    if step.removesuffix(" end") != trained.removesuffix(" end"):
        raise ArgumentError(
            f"The model {options.model!r} is for rows of another step: {trained}. Those of {options.data!r} "
            f"have the step {step}."
        )
    series.next(options.steps)  # dates have an end: an error before any work
    how = {"interval": options.interval, "minimum": options.minimum, "maximum": options.maximum}
    future = _future(series, facts["known"], options)
    made, notes = forecast_series(network, series, options.steps, future, method=options.method, **how)
    text = _as_csv(series, made)
    figure = None if options.plot is None else _figure(series, made)
    say([*series.notes, *notes])
    if options.output is not None:
        write_text(options.output, text)
    if figure is not None:
        save_figure(figure, options.plot, 150)
    if options.output is None:
        print(text, end="")
    if options.plot is None and sys.stdout.isatty():
        _show(series, made)


def _future(series: Series, known: list[str], options: argparse.Namespace) -> Floats | None:
    """The columns known in advance, in the rows that follow the series, from --future."""
    if not known:
        if options.future is not None:
            raise UsageError(f"{options.model!r} has no column that is known in advance. Leave --future out.")
        return None
    rows = counted(options.steps, "row")
    if options.future is None:
        raise UsageError(f"{listed(known)} must be known in advance. Give the next {rows}: --future FILE.")
    sheet = sheet_of(options.future, options)
    values = sheet.complete(known)
    if len(values) != options.steps:
        raise FormatError(
            f"Expected {options.future!r} to have {rows}, one for each step, got {len(values)}."
        )
    if series.date in sheet.names:
        cells, due = sheet.cells(series.date), series.next(len(values))
        for i in np.flatnonzero(series.read(cells) != due)[:1]:
            raise FormatError(
                f"Expected the dates of {options.future!r} to follow those of {options.data!r}: "
                f"{series.written(due[i])} on line {sheet.lines[i]}, got {cells[i]!r}."
            )
    return values


# --- results -------------------------------------------------------------------------------------


def _parts(made: Forecast) -> list[Floats]:
    """The forecast and, if there are any, its lower and upper bounds; each of shape (steps, targets)."""
    return [part for part in (made.mean, made.lower, made.upper) if part is not None]


def _as_csv(series: Series, made: Forecast) -> str:
    """The table of the forecast, in the form of the data."""
    sheet = series.sheet
    delimiter = sheet.delimiter if len(sheet.names) > 1 else ","
    mark = (sheet.decimal_mark(series.columns) or ".").replace(delimiter, ".")
    head, columns = [series.date or "row"], [[series.written(time) for time in series.next(len(made))]]
    for place in range(made.shape[1]):
        digits = decimals(series.values[:, place])
        for end, part in zip(("", " lower", " upper"), _parts(made), strict=False):
            head.append(f"{series.columns[place]}{end}")
            values = (round(value, digits) + 0.0 for value in part[:, place].tolist())  # no -0
            columns.append([f"{value:.{digits}f}".replace(".", mark) for value in values])
    return table_text([head, *map(list, zip(*columns, strict=True))], delimiter)


def decimals(values: Floats) -> int:
    """Number of decimals to round forecasts of a column, shape (T,), to.

    As many as nine tenths of the values have, but at least so many that two digits of their deviation are
    left, and at most so many that six are.

    >>> decimals(np.array([112.0, 118.0, 160.0])), decimals(np.array([20.5, 20.25, 22.75]))
    (0, 2)
    """
    own = np.sort([len(f"{value:.12g}".partition(".")[2].partition("e")[0]) for value in values])
    usual, deviation = int(own[-1 - len(own) // 10]), values.std()
    if not deviation:
        return usual
    first = -int(np.floor(np.log10(deviation)))
    return max(0, min(max(usual, first + 1), first + 5))


def _shown(series: Series, steps: int) -> int:
    """Number of known rows to show."""
    return min(len(series.values), max(SHOWN, 5 * steps))


def _figure(series: Series, made: Forecast) -> Figure:
    """A picture of each target below the other."""
    from .. import draw  # matplotlib is an extra

    steps, targets = made.shape
    shown = _shown(series, steps)
    with draw.style():
        from matplotlib import pyplot

        shape: dict[str, Any] = {"figsize": (6.5, 0.6 + 2.6 * targets), "layout": "constrained"}
        figure: Figure
        figure, axes = pyplot.subplots(targets, 1, squeeze=False, sharex=True, **shape)
    times = series.times(steps)[-shown - steps :]
    for place, ax in enumerate(axes[:, 0]):
        mean, *bounds = (part[:, place] for part in _parts(made))
        lower, upper = bounds or (None, None)
        one = Forecast(mean, lower, upper, made.interval)
        draw.forecast(series.values[-shown:, place], one, ax, times=times)
        ax.set_ylabel(series.columns[place].replace("$", r"\$"))
        ax.set_xlabel("" if series.date else "row")
        if place:
            ax.get_legend().remove()
    return figure


def _show(series: Series, made: Forecast) -> None:
    """Pictures in letters, by plotext; or one sentence if they cannot be made."""
    try:
        import plotext as plot  # an extra
    except ImportError:
        plot = None
    if not hasattr(plot, "plotsize"):  # also a version that draws in another way
        return say([f"A picture in the terminal needs plotext. {install('plotext')}"])
    width, shown = min(WIDEST, shutil.get_terminal_size().columns), _shown(series, len(made))
    times = [printable(series.written(time)) for time in series.times(len(made))[-shown - len(made) :]]
    count = max(2, min(6, width // (3 * max(map(len, times)))))
    ticks = np.linspace(0, len(times) - 1, count).round().astype(int).tolist()
    for place in range(made.shape[1]):
        plot.clear_figure()
        plot.theme("clear")
        plot.plotsize(width, HEIGHT)
        known = series.values[-shown:, place].tolist()
        plot.plot([*range(shown)], known, label="known", marker="braille")
        for part, label, marker in zip(
            _parts(made), ("forecast", "lower", "upper"), ("hd", "·", "·"), strict=False
        ):
            values = [known[-1], *part[:, place].tolist()]
            plot.plot([*range(shown - 1, len(times))], values, label=label, marker=marker)
        plot.title(printable(series.columns[place]))
        plot.xticks(ticks, [times[tick] for tick in ticks])
        print(f"\n{str(plot.uncolorize(plot.build())).rstrip()}")
    return None
