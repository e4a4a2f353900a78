"""``synapse forecast``: forecast the rows that follow a table."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .._checks import counted, install
from .._typing import Floats
from ..errors import ArgumentError, FormatError
from ..forecasting import Forecast
from ..forecasting.selection import COMBINE
from ..forecasting.statistical import METHODS
from ..tables import Series
from ..tables.predicting import forecast_series, series_facts
from . import terminal
from .formats import READING, read
from .reading import add_reading, say, series_of, sheet_of
from .words import (
    PICTURES,
    TABLES,
    UsageError,
    fraction,
    listed,
    natural,
    number,
    require_folder,
    require_suffix,
    save_figure,
    table_text,
    write_text,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_STEPS = 100_000
"""Largest number of rows to forecast."""
SHOWN = 60
"""Least number of known rows in a picture; five times the forecast ones, if these are more."""

NOTES = """
MODEL is a network of `synapse train` for a series. The forecast is that of the method with the lowest error
in its test, or of --model; a sentence says which and why. Statistical methods are fitted to DATA. The values
of columns that are known in advance come from --future, a CSV file with a row for each step.

The result is CSV: dates that continue those of DATA, and for each target the forecast and, with --interval,
the bounds between which that share of future values should be. Bounds follow from the errors of the test.
Numbers are rounded to the decimals of the data. Without --plot, a terminal shows a picture in letters, which
needs the extra "terminal".
"""


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand to argparse."""
    parser = commands.add_parser(
        "forecast",
        help="forecast the rows that follow a table",
        description="Forecast the rows that follow a table.",
        epilog=NOTES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("model", metavar="MODEL", help=READING)
    add("data", metavar="DATA", help="the table up to now, a CSV file; - is standard input")
    add("--steps", metavar="N", type=natural, required=True, help="rows to forecast")
    add("--model", dest="method", metavar="NAME", help=f"network, {COMBINE}, {', '.join(METHODS)}")
    add("--interval", metavar="SHARE", type=fraction, help="add bounds for this share, such as 0.9")
    add("--minimum", metavar="X", type=number, help="clip the forecast and its bounds, such as 0 for sales")
    add("--maximum", metavar="X", type=number, help="the same from above")
    add("--future", metavar="FILE", help="the columns known in advance, in the rows to forecast")
    add("--plot", metavar="FILE", help=f"a picture: {', '.join(PICTURES)}")
    add("-o", "--output", metavar="FILE", help="the CSV file to write (default: standard output)")
    add_reading(parser)
    parser.set_defaults(do=forecast)


def forecast(options: argparse.Namespace) -> int:
    """Forecast and write; return the exit code."""
    _check_usage(options)
    network = read(options.model)
    facts = series_facts(network)
    columns = [*facts["targets"], *facts["observed"], *facts["known"]]
    series = series_of(sheet_of(options.data, options), columns, options, facts)
    _require_step(series, facts, options)
    series.next(options.steps)  # dates have an end: better said now than after all the work
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
    return 0


def _check_usage(options: argparse.Namespace) -> None:
    """Raise, before any work, if something could not be written."""
    if not 0 < options.steps <= MOST_STEPS:
        raise UsageError(f"Expected --steps to be from 1 to {MOST_STEPS}, got {options.steps}.")
    for path, suffixes in ((options.output, TABLES), (options.plot, PICTURES)):
        if path is not None:
            require_suffix(path, suffixes)
            require_folder(path)


def _require_step(series: Series, facts: dict[str, Any], options: argparse.Namespace) -> None:
    """Raise unless the rows step as those that the model was trained on."""
    step = None if series.step is None else series.step.name
    trained = facts.get("step")
    if (step or "").removesuffix(" end") != (trained or "").removesuffix(" end"):
        raise ArgumentError(
            f"The model {options.model!r} is for rows of another step: {trained}. Those of {options.data!r} "
            f"have the step {step}."
        )


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
    problems = sheet.all_problems()
    values = sheet.numbers(known, problems)
    sheet.note_missing(values, known, problems)
    problems.check()
    if len(values) != options.steps:
        raise FormatError(
            f"Expected {options.future!r} to have {rows}, one for each step, got {len(values)}."
        )
    if series.form is not None and series.date in sheet.names:
        expected = series.next(len(values))
        cells = sheet.cells(series.date)
        found = series.read(cells)
        for cell, line, date, one in zip(cells, sheet.lines, expected, found, strict=True):
            if one != date:
                raise FormatError(
                    f"Expected the dates of {options.future!r} to follow those of {options.data!r}: "
                    f"{series.written(date)} on line {line}, got {cell!r}."
                )
    return values


# --- results -------------------------------------------------------------------------------------


def _parts(made: Forecast) -> list[Floats]:
    """The forecast and, if there are any, its lower and upper bounds; each of shape (steps, targets)."""
    return [part for part in (made.mean, made.lower, made.upper) if part is not None]


def _as_csv(series: Series, made: Forecast) -> str:
    """The table of the forecast, in the form of the data."""
    parts, columns = _parts(made), list[Sequence[str]]()
    sheet = series.sheet
    mark = sheet.decimal_mark(series.columns) or "."
    delimiter = sheet.delimiter if len(sheet.names) > 1 else ","
    mark = mark if mark != delimiter else "."
    head = [series.date or "row"]
    for place in range(made.shape[1]):
        head += [f"{series.columns[place]}{end}" for end in ("", " lower", " upper")[: len(parts)]]
        digits = decimals(series.values[:, place])
        columns += [
            [
                f"{round(value, digits) + 0.0:.{digits}f}".replace(".", mark)
                for value in part[:, place].tolist()
            ]
            for part in parts
        ]
    dates = [series.written(time) for time in series.next(len(made))]
    return table_text([head, *zip(dates, *columns, strict=True)], delimiter)


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

        size = (6.5, 0.6 + 2.6 * targets)
        figure, axes = pyplot.subplots(
            targets, 1, figsize=size, squeeze=False, sharex=True, layout="constrained"
        )
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
    """Pictures in letters; or one sentence if they cannot be made."""
    steps = len(made)
    shown = _shown(series, steps)
    times = [series.written(time) for time in series.times(steps)[-shown - steps :]]
    for place in range(made.shape[1]):
        known, future = series.values[-shown:, place], [part[:, place] for part in _parts(made)]
        picture = terminal.forecast(series.columns[place], known, future, times)
        if picture is None:
            say([f"A picture in the terminal needs plotext. {install('plotext')}"])
            return
        print(f"\n{picture}")
