"""``synapse forecast``: forecast the rows that follow a table."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from .._checks import pluralize
from ..errors import ArgumentError
from ..forecasting import Forecast
from ..forecasting._checked_series import horizon
from ..forecasting._frames import labels_beside
from ..forecasting._selection import COMBINE
from ..forecasting._statistical import METHODS
from ..tables._pandas import pd
from ..tables._reading import find_dates
from ..tables._series_task import forecast_of, rows_ahead, series_facts, series_for
from ..tables._table import quoted
from . import helpers
from .formats import read as read_model
from .pictures import check_picture, draw_forecasts, share_drawn
from .reading import (
    MODEL,
    TABLES,
    Options,
    read,
    say,
    shared,
)

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

    MODEL is a network of `synapse train` for a series. The forecast is made by
    --method, or by the method that the test chose, which is the mean of the best three
    methods unless one is more than 10 % better. A message names it and the reason.
    Statistical methods are fitted to the last rows of DATA, at most 1,000 or three
    seasons. The values of columns that are known in advance come from --future, a table
    with a row for each step.

    The result has dates that continue those of DATA, and for each target the forecast.
    With --coverage, it also has the bounds between which that share of future values
    should be, which follow from the errors of the test. Numbers have six digits, or all
    in front of the point. --plot draws the last rows, the forecast and the bounds, for
    90 % of the values unless --coverage sets another share.
    """
    steps = horizon("steps", options.steps)
    if options.output is not None:  # what cannot be written is an error before any work
        helpers.require_table(options.output)
    check_picture(options.plot)
    network = read_model(options.model)
    facts = series_facts(network)
    table, _, dating = read(options, options.data, network)
    several, notes = series_for(network, table, options.sequence, **dating)
    key = options.sequence or facts.get("sequence")
    future = None
    if options.future is not None:
        future = _dated(read(options, options.future, network)[0], dating)
    wanted = {
        name: getattr(options, name)
        for name in ("method", "coverage", "minimum", "maximum")
    }
    if options.plot is not None and options.coverage is None:
        wanted["coverage"] = share_drawn(facts, options.method)
    for series in several.values():
        labels_beside(series.index, steps)  # dates may end: an error before any work

    def rows_of(name: str, series: pd.DataFrame) -> tuple[Any, list[str]]:
        ahead = future
        if future is not None and name and key in future:
            ahead = future[future[key].astype(str) == name]
        return rows_ahead(series, ahead, facts["known"], steps, name)

    forecasts, said = _all_forecasts(network, several, steps, rows_of, wanted)
    notes += said
    frames = {}
    for name, made in forecasts.items():
        if options.coverage is None:  # bounds of the picture alone
            made = replace(made, lower=None, upper=None)
        frames[name] = made.to_pandas()
    if options.plot is not None:
        drawn = {name: several[name] for name in forecasts}
        notes += draw_forecasts(drawn, forecasts, options.plot)
    say(notes)
    helpers.write_table(helpers.joined(frames, key), options.output, _digits)


def _all_forecasts(
    network: Any,
    several: dict[str, pd.DataFrame],
    steps: int,
    rows_of: Callable[[str, pd.DataFrame], tuple[Any, list[str]]],
    wanted: dict[str, Any],
) -> tuple[dict[str, Forecast], list[str]]:
    """Return the forecast of each series, and sentences, which name the series if most
    others have another one. A series that cannot be forecast is left out.
    """
    forecasts = dict[str, Forecast]()
    refused = dict[str, ArgumentError]()
    said = dict[str, list[str]]()
    for name, series in several.items():
        rows, unread = rows_of(name, series)
        try:
            made, sentences = forecast_of(network, series, steps, rows, **wanted)
        except ArgumentError as error:
            refused[name] = error
            continue
        forecasts[name] = made
        for sentence in (*unread, *sentences):
            said.setdefault(sentence, []).append(name)
    if not forecasts:
        raise next(iter(refused.values()))
    notes = [
        sentence if 2 * len(names) > len(several) else f"{quoted(names)}: {sentence}"
        for sentence, names in said.items()
    ]
    notes += [
        f"Left out: {name!r}, {pluralize(len(several[name]), 'row')}. {error}"
        for name, error in refused.items()
    ]
    return forecasts, notes


def _dated(future: pd.DataFrame, dating: dict[str, Any]) -> pd.DataFrame:
    """Return rows to forecast with their dates as index, if they have any."""
    date = dating.get("date") or ()
    missing = [name for name in date if name not in future]
    if missing:
        if len(missing) < len(date):
            raise ArgumentError(
                f"The table of --future has no column {quoted(missing)}, which is a"
                " part of the date. Add it, or leave the date out for rows in order."
            )
        return future
    dated = find_dates(future, date or None, dating.get("date_format"))
    return future if dated is None else future.set_axis(dated[1])


def _digits(value: float) -> str:
    """Return a forecast with six significant digits, or all in front of the point.

    >>> _digits(26.4063123), _digits(1000000340.2), _digits(-0.0)
    ('26.4063', '1000000340', '0')
    """
    return f"{value + 0.0:.6g}" if abs(value) < 1e6 else f"{value:.0f}"
