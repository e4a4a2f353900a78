"""``synapse forecast``: forecast the rows that follow a table."""

from __future__ import annotations

import argparse
import shutil
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .._checks import counted, install
from .._typing import Floats
from ..errors import ArgumentError, FormatError
from ..forecasting import Forecast
from ..forecasting.selection import COMBINE
from ..forecasting.statistical import METHODS
from ..objects.network import Network
from ..tables import Series, Sheet, forecast_series
from ..tables.series_task import series_facts
from . import words
from .formats import READING, read
from .reading import Table, add_reading, add_sequence, say

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
    add("--steps", metavar="N", type=words.whole, required=True, help="rows to forecast")
    add("--model", dest="method", metavar="NAME", help=f"network, {COMBINE}, {', '.join(METHODS)}")
    add("--interval", metavar="SHARE", type=words.fraction, help="add bounds for this share, such as 0.9")
    add(
        "--minimum",
        metavar="X",
        type=words.number,
        help="clip the forecast and its bounds, such as 0 for sales",
    )
    add("--maximum", metavar="X", type=words.number, help="the same from above")
    add_sequence(parser)
    add("--future", metavar="FILE", help="the columns known in advance, in the rows to forecast")
    add("--plot", metavar="FILE", help=f"a picture: {', '.join(words.PICTURES)}")
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
        raise words.UsageError(f"Expected --steps to be at most {MOST_STEPS}, got {options.steps}.")
    model, output, plot, table = options.model, options.output, options.plot, Table.of(options)
    for path, suffixes in ((output, words.TABLES), (plot, words.PICTURES)):
        if path is not None:  # what cannot be written is an error before any work
            words.require_suffix(path, suffixes)
            words.require_folder(path)
    wanted = {name: getattr(options, name) for name in ("steps", "method", "interval", "minimum", "maximum")}
    future = None if options.future is None else replace(table, path=options.future)
    forecasts, notes = _forecasts(read(model), table, future, wanted)
    figure = None if plot is None else _figure(forecasts)
    say(notes)
    rows, delimiter = _rows_of(forecasts)
    words.write_table(rows, output, delimiter)
    if figure is not None:
        words.save_figure(figure, plot, 150)
    elif sys.stdout.isatty():
        _show(forecasts)


Ahead = tuple[Series, Forecast]
"""A series and its forecast."""


def _forecasts(
    network: Network, table: Table, future: Table | None, wanted: dict[str, Any]
) -> tuple[list[Ahead], list[str]]:
    """The forecast of each series of a table, and sentences on how they were made."""
    facts, steps = series_facts(network), wanted["steps"]
    several, known = table.trained_series(facts), facts["known"]
    step, trained = "" if several[0].step is None else several[0].step.name, facts.get("step") or ""
    if step.removesuffix(" end") != trained.removesuffix(" end"):
        raise ArgumentError(
            f"The model is for rows of another step: {trained}. Those of {table.path!r} have the step {step}."
        )
    for series in several:
        series.next(steps)  # dates have an end: an error before any work
    if known and future is None:
        rows = counted(steps, "row")
        raise words.UsageError(
            f"{words.listed(known)} must be known in advance. Give the next {rows}: --future FILE."
        )
    if future is not None and not known:
        raise words.UsageError("The model has no column that is known in advance. Leave --future out.")
    sheet = None if future is None else future.sheet()
    forecasts, notes = list[Ahead](), [note for series in several for note in series.notes]
    for series in several:
        rows_ahead = None if sheet is None else _known_ahead(series, sheet, known, steps)
        ahead, sentences = forecast_series(network, series, future=rows_ahead, **wanted)
        forecasts.append((series, ahead))
        notes += sentences
    return forecasts, notes


def _known_ahead(series: Series, sheet: Sheet, known: list[str], steps: int) -> Floats:
    """The columns known in advance, in the rows that follow; of its own rows, if the table tells."""
    if series.sequence is not None and sheet.matching(series.sequence[0]):
        cells = sheet.cells(series.sequence[0])
        sheet = sheet.only([place for place, cell in enumerate(cells) if cell == series.sequence[1]])
    values, of = sheet.complete(known), f" of {series.sequence[1]!r}" if series.sequence else ""
    if len(values) != steps:
        rows = counted(steps, "row")
        raise FormatError(
            f"Expected {sheet.path!r} to have {rows}{of}, one for each step, got {len(values)}."
        )
    if series.date in sheet.names:
        cells, due = sheet.cells(series.date), series.next(len(values))
        for i in np.flatnonzero(series.read(cells) != due)[:1]:
            raise FormatError(
                f"Expected the dates of {sheet.path!r} to follow those of {series.sheet.path!r}: "
                f"{series.written(due[i])} on line {sheet.lines[i]}, got {cells[i]!r}."
            )
    return values


