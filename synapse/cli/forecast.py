"""``synapse forecast``: forecast the rows that follow a table."""

from __future__ import annotations

import argparse
import csv
import io
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from .._checks import counted, install
from .._typing import Floats
from ..errors import ArgumentError, FormatError, SynapseError
from ..forecasting import Forecast, calibrate, forecast as forecast_rows
from ..forecasting.calibration import fewest_origins
from ..objects.network import Network
from ..readwrite import files
from . import terminal
from .draw import PICTURES
from .formats import READING, read
from .lesson import early
from .past import SHARE, Fed, Past, decimals, fed, read_future, read_past
from .run import SUFFIXES as TABLES
from .series import add_reading
from .words import UsageError, fraction, natural, reason, require_suffix

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_STEPS = 100_000
"""Largest number of rows to forecast."""
SHOWN = 60
"""Least number of known rows in a picture; five times the forecast ones, if these are more."""

NOTES = """
The model must predict the next row, as by `synapse train` with --ahead 1. All rows of DATA are run; then the
outputs are fed back as inputs, step by step. Inputs that are not forecast come from --future, a CSV file with
a row for each step, whose values explain the forecast of the same row.

The result is CSV: dates that continue those of DATA, and for each target the forecast and, with --interval,
the bounds between which that share of future values should be. Bounds are calibrated on the rows that the
model was not trained on: those that `synapse train` held out, and newer ones. Numbers are rounded to the
decimals of the data. Without --plot, a terminal shows a picture in letters, which needs the extra "terminal".
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
    add("--interval", metavar="SHARE", type=fraction, help="add bounds for this share, such as 0.9")
    add("--future", metavar="FILE", help="the inputs that are not forecast, in the rows to forecast")
    add("--plot", metavar="FILE", help=f"a picture: {', '.join(PICTURES)}")
    add("-o", "--output", metavar="FILE", help="the CSV file to write (default: standard output)")
    add_reading(parser)
    parser.set_defaults(do=forecast)


def forecast(options: argparse.Namespace) -> int:
    """Forecast and write; return the exit code."""
    _check_usage(options)
    network = read(options.model)
    loop = fed(network, options.model)
    past = read_past(network, loop.inputs, options)
    for note in past.notes:
        print(f"synapse: {note}", file=sys.stderr)
    past.next(options.steps)  # dates end with the year 9999: better said now than after all the work
    made = _forecast(network, loop, past, options)
    text = _as_csv(loop, past, made)
    figure = None if options.plot is None else _figure(loop, past, made)
    if options.output is not None:
        _write(options.output, text)
    if figure is not None:
        _save(figure, options.plot)
    if options.output is None:
        print(text, end="")
    if options.plot is None and sys.stdout.isatty():
        _show(loop, past, made)
    return 0


def _check_usage(options: argparse.Namespace) -> None:
    """Raise, before any work, if something could not be written."""
    if not 0 < options.steps <= MOST_STEPS:
        raise UsageError(f"Expected --steps to be from 1 to {MOST_STEPS}, got {options.steps}.")
    for path, suffixes in ((options.output, TABLES), (options.plot, PICTURES)):
        if path is None:
            continue
        require_suffix(path, suffixes)
        if not Path(path).absolute().parent.is_dir():
            raise FormatError(f"Cannot write {path!r}: there is no such folder.")


# --- forecasts -----------------------------------------------------------------------------------


def _forecast(network: Network, loop: Fed, past: Past, options: argparse.Namespace) -> Forecast:
    """The rows that follow, with bounds if they are asked for."""
    known = bool(network.metadata.get("known"))
    future, rows = read_future(past, loop.others, known, options), past.values
    if known and future is not None:
        places = [loop.inputs.index(name) for name in loop.others]
        rows = early(rows, places, 1)
        rows[-1, places], future = future[0], future[1:]
    ahead = partial(forecast_rows, network, rows, options.steps, feedback=loop.feedback, future=future)
    if options.interval is None:
        return ahead()
    held_out = _held_out(network, past, options)
    calibration = calibrate(network, rows, options.steps, held_out=held_out, feedback=loop.feedback)
    return ahead(calibration=calibration, interval=options.interval)


def _held_out(network: Network, past: Past, options: argparse.Namespace) -> int:
    """Number of rows to calibrate on, a share of all if the model does not tell. Raises if too few."""
    count = past.held_out(network.metadata)
    if count is None:
        print(
            "synapse: The model does not tell which rows it was trained on. The bounds follow from its "
            f"errors on the last {SHARE:.0%}; they are too narrow if it was trained on these.",
            file=sys.stderr,
        )
        count = round(SHARE * len(past.values))
    elif not count:
        raise ArgumentError(
            "The model was trained on all these rows, so its errors on new ones are unknown. For an "
            "--interval, train it with --validation, or give newer rows."
        )
    count = min(count, len(past.values) - 1)
    if count < (needed := options.steps - 1 + fewest_origins(options.interval)):
        raise ArgumentError(
            f"For {counted(options.steps, 'step')}, --interval {options.interval:g} needs {needed} rows that "
            f"the model was not trained on, got {count}. Train it with a larger --validation, or give newer "
            "rows, fewer --steps or a smaller --interval."
        )
    return count


# --- results -------------------------------------------------------------------------------------


def _parts(made: Forecast) -> list[Floats]:
    """The forecast and, if there are any, its lower and upper bounds; each of shape (steps, targets)."""
    return [part for part in (made.mean, made.lower, made.upper) if part is not None]


def _as_csv(loop: Fed, past: Past, made: Forecast) -> str:
    """The table of the forecast, in the form of the data."""
    parts, mark = _parts(made), past.decimal_mark()
    head, columns = [past.head], list[list[str]]()
    for place, column in enumerate(loop.feedback.values()):
        head += [f"{past.columns[column]}{end}" for end in ("", " lower", " upper")[: len(parts)]]
        digits = decimals(past.values[:, column])
        columns += [[_number(value, digits, mark) for value in part[:, place]] for part in parts]
    dates = [past.written(time) for time in past.next(len(parts[0]))]
    text = io.StringIO(newline="")
    delimiter = past.sheet.delimiter if len(past.sheet.names) > 1 else ","
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(zip(dates, *columns, strict=True))
    return text.getvalue()


def _number(value: float, digits: int, mark: str) -> str:
    return f"{round(value, digits) + 0.0:.{digits}f}".replace(".", mark)  # 0.0 makes -0 to 0


def _write(path: str, text: str) -> None:
    try:
        files.write(path, text)
    except (OSError, SynapseError) as error:
        raise FormatError(f"Cannot write {path!r}: {reason(error)}") from error


def _last(past: Past, steps: int) -> int:
    """Number of known rows to show."""
    return min(len(past.values), max(SHOWN, 5 * steps))


def _figure(loop: Fed, past: Past, made: Forecast) -> Figure:
    """A picture of each target below the other."""
    from .. import draw  # matplotlib is an extra

    parts = _parts(made)
    steps, targets = parts[0].shape
    shown = _last(past, steps)
    with draw.style():
        from matplotlib import pyplot

        figure, axes = pyplot.subplots(
            targets, 1, figsize=(6.5, 0.6 + 2.6 * targets), squeeze=False, sharex=True, layout="constrained"
        )
    times = past.times(steps)[-shown - steps :]
    for place, (column, ax) in enumerate(zip(loop.feedback.values(), axes[:, 0], strict=True)):
        draw.forecast(past.values[-shown:, column], _column(made, place), ax, times=times)
        ax.set_ylabel(past.columns[column].replace("$", r"\$"))
        ax.set_xlabel(past.head if past.series is None else "")
        if place:
            ax.get_legend().remove()
    return figure


def _column(made: Forecast, place: int) -> Forecast:
    """The forecast of one target, with its bounds."""
    mean, *bounds = (part[:, place] for part in _parts(made))
    lower, upper = bounds or (None, None)
    return Forecast(mean, lower, upper, made.interval)


def _save(figure: Figure, path: str) -> None:
    from matplotlib import pyplot

    try:
        with files.replacing(path) as picture:
            figure.savefig(picture, format=Path(path).suffix[1:].lower(), dpi=150)
    except OSError as error:
        raise FormatError(f"Cannot write {path!r}: {reason(error)}") from error
    finally:
        pyplot.close(figure)


def _show(loop: Fed, past: Past, made: Forecast) -> None:
    """Pictures in letters; or one sentence if they cannot be made."""
    parts = _parts(made)
    shown, steps = _last(past, len(parts[0])), len(parts[0])
    times = [past.written(time) for time in past.times(steps)[-shown - steps :]]
    for place, column in enumerate(loop.feedback.values()):
        known, future = past.values[-shown:, column], [part[:, place] for part in parts]
        picture = terminal.forecast(past.columns[column], known, future, times)
        if picture is None:
            print(f"synapse: A picture in the terminal needs plotext. {install('plotext')}", file=sys.stderr)
            return
        print(f"\n{picture}")
