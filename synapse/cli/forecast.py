"""``synapse forecast``: forecast the rows that follow a table."""

from __future__ import annotations

import argparse
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np

from .._checks import pluralize
from .._typing import Floats, Ints
from ..errors import ArgumentError, FormatError
from ..forecasting import Forecast
from ..forecasting._checked_series import horizon
from ..forecasting._frames import labels_beside
from ..forecasting._selection import COMBINE
from ..forecasting._statistical import METHODS
from ..tables import forecast_series
from ..tables._dates import date_columns, find_date, in_zone
from ..tables._pandas import pd
from ..tables._series import step_name
from ..tables._series_task import series_facts
from ..tables._table import numbers, place
from . import helpers, reading
from .formats import read
from .pictures import check_picture, draw_forecasts, share_drawn
from .reading import MODEL, TABLES, Options, ReadTable, say, shared

MAX_ROWS = 1000
"""Number of last rows whose digits are counted."""


FORECAST: Options = {
    **MODEL,
    "data": {
        "metavar": "DATA",
        "help": "the table up to now, a CSV, Parquet or Excel file; - is standard"
        " input",
    },
    "--steps": {
        "metavar": "N",
        "type": int,
        "required": True,
        "help": "rows to forecast",
    },
    "--method": {
        "metavar": "NAME",
        "help": f"network, {COMBINE}, {', '.join(METHODS)}",
    },
    "--coverage": {
        "metavar": "SHARE",
        "type": float,
        "help": "add bounds for this share, such as 0.9",
    },
    "--minimum": {
        "metavar": "X",
        "type": float,
        "help": "lower limit of the forecast and its bounds, such as 0 for sales",
    },
    "--maximum": {"metavar": "X", "type": float, "help": "upper limit of both"},
    **shared("--sequence"),
    "--future": {
        "metavar": "FILE",
        "help": "table of the columns known in advance, for the rows to forecast",
    },
    **shared("-o --output", "--plot"),
    **TABLES,
}


def forecast(options: argparse.Namespace) -> None:
    """Forecast the rows that follow a table.

    MODEL is a network of `synapse train` for a series. The forecast is that of --method
    or of the choice of the test: the mean of the best three methods, unless one is more
    than 10 % better. A message names it and the reason. Statistical methods are fitted
    to the last rows of DATA, at most 1,000 or three seasons. The values of columns that
    are known in advance come from --future, a table with a row for each step.

    The result has dates that continue those of DATA, and for each target the forecast
    and, with --coverage, the bounds between which that share of future values should
    be. Bounds follow from the errors of the test. Numbers have six digits, or as
    many as those of DATA. --plot draws the last rows, the forecast and the bounds, for
    90 % of the values unless --coverage sets another share.
    """
    steps = horizon("steps", options.steps)
    if options.output is not None:  # what cannot be written is an error before any work
        helpers.require_table(options.output)
    check_picture(options.plot)
    network = read(options.model)
    facts = series_facts(network)
    table = ReadTable.of(options, facts.get("missing", ()))
    several, notes = table.trained_series(facts)
    notes = [*table.notes, *notes]
    _require_step(next(iter(several.values())), facts)
    future, unread = _known_ahead(options, facts, several, table)
    notes += unread
    wanted = {
        name: getattr(options, name)
        for name in ("method", "coverage", "minimum", "maximum")
    }
    if options.plot is not None and options.coverage is None:
        wanted["coverage"] = share_drawn(facts, options.method)
    frames = {}
    forecasts = dict[str, Forecast]()
    for name, series in several.items():
        labels_beside(series.index, steps)  # dates may end: an error before any work
        rows = future.get(name)
        ahead, sentences = forecast_series(network, series, steps, rows, **wanted)
        forecasts[name] = ahead
        if options.coverage is None:  # bounds of the picture alone
            ahead = replace(ahead, lower=None, upper=None)
        frames[name] = _frame(series, ahead)
        notes += sentences
    if options.plot is not None:
        notes += draw_forecasts(several, forecasts, options.plot)
    say(notes)
    rows = helpers.joined(frames, table.sequence or facts.get("sequence"))
    if helpers.has_types(options.output):
        rows = rows.astype(float)  # they are text, for their digits
    helpers.write_table(rows, options.output)