# --- results -------------------------------------------------------------------------------------


def _parts(ahead: Forecast) -> list[Floats]:
    """The forecast and, if there are any, its lower and upper bounds; each of shape (steps, targets)."""
    return [part for part in (ahead.mean, ahead.lower, ahead.upper) if part is not None]


def _rows_of(forecasts: list[Ahead]) -> tuple[list[list[str]], str]:
    """The table of the forecasts and its delimiter, in the form of the data."""
    first, ahead = forecasts[0]
    sheet = first.sheet
    delimiter = sheet.delimiter if len(sheet.names) > 1 else ","
    mark = (sheet.decimal_mark(first.columns) or ".").replace(delimiter, ".")
    ends = ("", " lower", " upper")[: len(_parts(ahead))]
    targets = [f"{name}{end}" for name in first.columns[: ahead.shape[1]] for end in ends]
    rows = [[*(first.sequence or [])[:1], first.date or "row", *targets]]
    for series, ahead in forecasts:
        digits = [decimals(column) for column in series.values.T[: ahead.shape[1]]]
        for place, time in enumerate(series.next(len(ahead))):
            cells = [*(series.sequence or [])[1:], series.written(time)]
            for column, count in enumerate(digits):
                values = (round(float(part[place, column]), count) + 0.0 for part in _parts(ahead))  # no -0
                cells += [f"{value:.{count}f}".replace(".", mark) for value in values]
            rows.append(cells)
    return rows, delimiter


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


@dataclass(frozen=True)
class Panel:
    """The picture of one target: the known values and the forecast that it shows, and all their times."""

    title: str
    known: Floats
    ahead: Forecast
    series: Series
    times: list[Any]


def _panels(forecasts: list[Ahead]) -> list[Panel]:
    """A picture for each target of each series."""
    panels = []
    for series, ahead in forecasts:
        shown = min(len(series.values), max(SHOWN, 5 * len(ahead)))
        times = series.times(len(ahead))[-shown - len(ahead) :]
        for place in range(ahead.shape[1]):
            title = ", ".join([*(series.sequence or [])[1:], series.columns[place]])
            mean, *ends = (part[:, place] for part in _parts(ahead))
            lower, upper = ends or (None, None)
            forecast = Forecast(mean, lower, upper, ahead.interval)
            panels.append(Panel(title, series.values[-shown:, place], forecast, series, times))
    return panels


def _figure(forecasts: list[Ahead]) -> Figure:
    """A picture of each target below the other."""
    from .. import draw  # matplotlib is an extra

    panels = _panels(forecasts)
    with draw.style():
        from matplotlib import pyplot

        shape: dict[str, Any] = {"figsize": (6.5, 0.6 + 2.6 * len(panels)), "layout": "constrained"}
        figure: Figure
        figure, axes = pyplot.subplots(len(panels), 1, squeeze=False, sharex=True, **shape)
    for ax, panel in zip(axes[:, 0], panels, strict=True):
        dated = panel.series.date is not None
        times = [time.tz_localize(None) for time in panel.times] if dated else panel.times
        draw.forecast(panel.known, panel.ahead, ax, times=times)
        ax.set(xlabel="" if dated else "row", ylabel=panel.title.replace("$", r"\$"))
        if ax is not axes[0, 0]:
            ax.get_legend().remove()
    return figure


def _show(forecasts: list[Ahead]) -> None:
    """Pictures in letters, by plotext; or one sentence if they cannot be made."""
    try:
        import plotext as plot  # an extra
    except ImportError:
        plot = None
    if not hasattr(plot, "plotsize"):  # also a version that draws in another way
        return say([f"A picture in the terminal needs plotext. {install('plotext')}"])
    width = min(WIDEST, shutil.get_terminal_size().columns)
    for panel in _panels(forecasts):
        times = [words.printable(panel.series.written(time)) for time in panel.times]
        count = max(2, min(6, width // (3 * max(map(len, times)))))
        ticks = np.linspace(0, len(times) - 1, count).round().astype(int).tolist()
        values, shown = panel.known.tolist(), len(panel.known)
        plot.clear_figure()
        plot.theme("clear")
        plot.plotsize(width, HEIGHT)
        plot.plot([*range(shown)], values, label="known", marker="braille")
        looks = (("forecast", "hd"), ("lower", "·"), ("upper", "·"))
        for part, (label, marker) in zip(_parts(panel.ahead), looks, strict=False):
            joined = [values[-1], *part.tolist()]
            plot.plot([*range(shown - 1, len(times))], joined, label=label, marker=marker)
        plot.title(words.printable(panel.title))
        plot.xticks(ticks, [times[tick] for tick in ticks])
        print(f"\n{str(plot.uncolorize(plot.build())).rstrip()}")
    return None