def _require_step(series: pd.DataFrame, facts: dict[str, Any]) -> None:
    """Raise ArgumentError if the rows have another step than those of the training."""
    step, trained = step_name(series), facts.get("step")
    if step != trained:
        raise ArgumentError(
            f"The model was trained on rows with the step {trained}; these have the"
            f" step {step}."
        )


def _known_ahead(
    options: argparse.Namespace,
    facts: dict[str, Any],
    several: dict[str, pd.DataFrame],
    table: ReadTable,
) -> tuple[dict[str, Floats], list[str]]:
    """Return the columns known in advance, in the rows that follow each series, and
    sentences on rows not used.

    A series has rows of its own if the file has the column that tells several apart.
    """
    known_columns = facts["known"]
    rows = pluralize(options.steps, "row")
    if known_columns and options.future is None:
        raise helpers.UsageError(
            f"{helpers.listed(known_columns)} must be known in advance. Pass the next"
            f" {rows}: --future FILE."
        )
    if options.future is None:
        return {}, []
    if not known_columns:
        raise helpers.UsageError(
            "The model has no column that is known in advance. Remove --future."
        )
    cells = reading.read(options, options.future, facts.get("missing", ()))
    future = dict[str, Floats]()
    notes = list[str]()
    column = table.sequence or facts.get("sequence")
    for name, series in several.items():
        cells_of_series = (
            cells[cells[column].astype(str) == name]
            if name and column in cells
            else cells
        )
        of = f" of {name!r}" if name else ""
        places, note = _places_ahead(
            cells_of_series,
            series,
            options,
            table.series_options["zone"] or facts.get("zone"),
            of,
        )
        future[name] = numbers(cells_of_series.iloc[places], known_columns)
        notes += note
    return future, notes


def _places_ahead(
    cells: pd.DataFrame,
    series: pd.DataFrame,
    options: argparse.Namespace,
    zone: str | None,
    of: str,
) -> tuple[Ints, list[str]]:
    """Return the rows of a file that follow a series, by their dates or, without dates,
    from the first one on.
    """
    steps = options.steps
    due = labels_beside(series.index, options.steps)
    date = series.index.name
    rows = pluralize(steps, "row")
    dated = (
        find_date(cells, date, options.dates)
        if step_name(series) and len(cells) and date_columns(cells, date)
        else None
    )
    if dated is None:
        if len(cells) < steps:
            raise FormatError(
                f"{options.future!r} must have {rows}{of}, one for each step,"
                f" got {len(cells)}."
            )
        note = (
            f"Only the first {rows} of {options.future!r}{of} are read, as it has no"
            " dates."
        )
        return np.arange(steps), [note] if len(cells) > steps else []
    dates = in_zone(dated.dates, zone)
    if due.tz is not None and dates.tz is None:
        dates = in_zone(dates, str(due.tz))
    for row in np.flatnonzero(dates.duplicated())[:1]:
        raise FormatError(
            f"The date {dates[row]} occurs twice, again in {place(cells, row)} of"
            f" {options.future!r}."
        )
    places: Ints = dates.get_indexer(due)
    for step in np.flatnonzero(places < 0)[:1]:
        raise FormatError(
            f"{options.future!r} must have a row of {due[step]}{of}, which"
            f" follows the data. Its rows are from {dates.min()} to {dates.max()}."
        )
    return places, []


def _frame(series: pd.DataFrame, ahead: Forecast) -> pd.DataFrame:
    """Return the forecast of a series and its bounds, by date; numbers as text, with
    the digits of the series.
    """
    frame: pd.DataFrame = ahead.to_pandas() + 0.0  # no -0
    for target, name in enumerate(series.columns[: ahead.shape[1]]):
        digits = _digits(series.iloc[-MAX_ROWS:, target])
        for column in [
            column
            for column in (name, f"{name} lower", f"{name} upper")
            if column in frame
        ]:
            frame[column] = [f"{value:.{digits}g}" for value in frame[column]]
    return frame


def _digits(values: pd.Series) -> int:
    """Return the number of significant digits of a forecast: six, or those that the
    series has, up to 15.
    """
    numbers = [Decimal(repr(value)).normalize() for value in values.tolist() if value]
    if not numbers:
        return 6
    lowest = min(
        number.adjusted() + 1 - len(number.as_tuple().digits) for number in numbers
    )
    return min(
        15, max(6, max(number.adjusted() for number in numbers) + 1 - min(0, lowest))
    )
